#include "scanner/engine/engine.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// Probes of one sweep before the next one's turn.
constexpr int pump_quantum = 32;
/// Probes before other work on the loop gets its turn.
constexpr int probes_at_once = 512;
/// Quarters of the descriptors that connect; the rest holds conversations.
constexpr std::size_t connecting_quarters = 3;
constexpr std::size_t fewest_slots = 16;
/// One in `kept_for_small` slots is reserved for sweeps with at most `little` probes in flight.
constexpr std::size_t kept_for_small = 8;
constexpr std::size_t little = 64;
/// Waiting sweeps are woken together, at most once in this interval.
constexpr std::chrono::milliseconds wake_grain{1};

}  // namespace

/// Counts a caller of `resolve` while it waits.
class engine::resolving {
 public:
  explicit resolving(engine& owner) : owner_(owner) { ++owner_.resolving_; }
  ~resolving() {
    --owner_.resolving_;
    owner_.something_ended_.notify_all();
  }
  resolving(const resolving&) = delete;
  resolving& operator=(const resolving&) = delete;

 private:
  engine& owner_;
};

/// Keeps a scan among the active ones while its caller waits for it.
class engine::running_scan {
 public:
  running_scan(engine& owner, scan_pointer scan) : owner_(owner), scan_(std::move(scan)) {
    owner_.active_.push_back(scan_);
  }
  ~running_scan() {
    if (ended_) {
      owner_.forget(scan_);
    } else {
      // The caller itself was cancelled.
      scan_->abort(fail(errc::cancelled));
      owner_.background_.spawn(owner_.drain(scan_));
    }
  }
  running_scan(const running_scan&) = delete;
  running_scan& operator=(const running_scan&) = delete;

  void ended() { ended_ = true; }

 private:
  engine& owner_;
  scan_pointer scan_;
  bool ended_ = false;
};

engine::engine(executor loop, const engine_settings& settings, std::shared_ptr<const policy> rules,
               const engine_context& context)
    : loop_(loop),
      clock_(context.time),
      log_(context.log),
      rules_(std::move(rules)),
      most_conversing_(settings.descriptors / 4),
      certificates_(openssl_, context.bounds),
      rates_(settings.rates),
      connect_(loop, std::max(fewest_slots, settings.descriptors / 4 * connecting_quarters),
               std::chrono::milliseconds(context.bounds.connect_timeout_ms), context.time,
               context.log),
      dial_(loop, connect_, context.time),
      resolve_(loop, settings.resolvers, context.bounds),
      background_(loop, context.log, "engine"),
      tools_{loop,
             dial_,
             openssl_,
             certificates_,
             background_,
             context.bounds,
             context.time,
             context.log,
             settings.user_agent,
             kernel_random,
             settings.how_deep,
             settings.industrial,
             settings.recog,
             settings.route_pause},
      wake_timer_(loop),
      something_ended_(loop) {
  connect_.on_room([this] { room_made(); });
}

engine::~engine() = default;

void engine::start() {
  connect_.start();
}

awaitable<void> engine::stop() {
  stopping_ = true;
  for (const auto& scan : active_)
    scan->abort(fail(errc::cancelled));
  resolve_.cancel();
  while (!is_quiet())
    co_await something_ended_.wait();
  wake_timer_.cancel();
  background_.cancel();
  co_await background_.join();
  co_await connect_.stop();
}

bool engine::is_quiet() const {
  return active_.empty() && conversing_ == 0 && resolving_ == 0;
}

awaitable<result<std::vector<model::ip_address>>> engine::resolve(std::string name) {
  if (stopping_) co_return fail(errc::cancelled);
  resolving counted(*this);
  co_return co_await resolve_.resolve(std::move(name));
}

awaitable<address_report> engine::scan(address_job job) {
  auto owner = rules_->is_own(job.address) ? network_owner::us : network_owner::others;
  auto rate = rates_.lease_for(job.address, owner);
  auto scan = std::make_shared<address_scan>(std::move(job), std::move(rate), connect_, tools_,
                                             static_cast<scan_driver&>(*this));
  running_scan running(*this, scan);
  if (stopping_) scan->abort(fail(errc::cancelled));
  scan->check_policy();
  wake(scan);
  auto report = co_await scan->wait();
  running.ended();
  co_return report;
}

void engine::share_rates(std::size_t processes) {
  rates_.share_among(processes, clock_.steady_now());
}

void engine::set_rates(const rate_settings& rates) {
  rates_.set_rates(rates, clock_.steady_now());
}

awaitable<void> engine::drain(scan_pointer scan) {
  co_await scan->conversations_ended();
  forget(scan);
}

void engine::forget(const scan_pointer& scan) {
  std::erase(active_, scan);
  something_ended_.notify_all();
}

void engine::cancel(const model::task_id& task) {
  for (const auto& scan : active_) {
    if (scan->job().task == task) scan->abort(fail(errc::cancelled));
  }
}

void engine::set_policy(std::shared_ptr<const policy> rules) {
  rules_ = std::move(rules);
  for (const auto& scan : active_)
    scan->check_policy();
}

bool engine::has_room(std::size_t in_flight) const {
  auto kept = dial_.waiting();
  if (in_flight >= little) kept = std::max(kept, connect_.slots() / kept_for_small);
  return connect_.free_slots() > kept;
}

void engine::room_made() {
  dial_.room();
  for (auto& scan : starved_)
    to_send_.push_back(std::move(scan));
  starved_.clear();
  pump();
}

void engine::wake(const scan_pointer& scan) {
  if (std::exchange(scan->queues().to_send, true)) return;
  to_send_.push_back(scan);
  post_pump();
}

void engine::post_pump() {
  if (std::exchange(pump_posted_, true)) return;
  asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    pump_posted_ = false;
    pump();
  });
}

void engine::pump() {
  using kind = address_scan::next_turn::kind;
  for (int left = probes_at_once; left > 0 && !to_send_.empty(); left -= pump_quantum) {
    auto scan = std::move(to_send_.front());
    to_send_.pop_front();
    auto turn = scan->pump(pump_quantum);
    switch (turn.what) {
      case kind::at_once: to_send_.push_back(std::move(scan)); break;
      case kind::on_room: starved_.push_back(std::move(scan)); break;
      case kind::later:
        later_.emplace(turn.at, scan);
        wake_at(turn.at);
        break;
      case kind::on_event: scan->queues().to_send = false; break;
    }
  }
  if (!to_send_.empty()) post_pump();
}

void engine::wake_at(steady_time at) {
  if (at >= wakes_at_) return;
  wakes_at_ = at;
  wake_timer_.expires_at(std::max(at, clock_.steady_now() + wake_grain));
  wake_timer_.async_wait([this, alive = std::weak_ptr(alive_)](error_code failed) {
    if (!failed && !alive.expired()) on_wake();
  });
}

void engine::on_wake() {
  wakes_at_ = steady_time::max();
  auto due = later_.upper_bound(clock_.steady_now());
  for (auto each = later_.begin(); each != due; ++each) {
    auto scan = each->second.lock();
    if (!scan) continue;
    scan->queues().to_send = false;
    wake(scan);
  }
  later_.erase(later_.begin(), due);
  if (!later_.empty()) wake_at(later_.begin()->first);
}

/// One conversation always has room.
bool engine::has_room_for(std::size_t connections) const {
  return conversing_ == 0 || conversing_ + connections <= most_conversing_;
}

bool engine::begin_conversation(std::size_t connections) {
  if (!has_room_for(connections) || !waiting_scans_.empty()) return false;
  conversing_ += connections;
  return true;
}

void engine::wait_for_conversation(const scan_pointer& scan) {
  if (std::exchange(scan->queues().conversation, true)) return;
  waiting_scans_.push_back(scan);
  start_conversations();
}

void engine::conversation_ended(std::size_t connections) {
  conversing_ -= connections;
  something_ended_.notify_all();
  start_conversations();
}

void engine::start_conversations() {
  if (waiting_scans_.empty() || !has_room_for(1) || std::exchange(start_posted_, true)) return;
  asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    start_posted_ = false;
    // A scan that still wants a conversation goes to the end of the queue, so the loop ends when
    // there is no room.
    while (!waiting_scans_.empty()) {
      auto scan = waiting_scans_.front().lock();
      bool waits = scan && scan->wants_conversation();
      if (waits && !has_room_for(scan->conversation_connections())) break;
      waiting_scans_.pop_front();
      if (!scan) continue;
      scan->queues().conversation = false;
      if (!scan->wants_conversation()) continue;
      conversing_ += scan->conversation_connections();
      scan->start_next_conversation();
      if (scan->wants_conversation() && !std::exchange(scan->queues().conversation, true)) {
        waiting_scans_.push_back(scan);
      }
    }
  });
}

}  // namespace sonde::scanner
