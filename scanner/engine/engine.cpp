#include "scanner/engine/engine.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// Probes of one sweep before the next one's turn.
constexpr int quantum = 32;
/// Probes before other work on the loop gets its turn.
constexpr int probes_at_once = 512;
/// Of the descriptors, this part (of four) connects; the rest holds conversations.
constexpr std::size_t connecting_quarters = 3;
constexpr std::size_t sockets_a_conversation = 3;

}  // namespace

engine::engine(executor loop, const engine_settings& settings, std::shared_ptr<const policy> rules,
               const limits& limits, const clock& clock, logger& log)
    : loop_(loop),
      limits_(limits),
      clock_(clock),
      rules_(std::move(rules)),
      most_conversations_(
          std::max<std::size_t>(1, settings.descriptors / 4 / sockets_a_conversation)),
      certificates_(openssl_, limits),
      rates_(settings.rates),
      connect_(loop, std::max<std::size_t>(16, settings.descriptors / 4 * connecting_quarters),
               std::chrono::milliseconds(limits.connect_timeout_ms), clock, log),
      dial_(loop, connect_, clock),
      resolve_(loop, settings.resolvers, limits),
      conversations_(loop, log, "conversations"),
      tools_{loop,           dial_,  openssl_, certificates_,
             conversations_, limits, clock,    settings.user_agent},
      alarm_(loop) {
  connect_.on_room([this] {
    if (dial_.anyone_waiting()) dial_.room();
    pump();
  });
}

engine::~engine() = default;

void engine::start() {
  connect_.start();
}

awaitable<void> engine::stop() {
  for (const auto& scan : active_)
    scan->abort(fail(errc::cancelled));
  resolve_.cancel();
  alarm_.cancel();
  conversations_.cancel();
  co_await conversations_.join();
  co_await connect_.stop();
}

awaitable<result<std::vector<model::ip_address>>> engine::resolve(std::string name) {
  return resolve_.resolve(std::move(name));
}

awaitable<address_report> engine::scan(address_job job) {
  address_scan::surroundings around{connect_,
                                    tools_,
                                    [this] { return rules_; },
                                    [this](const scan_pointer& scan) { wake(scan); },
                                    [this] { return talking_ < most_conversations_; },
                                    [this](int by) { conversations_changed(by); }};
  auto rate = rates_.lease_for(job.address, rules_->is_own(job.address));
  auto scan = std::make_shared<address_scan>(std::move(job), std::move(rate), std::move(around));
  active_.push_back(scan);
  scan->rejudge();
  wake(scan);
  auto report = co_await scan->wait();
  std::erase(active_, scan);
  co_return report;
}

void engine::cancel(const model::task_id& task) {
  for (const auto& scan : active_) {
    if (scan->job().task == task) scan->abort(fail(errc::cancelled));
  }
}

void engine::set_policy(std::shared_ptr<const policy> rules) {
  rules_ = std::move(rules);
  for (const auto& scan : active_)
    scan->rejudge();
}

void engine::wake(const scan_pointer& scan) {
  if (!in_ready_.insert(scan.get()).second) return;
  ready_.push_back(scan);
  post_pump();
}

void engine::post_pump() {
  if (pump_posted_) return;
  pump_posted_ = true;
  asio::post(loop_, [this] {
    pump_posted_ = false;
    pump();
  });
}

void engine::pump() {
  using kind = address_scan::next_turn::kind;
  for (int left = probes_at_once; left > 0 && !ready_.empty() && !connect_.full();
       left -= quantum) {
    auto scan = std::move(ready_.front());
    ready_.pop_front();
    in_ready_.erase(scan.get());
    auto turn = scan->pump(quantum);
    if (turn.what == kind::at_once && in_ready_.insert(scan.get()).second) {
      ready_.push_back(std::move(scan));
    } else if (turn.what == kind::later) {
      later_.emplace(turn.at, scan);
      set_alarm(turn.at);
    }
  }
  // Without room the connector calls again when there is some.
  if (!ready_.empty() && !connect_.full()) post_pump();
}

void engine::set_alarm(steady_time at) {
  if (at >= alarm_at_) return;
  alarm_at_ = at;
  alarm_.expires_at(at);
  alarm_.async_wait([this](error_code failed) {
    if (failed) return;
    alarm_at_ = steady_time::max();
    auto due = later_.upper_bound(clock_.steady_now());
    for (auto each = later_.begin(); each != due; ++each) {
      if (auto scan = each->second.lock()) wake(scan);
    }
    later_.erase(later_.begin(), due);
    if (!later_.empty()) set_alarm(later_.begin()->first);
  });
}

void engine::conversations_changed(int by) {
  bool was_full = talking_ >= most_conversations_;
  talking_ += static_cast<std::size_t>(by);
  if (!was_full || by > 0) return;
  asio::post(loop_, [this] {
    for (const auto& scan : active_)
      scan->room_to_talk();
  });
}

}  // namespace sonde::scanner
