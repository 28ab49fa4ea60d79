#include "scanner/engine/address_scan.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds local_trouble_pause{50};
/// Without a route it is tried again this often, with pauses that double.
constexpr int route_attempts = 3;
constexpr milliseconds route_pause{1'000};
constexpr seconds progress_pause{1};
/// Sockets of ports that wait for their conversation; further ones are closed and dialled again.
constexpr std::size_t sockets_kept = 4;

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
  return std::uint64_t{p.index} << 32U | static_cast<std::uint64_t>(p.why) << 16U | p.port;
}

probe unpack(std::uint64_t token) {
  probe out;
  out.port = static_cast<std::uint16_t>(token);
  out.why = static_cast<probe::purpose>(token >> 16U & 0xFFFFU);
  out.index = static_cast<std::uint32_t>(token >> 32U);
  return out;
}

std::string count(std::size_t number, const char* noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace

address_scan::address_scan(address_job job, rate_table::lease rate, surroundings around)
    : job_(std::move(job)),
      rate_(std::move(rate)),
      around_(std::move(around)),
      sweep_(job_.ports, seed_of(job_), job_.from),
      news_(around_.tools.loop) {}

address_scan::~address_scan() {
  around_.connect.forget(*this);
}

result<> address_scan::may_dial() const {
  if (aborted_.code) return aborted_;
  return around_.rules()->may_dial(job_.address, job_.host);
}

void address_scan::rejudge() {
  if (auto may = around_.rules()->may_dial(job_.address, job_.host); !may) abort(may.error());
}

address_scan::next_turn address_scan::pump(int most) {
  const auto& bounds = around_.tools.bounds;
  using kind = next_turn::kind;
  for (int sent = 0; sent < most; ++sent) {
    if (aborted_.code || sweep_.finished()) break;
    if (around_.connect.full()) return {kind::at_once, {}};
    if (sweep_.in_flight() >= bounds.address_in_flight) return {};
    auto now = around_.tools.time.steady_now();
    auto ready = std::max(paused_until_, rate_.ready_at(now));
    if (ready > now) return {kind::later, ready};
    auto next = sweep_.next();
    if (!next) break;
    rate_.take(now);
    auto outcome = around_.connect.dial(job_.address, next->port, *this, pack(*next));
    if (outcome) take(*next, std::move(*outcome));
    if (sent + 1 == most) return {kind::at_once, {}};
  }
  if (over()) news_.notify_all();
  return {};
}

void address_scan::dialed(std::uint64_t token, dial_outcome outcome) {
  take(unpack(token), std::move(outcome));
  if (over()) news_.notify_all();
  around_.wake(shared_from_this());
}

void address_scan::take(const probe& asked, dial_outcome outcome) {
  if (outcome.what == verdict::local) take_local_trouble(outcome);
  bool talk = sweep_.report(asked, outcome.what);
  auto now = around_.tools.time.steady_now();
  if (sweep_.last_was_loss()) {
    rate_.address->note_loss(now);
  } else if (outcome.what == verdict::open || outcome.what == verdict::closed) {
    rate_.address->note_answer(now);
  }
  if (sweep_.host() == host_state::tarpit) {
    around_.connect.forget(*this);
    to_talk_to_.clear();
    return;
  }
  if (talk) found_open(asked.port, std::move(outcome.socket), outcome.rtt);
}

void address_scan::take_local_trouble(const dial_outcome& outcome) {
  auto now = around_.tools.time.steady_now();
  if (outcome.why == errc::local_trouble) {
    paused_until_ = now + local_trouble_pause;
    return;
  }
  // No route, or a firewall of this machine's own: the same for every port.
  if (now < paused_until_) return;
  if (++no_route_ > route_attempts) {
    local_trouble_ = true;
    auto why = outcome.why == errc::no_route ? "this machine has no route to "
                                             : "this machine's own rules forbid connections to ";
    abort(fail(outcome.why,
               why + job_.address.text() + " (tried " + count(route_attempts, "time") + ")"));
    return;
  }
  paused_until_ = now + route_pause * (1 << (no_route_ - 1));
}

void address_scan::found_open(std::uint16_t port, unique_socket socket,
                              std::chrono::microseconds rtt) {
  if (to_talk_to_.size() >= sockets_kept) socket = unique_socket();
  to_talk_to_.push_back({port, std::move(socket), rtt});
  begin_conversations();
}

void address_scan::room_to_talk() {
  begin_conversations();
}

void address_scan::begin_conversations() {
  auto most = static_cast<int>(around_.tools.bounds.address_conversations);
  while (!to_talk_to_.empty() && talking_ < most && around_.may_talk()) {
    auto next = std::move(to_talk_to_.front());
    to_talk_to_.pop_front();
    ++talking_;
    around_.talking(1);
    around_.tools.group.spawn(
        hold_conversation(shared_from_this(), next.port, std::move(next.socket), next.rtt));
  }
}

awaitable<void> address_scan::hold_conversation(std::shared_ptr<address_scan> self,
                                                std::uint16_t port, unique_socket socket,
                                                std::chrono::microseconds rtt) {
  conversation_partner partner;
  partner.address = job_.address;
  partner.port = port;
  partner.host = job_.host;
  partner.rate = rate_;
  partner.allowed = [self] { return self->may_dial(); };
  auto result = co_await converse(around_.tools, std::move(partner), std::move(socket), rtt);
  --talking_;
  if (!aborted_.code && sweep_.host() != host_state::tarpit) keep(std::move(result));
  around_.talking(-1);
  begin_conversations();
  if (over()) news_.notify_all();
}

void address_scan::keep(conversation_result result) {
  if (!result.open) {
    ++resets_;
    return;
  }
  endpoints_.push_back(std::move(result.endpoint));
  for (auto& certificate : result.certificates) {
    if (certificates_kept_.insert(certificate->sha256).second) {
      certificates_.push_back(std::move(certificate));
    }
  }
}

void address_scan::abort(error why) {
  if (aborted_.code) return;
  aborted_ = std::move(why);
  around_.connect.forget(*this);
  to_talk_to_.clear();
  news_.notify_all();
}

bool address_scan::over() const {
  if (aborted_.code) return true;
  if (sweep_.host() == host_state::tarpit) return true;
  return sweep_.finished() && to_talk_to_.empty() && talking_ == 0;
}

awaitable<address_report> address_scan::wait() {
  while (!over()) {
    auto now = around_.tools.time.steady_now();
    if (now >= job_.deadline) {
      abort(fail(errc::deadline, "the time for this scan ran out"));
      break;
    }
    bool news = co_await news_.wait_until(std::min(job_.deadline, now + progress_pause));
    if (!news && job_.progress) job_.progress(progress(), sweep_.cursor());
  }
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
    case host_state::answering:
      break;
  }
  auto reason = asked + " of " + job_.address.text() + " asked, " +
                std::to_string(endpoints_.size()) + " open";
  if (resets_ > 0) reason += ", " + std::to_string(resets_) + " reset at once";
  return model::outcome{kind::complete, reason};
}

address_report address_scan::report() {
  address_report out;
  out.observed.address = job_.address;
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
