#include "tests/scanner/fake_scan_runner.hpp"

#include <algorithm>

namespace sonde::test {

void fake_scan_runner::let_finish() {
  held_ = false;
  changed_.notify_all();
}

void fake_scan_runner::let_one_finish() {
  ++permits_;
  changed_.notify_all();
}

awaitable<result<std::vector<model::ip_address>>> fake_scan_runner::resolve(std::string) {
  std::vector<model::ip_address> none;
  co_return none;
}

awaitable<scanner::address_report> fake_scan_runner::scan(scanner::address_job job) {
  auto id = job.task.str();
  auto entry = ids_.insert(id);
  ++begun_;
  ++running_;
  most_running_ = std::max(most_running_, running_);
  co_await asio::post(loop_, asio::use_awaitable);
  while (held_ && permits_ == 0 && !cancelled_.contains(id))
    co_await changed_.wait();
  if (held_ && permits_ > 0 && !cancelled_.contains(id)) --permits_;
  --running_;
  ids_.erase(entry);
  scanner::address_report out;
  out.observed.address = job.address;
  auto ports = static_cast<std::uint32_t>(job.ports.size());
  out.progress.planned = ports;
  bool is_cancelled = cancelled_.contains(id);
  if (!ids_.contains(id)) cancelled_.erase(id);
  if (is_cancelled) {
    out.cursor = job.from;
    co_return out;
  }
  out.observed.how = model::outcome{model::outcome_kind::complete, "every port has a verdict"};
  out.progress.done = ports;
  co_return out;
}

void fake_scan_runner::cancel(const model::task_id& task) {
  if (!ids_.contains(task.str())) return;
  cancelled_.insert(task.str());
  changed_.notify_all();
}

}  // namespace sonde::test
