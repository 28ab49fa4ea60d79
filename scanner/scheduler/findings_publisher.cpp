#include "scanner/scheduler/findings_publisher.hpp"

#include "base/async/run_on.hpp"
#include "views/task_view.hpp"

#include <algorithm>
#include <unordered_map>

namespace sonde::scanner {
namespace {

/// Endpoints that are converted to records in one step.
constexpr std::size_t endpoints_at_once = 256;

/// Returns a task without large fields that findings do not need.
model::scan_task without_weight(model::scan_task task) {
  task.ports.clear();
  task.history.clear();
  task.cursors.clear();
  task.results.clear();
  task.past.clear();
  task.webhooks.clear();
  return task;
}

/// Splits a part into observations of `endpoints_at_once` endpoints, each with their certificates.
std::vector<model::scan_observation> slices_of(model::scan_observation seen) {
  auto addresses = std::exchange(seen.addresses, {});
  std::unordered_map<std::string, model::certificate_pointer> certificates;
  for (auto& certificate : std::exchange(seen.certificates, {}))
    certificates.emplace(certificate->sha256, certificate);
  std::vector<model::scan_observation> out;
  std::size_t taken = 0;
  for (auto& address : addresses) {
    seen.addresses.push_back({address.address, address.how, {}});
    for (auto& endpoint : address.endpoints) {
      if (taken == endpoints_at_once) {
        model::scan_observation next;
        next.target = seen.target;
        next.addresses.push_back({address.address, address.how, {}});
        out.push_back(std::exchange(seen, std::move(next)));
        taken = 0;
      }
      for (const auto& sha256 : endpoint.tls ? endpoint.tls->chain : std::vector<std::string>()) {
        auto found = certificates.find(sha256);
        if (found != certificates.end()) seen.certificates.push_back(found->second);
      }
      seen.addresses.back().endpoints.push_back(std::move(endpoint));
      ++taken;
    }
  }
  out.push_back(std::move(seen));
  return out;
}

}  // namespace

/// Ends the publisher's work on every exit.
class findings_publisher::at_work {
 public:
  explicit at_work(findings_publisher& owner) : owner_(owner) {}
  ~at_work() {
    owner_.working_ = false;
    // After an exception the remaining parts have no owner.
    if (!owner_.parts_.empty()) owner_.failed_ = true;
    owner_.idle_.notify_all();
  }
  at_work(const at_work&) = delete;
  at_work& operator=(const at_work&) = delete;

 private:
  findings_publisher& owner_;
};

findings_publisher::findings_publisher(publisher_tools tools, const model::scan_task& task,
                                       std::function<bool()> owned)
    : tools_(std::move(tools)),
      task_(without_weight(task)),
      groups_(views::visibility_text(task.visibility)),
      owned_(std::move(owned)),
      found_(task_, tools_.bounds),
      hurry_(tools_.loop),
      idle_(tools_.loop) {}

void findings_publisher::take(model::scan_observation seen, std::function<void()> published) {
  if (!parts_.empty() && !parts_.back().published) {
    auto& last = parts_.back();
    std::ranges::move(seen.addresses, std::back_inserter(last.seen.addresses));
    std::ranges::move(seen.certificates, std::back_inserter(last.seen.certificates));
    last.seen.resolved = std::move(seen.resolved);
    last.seen.how = std::move(seen.how);
    last.published = std::move(published);
  } else {
    parts_.push_back({std::move(seen), std::move(published)});
  }
  if (parts_.back().published) begin_work();
}

awaitable<bool> findings_publisher::finish(model::scan_observation last) {
  take(std::move(last), nullptr);
  begin_work();
  while (working_)
    co_await idle_.wait();
  co_return !failed_;
}

void findings_publisher::begin_work() {
  if (working_) return;
  working_ = true;
  tools_.group.spawn(work(shared_from_this()));
}

awaitable<void> findings_publisher::work(std::shared_ptr<findings_publisher> self) {
  at_work busy(*self);
  while (!parts_.empty()) {
    auto next = std::move(parts_.front());
    parts_.pop_front();
    auto slices = slices_of(std::move(next.seen));
    for (auto& slice : slices) {
      if (!owned_()) failed_ = true;
      if (failed_) break;
      auto seen = std::make_shared<const model::scan_observation>(std::move(slice));
      co_await publish_part(std::move(seen));
    }
    if (next.published) next.published();
  }
}

awaitable<void> findings_publisher::publish_part(
    std::shared_ptr<const model::scan_observation> seen) {
  // Runs on an engine's thread, as the scheduler's thread serves all tasks.
  auto make_records = [this, seen, now = tools_.time.now()] {
    auto found = found_.add(*seen, now);
    return records_of(found, task_, tools_.queue_bounds);
  };
  auto records = co_await run_on(tools_.helper, std::move(make_records));
  seen.reset();
  tools_.ports.drop_known(records, groups_, tools_.time.steady_now());
  co_await publish(std::move(records));
}

/// Retries records that are not urgent until they become urgent.
awaitable<result<queue::produced>> findings_publisher::produce(std::vector<record> records) {
  bool urgent = hurry_.requested();
  for (auto& one : records)
    one.urgent = urgent;
  auto& stop = urgent ? tools_.stop : hurry_;
  std::string what = "cannot publish findings";
  co_return co_await queue::produce_all(tools_.queue, std::move(records), stop, tools_.log,
                                        std::move(what));
}

void findings_publisher::hurry() {
  hurry_.request();
}

awaitable<void> findings_publisher::publish(std::vector<record> records) {
  if (records.empty()) co_return;
  bool urgent = hurry_.requested();
  auto copy = urgent ? std::vector<record>() : records;
  auto written = co_await produce(std::move(records));
  bool interrupted = !written && !urgent && hurry_.requested() && owned_();
  if (interrupted) written = co_await produce(std::move(copy));
  if (!written) {
    failed_ = true;
    co_return;
  }
  refused_ += static_cast<std::uint32_t>(written->refused.size());
  for (const auto& place : written->places) {
    auto& held = last_[{place.topic, place.partition}];
    held = std::max(held, place.offset);
  }
}

std::vector<model::produced_position> findings_publisher::produced() const {
  std::vector<model::produced_position> out;
  for (const auto& [place, offset] : last_)
    out.push_back({place.first, place.second, offset});
  return out;
}

}  // namespace sonde::scanner
