#include "scanner/engine/address_scan.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cerrno>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds local_trouble_pause{50};
/// Without a route it is tried so often, with pauses that double.
constexpr int route_attempts = 3;
constexpr milliseconds route_pause{1'000};
constexpr seconds progress_pause{1};
/// What was found is handed over when it comes to so many endpoints, or is so old, or takes half
/// of the memory that it may.
constexpr std::size_t found_at_once = 256;
constexpr seconds found_age{10};
/// What an endpoint takes in memory, and a certificate for each byte of its DER.
constexpr std::size_t endpoint_memory = 1'024;
constexpr std::size_t certificate_memory = 6;

/// The order of a sweep follows from the task and the address, so that another process goes on with
/// the same one.
std::uint64_t seed_of(const address_job& job) {
  auto digest = sha256(job.task.str() + " " + job.address.text());
  std::uint64_t seed = 0;
  for (std::size_t i = 0; i < sizeof seed; ++i) {
    seed = seed << 8U | std::to_integer<std::uint64_t>(digest[i]);
  }
  return seed;
}

std::uint64_t pack(const probe& p) {
  return std::uint64_t{p.place} << 32U | static_cast<std::uint64_t>(p.why) << 16U | p.port;
}

probe unpack(std::uint64_t token) {
  probe out;
  out.port = static_cast<std::uint16_t>(token);
  out.why = static_cast<probe::purpose>(token >> 16U & 0xFFFFU);
  out.place = static_cast<std::uint32_t>(token >> 32U);
  return out;
}

std::size_t memory_of(const conversation_result& found) {
  auto bytes = endpoint_memory + 2 * found.endpoint.raw_banner.size();
  for (const auto& certificate : found.certificates)
    bytes += endpoint_memory + certificate_memory * certificate->der_bytes;
  return bytes;
}

std::string count(std::size_t number, const char* noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace

/// Counts one conversation, however it ends.
class address_scan::talk_count {
 public:
  explicit talk_count(address_scan& scan) : scan_(scan) {}
  ~talk_count() {
    --scan_.talking_;
    scan_.driver_.talk_ended();
    if (scan_.wants_to_talk()) scan_.driver_.wait_to_talk(scan_.shared_from_this());
    if (scan_.over()) scan_.news_.notify_all();
  }
  talk_count(const talk_count&) = delete;
  talk_count& operator=(const talk_count&) = delete;

 private:
  address_scan& scan_;
};

address_scan::address_scan(address_job job, rate_table::lease rate, connector& connect,
                           conversation_tools& tools, scan_driver& driver, logger& log)
    : job_(std::move(job)),
      rate_(std::move(rate)),
      connect_(connect),
      tools_(tools),
      driver_(driver),
      sweep_(job_.ports, seed_of(job_), job_.from),
      news_(tools.loop),
      talks_(tools.loop, log, "conversations with " + job_.address.text()) {
  if (!job_.budget) job_.budget = std::make_shared<scan_budget>(tools_.bounds);
}

address_scan::~address_scan() {
  connect_.forget(*this);
}

result<> address_scan::may_dial() const {
  if (aborted_.code) return aborted_;
  return driver_.rules()->may_dial(job_.address, job_.host);
}

void address_scan::rejudge() {
  if (auto may = driver_.rules()->may_dial(job_.address, job_.host); !may) abort(may.error());
}

address_scan::next_turn address_scan::pump(int most) {
  using kind = next_turn::kind;
  for (int sent = 0; !aborted_.code && !sweep_.finished(); ++sent) {
    if (sent == most) return {kind::at_once, {}};
    if (!driver_.has_room(sweep_.in_flight())) return {kind::on_room, {}};
    if (sweep_.in_flight() >= tools_.bounds.address_in_flight) return {};
    auto at = now();
    if (paused_until_ > at) return {kind::later, paused_until_};
    if (!turn_) turn_ = rate_.take(at);
    if (*turn_ > at) return {kind::later, *turn_};
    auto next = sweep_.next();
    if (!next) return {};
    turn_.reset();
    auto outcome = connect_.dial(job_.address, next->port, *this, pack(*next));
    if (outcome) take(*next, std::move(*outcome));
  }
  if (over()) news_.notify_all();
  return {};
}

void address_scan::dialed(std::uint64_t token, dial_outcome outcome) {
  take(unpack(token), std::move(outcome));
  if (over()) news_.notify_all();
  driver_.wake(shared_from_this());
}

void address_scan::take(const probe& asked, dial_outcome outcome) {
  if (outcome.what == verdict::local) {
    take_local_trouble(outcome);
  } else {
    trouble_since_.reset();
    no_route_ = 0;
  }
  bool talk_to_it = sweep_.report(asked, outcome.what);
  if (sweep_.last_was_loss()) {
    rate_.address->note_loss(now());
  } else if (outcome.what == verdict::open || outcome.what == verdict::closed) {
    rate_.address->note_answer(now());
  }
  if (sweep_.host() == host_state::tarpit) {
    connect_.forget(*this);
    to_talk_to_.clear();
    talks_.cancel();
    return;
  }
  if (talk_to_it) found_open({asked.port, outcome.rtt}, std::move(outcome.socket));
}

void address_scan::take_local_trouble(const dial_outcome& outcome) {
  // It met itself; from another local port it will not.
  if (outcome.system_error == EADDRINUSE) return;
  auto at = now();
  if (!trouble_since_) trouble_since_ = at;
  if (outcome.why == errc::local_trouble) {
    paused_until_ = at + local_trouble_pause;
    auto patience = milliseconds(tools_.bounds.local_trouble_timeout_ms);
    if (at - *trouble_since_ >= patience)
      give_up_trying(outcome, "this machine cannot connect to ");
    return;
  }
  // No route, or a firewall of this machine's own: the same for every port.
  if (at < paused_until_) return;
  if (++no_route_ < route_attempts) {
    paused_until_ = at + route_pause * (1 << (no_route_ - 1));
    return;
  }
  give_up_trying(outcome, outcome.why == errc::no_route
                              ? "this machine has no route to "
                              : "this machine's own rules forbid connections to ");
}

void address_scan::give_up_trying(const dial_outcome& outcome, const std::string& why) {
  local_trouble_ = true;
  auto system_says = error_code(outcome.system_error, boost::system::system_category()).message();
  abort(fail(outcome.why, why + job_.address.text() + " (" + system_says + ")"));
}

void address_scan::found_open(open_port found, unique_socket socket) {
  bool may_talk =
      to_talk_to_.empty() && talking_ < tools_.bounds.address_conversations && !holds_too_much();
  if (may_talk && driver_.begin_talk()) return talk(found, std::move(socket));
  // It waits without its socket: a descriptor is dear, and the service would not wait as long.
  to_talk_to_.push_back(found);
  if (wants_to_talk()) driver_.wait_to_talk(shared_from_this());
}

bool address_scan::wants_to_talk() const {
  return !to_talk_to_.empty() && talking_ < tools_.bounds.address_conversations &&
         !holds_too_much();
}

void address_scan::talk_to_next() {
  auto next = to_talk_to_.front();
  to_talk_to_.pop_front();
  talk(next, unique_socket());
}

void address_scan::talk(open_port with, unique_socket socket) {
  ++talking_;
  talks_.spawn(hold_conversation(shared_from_this(), with, std::move(socket)));
}

awaitable<void> address_scan::hold_conversation(std::shared_ptr<address_scan> self, open_port with,
                                                unique_socket socket) {
  talk_count counted(*self);
  conversation_partner partner;
  partner.address = job_.address;
  partner.port = with.port;
  partner.host = job_.host;
  partner.rate = rate_;
  partner.allowed = [self] { return self->may_dial(); };
  partner.budget = job_.budget;
  partner.known = &certificates_kept_;
  auto result = co_await converse(tools_, std::move(partner), std::move(socket), with.rtt);
  if (!aborted_.code && sweep_.host() != host_state::tarpit) keep(std::move(result));
}

void address_scan::keep(conversation_result result) {
  told_.insert(result.endpoint.port);
  if (!result.open) {
    ++resets_;
    return;
  }
  if (endpoints_.empty()) held_since_ = now();
  held_bytes_ += memory_of(result);
  const auto& tls = result.endpoint.tls;
  for (auto& certificate : result.certificates) {
    auto [held, is_new] = certificates_kept_.try_emplace(certificate->sha256);
    bool leaf = tls && tls->chain.front() == certificate->sha256;
    // As a leaf it has more to say than as another's issuer.
    if (!is_new && (!leaf || held->second)) continue;
    if (leaf) held->second = tls->mismatched;
    certificates_.push_back(std::move(certificate));
  }
  endpoints_.push_back(std::move(result.endpoint));
  hand_over_found();
}

bool address_scan::holds_too_much() const {
  return job_.found && held_bytes_ + handed_over_bytes_ >= job_.unpublished_bytes;
}

void address_scan::hand_over_found() {
  if (!job_.found || handed_over_bytes_ > 0 || endpoints_.empty() || aborted_.code) return;
  bool heavy = 2 * held_bytes_ >= job_.unpublished_bytes;
  // A tarpit's ports say nothing. It does not say nothing at such a length.
  if (sweep_.may_be_tarpit() && !heavy) return;
  if (!heavy && endpoints_.size() < found_at_once && now() - held_since_ < found_age) return;
  found_part part;
  part.observed.address = job_.address;
  part.observed.endpoints = std::exchange(endpoints_, {});
  part.certificates = std::exchange(certificates_, {});
  handed_over_bytes_ = std::exchange(held_bytes_, 0);
  auto published = [self = weak_from_this(), loop = tools_.loop] {
    asio::post(loop, [self] {
      if (auto scan = self.lock()) scan->found_published();
    });
  };
  job_.found(std::move(part), std::move(published));
}

void address_scan::found_published() {
  handed_over_bytes_ = 0;
  hand_over_found();
  if (wants_to_talk()) driver_.wait_to_talk(shared_from_this());
}

void address_scan::abort(error why) {
  if (aborted_.code) return;
  aborted_ = std::move(why);
  connect_.forget(*this);
  to_talk_to_.clear();
  talks_.cancel();
  news_.notify_all();
}

bool address_scan::over() const {
  if (aborted_.code) return true;
  if (sweep_.host() == host_state::tarpit) return true;
  return sweep_.finished() && to_talk_to_.empty() && talking_ == 0;
}

awaitable<address_report> address_scan::wait() {
  while (!over()) {
    auto at = now();
    if (at >= job_.deadline) {
      abort(fail(errc::deadline, "the time for this scan ran out"));
      break;
    }
    bool news = co_await news_.wait_until(std::min(job_.deadline, at + progress_pause));
    if (!news) hand_over_found();
    if (!news && job_.progress) job_.progress(progress(), sweep_.cursor());
  }
  co_await talks_.join();
  co_return report();
}

model::task_progress address_scan::progress() const {
  model::task_progress out;
  out.planned = sweep_.planned();
  out.done = sweep_.done();
  out.open = static_cast<std::uint32_t>(sweep_.open().size());
  return out;
}

std::optional<model::outcome> address_scan::judge() const {
  using kind = model::outcome_kind;
  if (aborted_.code == make_error_code(errc::cancelled)) return std::nullopt;
  if (aborted_.code == make_error_code(errc::excluded)) {
    return model::outcome{kind::excluded, aborted_.detail};
  }
  if (aborted_.code == make_error_code(errc::out_of_scope)) {
    return model::outcome{kind::out_of_scope, aborted_.detail};
  }
  if (aborted_.code) return model::outcome{kind::partial, aborted_.detail};
  auto asked = count(sweep_.planned(), "port");
  switch (sweep_.host()) {
    case host_state::tarpit:
      return model::outcome{kind::tarpit, job_.address.text() +
                                              " accepts connections to ports that nothing listens "
                                              "on, so an open port means nothing"};
    case host_state::silent:
    case host_state::unknown:
      return model::outcome{kind::no_answer,
                            "none of " + asked + " of " + job_.address.text() + " answered"};
    case host_state::answering: break;
  }
  // Also those that were handed over on the way.
  auto reason = asked + " of " + job_.address.text() + " asked, " +
                std::to_string(sweep_.open().size() - resets_) + " open";
  if (resets_ > 0) reason += ", " + std::to_string(resets_) + " reset at once";
  return model::outcome{kind::complete, reason};
}

/// An open port is a fact, whatever became of the conversation with it.
void address_scan::add_untold() {
  for (auto port : sweep_.open()) {
    if (told_.contains(port)) continue;
    model::endpoint_observation bare;
    bare.address = job_.address;
    bare.port = port;
    bare.seen = tools_.time.now();
    bare.listened_only = manners_of(port) == port_manners::listen_only;
    bare.trouble = aborted_.code ? aborted_.message() : "the conversation with it failed";
    endpoints_.push_back(std::move(bare));
  }
}

address_report address_scan::report() {
  address_report out;
  out.observed.address = job_.address;
  if (sweep_.host() == host_state::tarpit) {
    endpoints_.clear();
    certificates_.clear();
  }
  add_untold();
  out.observed.how = judge();
  std::ranges::sort(endpoints_, {}, &model::endpoint_observation::port);
  out.observed.endpoints = std::move(endpoints_);
  out.certificates = std::move(certificates_);
  out.progress = progress();
  out.cursor = sweep_.cursor();
  out.local_trouble = local_trouble_;
  return out;
}

}  // namespace sonde::scanner
