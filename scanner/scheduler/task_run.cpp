#include "scanner/scheduler/task_run.hpp"

#include "base/async/task_group.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace sonde::scanner {
namespace {

using model::outcome;
using model::outcome_kind;

outcome_kind kind_of(const error& why) {
  switch (static_cast<errc>(why.code.value())) {
    case errc::nxdomain: return outcome_kind::nxdomain;
    case errc::no_data: return outcome_kind::no_data;
    case errc::dns_timeout: return outcome_kind::dns_timeout;
    case errc::out_of_scope: return outcome_kind::out_of_scope;
    case errc::excluded: return outcome_kind::excluded;
    default: return outcome_kind::servfail;
  }
}

/// One run. Lives in the coroutine of `run_task` and ends after everything it has started.
class run {
 public:
  run(scan_runner& runner, const scheduler_context& context, const run_order& order,
      run_supervisor supervisor)
      : runner_(runner),
        order_(order),
        task_(order.task),
        ports_(order.ports),
        loop_(context.loop),
        bounds_(context.bounds),
        budget_(std::make_shared<scan_budget>(context.bounds)),
        parts_(context.loop, context.log, "task run"),
        supervisor_(std::move(supervisor)) {
    seen_.target = task_.target;
  }

  awaitable<run_result> go(steady_time deadline) {
    if (auto may = order_.rules->may_scan(task_.target); !may) {
      seen_.how = {kind_of(may.error()), may.error().message()};
      co_return finished();
    }
    std::vector<model::ip_address> addresses;
    if (task_.target.is_address()) {
      addresses.push_back(task_.target.address());
    } else {
      auto resolved = co_await runner_.resolve(task_.target.text());
      if (!resolved && resolved.error().code == make_error_code(errc::cancelled)) {
        co_return cut_short();
      }
      if (!resolved) {
        seen_.how = {kind_of(resolved.error()), resolved.error().message()};
        co_return finished();
      }
      addresses = *resolved;
      seen_.resolved = std::move(*resolved);
    }
    auto in_scope = check_scope(addresses);
    auto most_addresses = order_.addresses_per_name;
    if (in_scope.size() > most_addresses) {
      note_ =
          fmt::format("of {} addresses the first {} were scanned", in_scope.size(), most_addresses);
      in_scope.resize(most_addresses);
    }
    unpublished_bytes_ = bounds_.scan_unpublished_bytes / std::max<std::size_t>(1, in_scope.size());
    planned_ = static_cast<std::uint32_t>(in_scope.size() * ports_.size());
    for (const auto& address : in_scope)
      parts_.spawn(scan(address, deadline));
    co_await parts_.join();
    if (cancelled_) co_return cut_short();
    seen_.how = conclude();
    co_return finished();
  }

 private:
  /// Returns the addresses that may be dialled. Stores the others with the reason.
  std::vector<model::ip_address> check_scope(const std::vector<model::ip_address>& addresses) {
    std::vector<model::ip_address> out;
    for (const auto& address : addresses) {
      auto may = order_.rules->may_dial(address, task_.target);
      if (may) {
        out.push_back(address);
      } else {
        endings_.push_back({kind_of(may.error()), may.error().message()});
      }
    }
    return out;
  }

  awaitable<void> scan(model::ip_address address, steady_time deadline) {
    auto name = address.text();
    auto from = task_.cursors.find(name);
    auto cursor = from == task_.cursors.end() ? model::sweep_cursor() : from->second;
    if (supervisor_.cancelled()) {
      cancelled_ = true;
      parts_progress_[name] = {{ports_.size(), cursor.index, 0}, cursor};
      co_return;
    }
    auto progress = [this, name](const model::task_progress& done,
                                 const model::sweep_cursor& reached) {
      asio::post(loop_, [this, name, done, reached] { note_progress(name, done, reached); });
    };
    address_job job;
    job.task = task_.current.id;
    job.host = task_.target;
    job.address = address;
    job.ports = ports_;
    job.deadline = deadline;
    job.progress = std::move(progress);
    job.from = std::move(cursor);
    job.how_deep = task_.depth;
    job.budget = budget_;
    job.unpublished_bytes = unpublished_bytes_;
    job.found = [this](found_part some, std::function<void()> published) {
      auto shared = std::make_shared<found_part>(std::move(some));
      asio::post(loop_, [this, shared, published = std::move(published)] {
        pass_on(std::move(shared->observed), std::move(shared->certificates), published);
      });
    };
    auto report = co_await runner_.scan(std::move(job));
    keep(name, std::move(report));
  }

  void note_progress(const std::string& address, const model::task_progress& done,
                     const model::sweep_cursor& cursor) {
    parts_progress_[address] = {done, cursor};
    supervisor_.progress(together());
  }

  void keep(const std::string& address, address_report report) {
    parts_progress_[address] = {report.progress, report.cursor};
    if (!report.observed.how) {
      cancelled_ = true;
    } else {
      if (report.local_error) ++unreachable_;
      endings_.push_back(*report.observed.how);
      bool settled = endings_.back().kind == outcome_kind::complete;
      if (settled) settled_.push_back(report.observed.address);
    }
    pass_on(std::move(report.observed), std::move(report.certificates), nullptr);
  }

  void pass_on(model::address_observation address,
               std::vector<model::certificate_pointer> certificates,
               std::function<void()> published) {
    model::scan_observation found;
    found.target = seen_.target;
    found.resolved = seen_.resolved;
    found.addresses.push_back(std::move(address));
    found.certificates = std::move(certificates);
    supervisor_.found(std::move(found), std::move(published));
  }

  [[nodiscard]] run_progress together() const {
    run_progress out;
    out.progress.planned = planned_;
    for (const auto& [address, its] : parts_progress_) {
      out.progress.done += its.progress.done;
      out.progress.open += its.progress.open;
      out.progress.identified += its.progress.identified;
      out.cursors[address] = its.cursor;
    }
    return out;
  }

  [[nodiscard]] std::size_t count(outcome_kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(endings_, kind, &outcome::kind));
  }

  [[nodiscard]] std::string reasons() const {
    std::string out;
    for (const auto& ending : endings_)
      out += (out.empty() ? "" : "; ") + ending.reason;
    if (!note_.empty()) out += "; " + note_;
    return out;
  }

  /// Combines the outcomes of all addresses: the best one of any address, unless one is missing.
  [[nodiscard]] outcome conclude() const {
    auto all = endings_.size();
    auto refused = count(outcome_kind::out_of_scope) + count(outcome_kind::excluded);
    if (refused == all) {
      bool only_excluded = count(outcome_kind::excluded) == all;
      return {only_excluded ? outcome_kind::excluded : outcome_kind::out_of_scope, reasons()};
    }
    // An error of this machine is no fact about the target, so the scan is not done.
    if (unreachable_ > 0 && unreachable_ + refused == all) {
      return {outcome_kind::attempts, reasons()};
    }
    if (refused + count(outcome_kind::partial) > 0) return {outcome_kind::partial, reasons()};
    for (auto kind : {outcome_kind::complete, outcome_kind::tarpit}) {
      if (count(kind) > 0) return {kind, reasons()};
    }
    return {outcome_kind::no_answer, reasons()};
  }

  run_result finished() { return result_of(true); }
  run_result cut_short() { return result_of(false); }
  run_result result_of(bool whole) {
    return {whole, std::move(seen_), std::move(settled_), budget_->left_out(), together()};
  }

  struct part {
    model::task_progress progress;
    model::sweep_cursor cursor;
  };

  scan_runner& runner_;
  const run_order& order_;
  const model::scan_task& task_;
  const model::port_set& ports_;
  executor loop_;
  const scheduler_limits& bounds_;
  std::shared_ptr<scan_budget> budget_;
  std::size_t unpublished_bytes_ = 0;  ///< of one address
  task_group parts_;
  run_supervisor supervisor_;
  model::scan_observation seen_;
  std::vector<outcome> endings_;
  std::vector<model::ip_address> settled_;
  std::map<std::string, part> parts_progress_;
  std::uint32_t planned_ = 0;
  std::size_t unreachable_ = 0;
  std::string note_;
  bool cancelled_ = false;
};

}  // namespace

awaitable<run_result> run_task(scan_runner& runner, scheduler_context context, run_order order,
                               run_supervisor supervisor) {
  auto limit = std::chrono::seconds(context.bounds.task_timeout_s);
  auto deadline = context.time.steady_now() + limit;
  run one(runner, context, order, std::move(supervisor));
  co_return co_await one.go(deadline);
}

}  // namespace sonde::scanner
