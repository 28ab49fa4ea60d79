#include "daemon/readiness.hpp"

#include "base/async/answering.hpp"
#include "model/events.hpp"
#include "scanner/scheduler/scheduler.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::daemon {
namespace {

using ingest::component;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The time for which a result is cached: when all parts are ready, and when one is not.
constexpr milliseconds kept_well{1'000};
constexpr milliseconds kept_failing{100};
/// Time after which a thread that has not started new work is blocked.
constexpr milliseconds patience{3'000};
/// Longest time that requests may wait without any being taken in.
constexpr seconds longest_standstill{30};

component queue_component(const queue::backend& queue) {
  component out{"queue", {}, std::nullopt};
  if (auto well = queue.health(); !well) {
    out.reason = well.error().message();
  } else if (auto works = queue.availability(); !works) {
    out.reason = works.error().message();
  }
  return out;
}

component view_component(const char* name, const views::view_health& health) {
  component out{name, {}, std::nullopt};
  if (!health.reason.empty()) {
    out.reason = std::string("the ") + name + " view cannot be written: " + health.reason;
  } else if (!health.complete) {
    out.reason = std::string("the ") + name + " view has not caught up with its topics yet";
  }
  return out;
}

std::int64_t sum_of(const std::vector<queue::position>& places) {
  std::int64_t out = 0;
  for (const auto& place : places)
    out += place.offset;
  return out;
}

}  // namespace

readiness::readiness(executor loop, essential_parts parts, const clock& clock, logger& log)
    : parts_(std::move(parts)), clock_(clock), looks_(loop, log, "readiness"), looked_(loop) {}

awaitable<std::vector<component>> readiness::ask() {
  auto now = clock_.steady_now();
  if (!looking_ && now < good_until_) co_return seen_;
  if (!looking_) {
    looking_ = true;
    looks_.spawn(look_once());
  }
  while (looking_) {
    bool in_time = co_await looked_.wait_until(now + parts_.longest_look);
    if (!in_time) break;
  }
  if (!looking_) co_return seen_;
  component unanswered{"queue", {}, std::nullopt};
  unanswered.reason =
      fmt::format("the queue has not answered for {} ms", parts_.longest_look.count());
  co_return std::vector<component>(1, unanswered);
}

awaitable<void> readiness::stop() {
  looks_.cancel();
  co_await looks_.join();
}

awaitable<void> readiness::look_once() {
  seen_ = co_await look();
  auto is_well = [](const component& part) { return part.reason.empty(); };
  auto kept = std::ranges::all_of(seen_, is_well) ? kept_well : kept_failing;
  good_until_ = clock_.steady_now() + kept;
  looking_ = false;
  looked_.notify_all();
}

awaitable<std::vector<component>> readiness::look() {
  std::vector<component> out;
  out.push_back(queue_component(*parts_.queue));
  std::vector<executor> loops;
  for (const auto& [name, loop] : parts_.threads)
    loops.push_back(loop);
  auto answered = co_await answering(std::move(loops), clock_.steady_now() + patience);
  bool all_answer = true;
  for (std::size_t i = 0; i < answered.size(); ++i) {
    component thread{"thread " + parts_.threads[i].first, {}, std::nullopt};
    if (!answered[i]) {
      all_answer = false;
      thread.reason = fmt::format("the thread {} has not answered for {} ms",
                                  parts_.threads[i].first, patience.count());
    }
    out.push_back(std::move(thread));
  }
  // A blocked thread would not answer these checks either.
  if (!all_answer) co_return out;
  if (parts_.tasks != nullptr) {
    auto health = co_await parts_.tasks->health();
    out.push_back(view_component("task", health));
  }
  if (parts_.entities != nullptr) {
    auto health = co_await parts_.entities->health();
    out.push_back(view_component("entity", health));
  }
  if (parts_.credentials != nullptr) {
    component credentials{"credentials", {}, std::nullopt};
    if (!parts_.credentials->current()) {
      credentials.reason = "credentials have not been read, or not recently";
    }
    out.push_back(std::move(credentials));
  }
  if (parts_.alone) {
    auto scheduler = co_await intake();
    out.push_back(std::move(scheduler));
  }
  co_return out;
}

/// Checks that requests are taken in. Waiting requests are no error while any of them is taken in.
awaitable<component> readiness::intake() {
  component out{"scheduler", {}, std::nullopt};
  std::vector<std::string> topics{model::topics::scan_requests};
  auto ends = co_await parts_.queue->ends(topics);
  if (!ends) {
    out.reason = ends.error().message();
    co_return out;
  }
  auto reached = co_await parts_.queue->committed(scanner::scanner_group, topics.front());
  if (!reached) {
    out.reason = reached.error().message();
    co_return out;
  }
  auto taken_in = sum_of(*reached);
  auto lag = std::max<std::int64_t>(0, sum_of(*ends) - taken_in);
  out.lag = static_cast<std::uint64_t>(lag);
  auto now = clock_.steady_now();
  // The time counts from a check that has seen a lag: before it the lag may have been zero.
  if (lag == 0) {
    taken_in_ = -1;
  } else if (taken_in != taken_in_) {
    taken_in_ = taken_in;
    lag_since_ = now;
  } else if (now - lag_since_ >= longest_standstill) {
    auto stood = std::chrono::duration_cast<seconds>(now - lag_since_);
    out.reason =
        fmt::format("the scheduler has read no request for {} s, and {} wait", stood.count(), lag);
  }
  co_return out;
}

}  // namespace sonde::daemon
