#include "scanner/engine/address_scan.hpp"

#include "base/hash.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds local_error_pause{50};
/// Number of tries without a route, with pauses that double.
constexpr int route_attempts = 3;
constexpr seconds progress_pause{1};
/// Findings are passed on when they comprise this many endpoints, reach this age, or take half of
/// the allowed memory.
constexpr std::size_t found_at_once = 256;
constexpr seconds found_age{10};
/// Memory of an endpoint, and of a certificate per byte of its DER.
constexpr std::size_t endpoint_memory = 1'024;
constexpr std::size_t certificate_memory = 6;

/// Derives the order of a sweep from the task and the address, so that another process resumes with
/// the same order.
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
  for (const auto& fact : found.endpoint.service.facts)
    bytes += sizeof fact + fact.name.size() + fact.value.size();
  for (const auto& certificate : found.certificates)
    bytes += endpoint_memory + certificate_memory * certificate->der_bytes;
  return bytes;
}

std::string count(std::size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace

/// Counts one conversation until it ends, on every exit.
class address_scan::talk_count {
 public:
  explicit talk_count(address_scan& scan) : scan_(scan) {}
  ~talk_count() {
    --scan_.conversing_;
    scan_.driver_.conversation_ended(scan_.conversation_connections());
    if (scan_.wants_conversation()) scan_.driver_.wait_for_conversation(scan_.shared_from_this());
    if (scan_.over()) scan_.news_.notify_all();
  }
  talk_count(const talk_count&) = delete;
  talk_count& operator=(const talk_count&) = delete;

 private:
  address_scan& scan_;
};

address_scan::address_scan(address_job job, rate_table::lease rate, connector& connect,
                           conversation_tools& tools, scan_driver& driver)
    : job_(std::move(job)),
      rate_(std::move(rate)),
      connect_(connect),
      tools_(tools),
      driver_(driver),
      sweep_(job_.ports, seed_of(job_), job_.from),
      news_(tools.loop),
      conversations_(tools.loop, tools.log, "conversations with " + job_.address.text()) {
  if (!job_.budget) job_.budget = std::make_shared<scan_budget>(scan_limits());
}

address_scan::~address_scan() {
  connect_.forget(*this);
}

result<> address_scan::may_dial() const {
  if (aborted_.code) return aborted_;
  return driver_.rules()->may_dial(job_.address, job_.host);
}

void address_scan::check_policy() {
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
    take_local_error(outcome);
  } else {
    errors_since_.reset();
    no_route_ = 0;
  }
  bool starts_conversation = sweep_.report(asked, outcome.what);
  if (sweep_.last_was_loss()) {
    rate_.address->note_loss(now());
  } else if (outcome.what == verdict::open || outcome.what == verdict::closed) {
    rate_.address->note_answer(now());
  }
  if (sweep_.host() == host_state::tarpit) {
    connect_.forget(*this);
    waiting_ports_.clear();
    conversations_.cancel();
    return;
  }
  if (starts_conversation) found_open({asked.port, outcome.rtt, std::move(outcome.socket)});
}

void address_scan::take_local_error(const dial_outcome& outcome) {
  // It connected to itself; from another local port it will not.
  if (outcome.system_error == EADDRINUSE) return;
  auto at = now();
  if (!errors_since_) errors_since_ = at;
  if (outcome.why == errc::local_error) {
    paused_until_ = at + local_error_pause;
    auto patience = milliseconds(tools_.bounds.local_trouble_timeout_ms);
    if (at - *errors_since_ >= patience) give_up_trying(outcome, "this machine cannot connect to ");
    return;
  }
  // There is no route, or a firewall of this machine blocks the packet. Both apply to every port.
  if (at < paused_until_) return;
  if (++no_route_ < route_attempts) {
    paused_until_ = at + tools_.route_pause * (1 << (no_route_ - 1));
    return;
  }
  give_up_trying(outcome, outcome.why == errc::no_route
                              ? "this machine has no route to "
                              : "this machine's own rules forbid connections to ");
}

void address_scan::give_up_trying(const dial_outcome& outcome, const std::string& why) {
  local_error_ = true;
  auto system_says = error_code(outcome.system_error, boost::system::system_category()).message();
  abort(fail(outcome.why, why + job_.address.text() + " (" + system_says + ")"));
}

void address_scan::found_open(open_port found) {
  bool may_converse = waiting_ports_.empty() && conversing_ < tools_.bounds.address_conversations &&
                      !holds_too_much();
  if (may_converse && driver_.begin_conversation(conversation_connections()))
    return start_conversation(std::move(found));
  bool address_is_full = conversing_ >= tools_.bounds.address_conversations;
  if (serves_one_client(found.port) && address_is_full) {
    // The server may serve no other connection than the sweep's. Few addresses have
    // all their conversations, so few descriptors are kept.
    waiting_ports_.push_front(std::move(found));
  } else {
    // It waits without its socket: descriptors are scarce, and the service would not wait as long.
    found.socket = unique_socket();
    waiting_ports_.push_back(std::move(found));
  }
  if (wants_conversation()) driver_.wait_for_conversation(shared_from_this());
}

bool address_scan::wants_conversation() const {
  return !waiting_ports_.empty() && conversing_ < tools_.bounds.address_conversations &&
         !holds_too_much();
}

std::size_t address_scan::conversation_connections() const {
  auto how = job_.how_deep.value_or(tools_.how_deep);
  return std::max(1U, most_connections(how, tools_.bounds.conversation_connections));
}

void address_scan::start_next_conversation() {
  auto next = std::move(waiting_ports_.front());
  waiting_ports_.pop_front();
  start_conversation(std::move(next));
}

void address_scan::start_conversation(open_port with) {
  ++conversing_;
  conversations_.spawn(hold_conversation(shared_from_this(), std::move(with)));
}

awaitable<void> address_scan::hold_conversation(std::shared_ptr<address_scan> self,
                                                open_port with) {
  talk_count counted(*self);
  conversation_partner partner;
  partner.address = job_.address;
  partner.port = with.port;
  partner.host = job_.host;
  partner.rate = rate_;
  partner.allowed = [self] { return self->may_dial(); };
  partner.budget = job_.budget;
  partner.known = &certificates_kept_;
  partner.how_deep = job_.how_deep;
  auto result = co_await converse(tools_, std::move(partner), std::move(with.socket), with.rtt);
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
    // A leaf has more facts than the issuer of another certificate.
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
  // The ports of a tarpit are worthless, but no tarpit sends this much data.
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
  if (wants_conversation()) driver_.wait_for_conversation(shared_from_this());
}

void address_scan::abort(error why) {
  if (aborted_.code) return;
  aborted_ = std::move(why);
  connect_.forget(*this);
  waiting_ports_.clear();
  conversations_.cancel();
  news_.notify_all();
}

bool address_scan::over() const {
  if (aborted_.code) return true;
  if (sweep_.host() == host_state::tarpit) return true;
  return sweep_.finished() && waiting_ports_.empty() && conversing_ == 0;
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
  co_await conversations_.join();
  co_return report();
}

model::task_progress address_scan::progress() const {
  model::task_progress out;
  out.planned = sweep_.planned();
  out.done = sweep_.done();
  out.open = static_cast<std::uint32_t>(sweep_.open().size());
  // The open ports of a tarpit are forgotten, its conversations are not.
  out.identified = std::min(out.open, static_cast<std::uint32_t>(told_.size()));
  return out;
}

std::optional<model::outcome> address_scan::outcome_so_far() const {
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
      return model::outcome{
          kind::tarpit,
          job_.address.text() +
              " accepts connections to ports without a service, so an open port means nothing"};
    case host_state::silent:
    case host_state::unknown:
      return model::outcome{kind::no_answer,
                            "none of " + asked + " of " + job_.address.text() + " answered"};
    case host_state::answering: break;
  }
  // Includes endpoints that were passed on before.
  auto reason = fmt::format("{} of {} probed, {} open", asked, job_.address.text(),
                            sweep_.open().size() - resets_);
  if (resets_ > 0) reason += fmt::format(", {} reset at once", resets_);
  return model::outcome{kind::complete, reason};
}

/// An open port is a fact, independent of the result of its conversation.
void address_scan::add_untold() {
  for (auto port : sweep_.open()) {
    if (told_.contains(port)) continue;
    model::endpoint_observation bare;
    bare.address = job_.address;
    bare.port = port;
    bare.seen = tools_.time.now();
    bare.listened_only = listens_only(port, tools_.industrial);
    bare.detail = aborted_.code ? aborted_.message() : "the conversation with it failed";
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
  out.observed.how = outcome_so_far();
  std::ranges::sort(endpoints_, {}, &model::endpoint_observation::port);
  out.observed.endpoints = std::move(endpoints_);
  out.certificates = std::move(certificates_);
  out.progress = progress();
  out.cursor = sweep_.cursor();
  out.local_error = local_error_;
  return out;
}

}  // namespace sonde::scanner
