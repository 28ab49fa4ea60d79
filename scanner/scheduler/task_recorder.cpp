#include "scanner/scheduler/task_recorder.hpp"

#include "model/scan/task_fold.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>
#include <vector>

namespace sonde::scanner {
namespace {

/// Tells whether a run of a task has a verdict on an endpoint.
class settled_endpoints {
 public:
  settled_endpoints(const std::vector<model::ip_address>& addresses, model::port_set ports)
      : ports_(std::move(ports)) {
    for (const auto& address : addresses)
      hosts_.insert(host_of(model::endpoint_text(address, 0)));
  }

  bool operator()(const std::string& endpoint) const {
    auto host = host_of(endpoint);
    if (host.size() == endpoint.size() || !hosts_.contains(host)) return false;
    std::uint16_t port = 0;
    auto begin = endpoint.data() + host.size() + 1;
    auto read = std::from_chars(begin, endpoint.data() + endpoint.size(), port);
    return read.ec == std::errc() && ports_.contains(port);
  }

 private:
  /// Returns the part before the port.
  static std::string host_of(const std::string& endpoint) {
    return endpoint.substr(0, endpoint.rfind(':'));
  }

  std::set<std::string> hosts_;
  model::port_set ports_;
};

}  // namespace

task_recorder::task_recorder(scheduler_context context, task_ledger& ledger, webhook_outbox& outbox,
                             model::profile_book profiles)
    : context_(std::move(context)),
      ledger_(ledger),
      outbox_(outbox),
      profiles_(std::move(profiles)) {}

awaitable<bool> task_recorder::start(model::target_key key, std::int32_t partition) {
  change_function begin = [now = context_.time.now()](model::scan_task task) {
    return model::started(std::move(task), now);
  };
  co_return co_await publish_change(key, partition, std::move(begin));
}

awaitable<void> task_recorder::finish(model::target_key key, std::int32_t partition,
                                      findings_pointer found, run_result reached) {
  // On a disk that is nearly full the findings of a cancelled scan are not waited for.
  if (!ledger_.held(key).cancelled_by.empty()) found->hurry();
  auto how = reached.observed.how;
  bool published = co_await found->finish(std::move(reached.observed));
  if (!published) co_return;
  how.reason += left_out_text(reached.left_out, found->left_out(), found->refused());
  const auto& task = ledger_.held(key);
  auto ports = profiles_.ports_of(task.profile, task.ports);
  settled_endpoints settled(reached.settled, ports ? std::move(*ports) : model::port_set());
  change_function end = [found, how, settled, progress = reached.progress.progress,
                         now = context_.time.now()](model::scan_task t) {
    t.results = found->results();
    t.results_total = found->results_total();
    t.produced = found->produced();
    t.progress = progress;
    t.progress.open = t.results_total;
    t.progress.identified = std::min(t.progress.identified, t.progress.open);
    return model::ended(model::compared(std::move(t), settled), how, now);
  };
  co_await publish_end(key, partition, std::move(end));
}

awaitable<void> task_recorder::finish_cancelled(model::target_key key, std::int32_t partition,
                                                findings_pointer found, run_result reached) {
  const auto& task = ledger_.held(key);
  reached.observed.target = task.target;
  reached.observed.how = model::cancelled_by(task.cancelled_by);
  co_await finish(key, partition, std::move(found), std::move(reached));
}

awaitable<void> task_recorder::fail_task(model::target_key key, std::int32_t partition,
                                         std::string why) {
  change_function end = [why = std::move(why), now = context_.time.now()](model::scan_task task) {
    return model::ended(std::move(task), {model::outcome_kind::attempts, why}, now);
  };
  co_await publish_end(key, partition, std::move(end));
}

awaitable<void> task_recorder::put_back(model::target_key key, std::int32_t partition,
                                        run_progress reached) {
  change_function back = [reached = std::move(reached)](model::scan_task task) {
    if (reached.progress.planned > 0) {
      task = model::advanced(std::move(task), reached.progress, reached.cursors);
    }
    return model::put_back(std::move(task));
  };
  co_await publish_change(key, partition, std::move(back));
}

awaitable<bool> task_recorder::rewrite(model::target_key key, std::int32_t partition) {
  auto task = co_await ledger_.load(key, partition);
  bool published = false;
  if (task) {
    change_function same = [](model::scan_task as_it_is) { return as_it_is; };
    published = co_await publish_change(key, partition, std::move(same));
  }
  ledger_.release(key);
  co_return published;
}

void task_recorder::note_end(const model::scan_task& task) {
  const auto& ended = task.current;
  if (!ended.outcome) return;
  auto outcome = std::string(name_of(ended.outcome->kind));
  context_.counts.count("sonde_scans_ended_total", "Ended scans.", {{"outcome", outcome}}).add();
  auto from = ended.started.value_or(ended.requested);
  auto took = ended.ended.value_or(from) - from;
  context_.log.info("scan ended", {{"id", ended.id.str()},
                                   {"target", task.target.text()},
                                   {"outcome", outcome},
                                   {"open", static_cast<std::int64_t>(task.progress.open)},
                                   {"milliseconds", static_cast<std::int64_t>(took.count())}});
}

/// Publishes an end, and then the next generation if one waits for it.
awaitable<void> task_recorder::publish_end(model::target_key key, std::int32_t partition,
                                           change_function how) {
  bool published = co_await publish_change(key, partition, std::move(how));
  if (!published) co_return;
  note_end(ledger_.held(key));
  outbox_.note(ledger_.held(key), partition);
  co_await promote(key, partition);
}

/// A process may have died after it published an end, so the next owner promotes too.
awaitable<void> task_recorder::promote(model::target_key key, std::int32_t partition) {
  if (!ledger_.held(key).next) co_return;
  change_function begin = [kept = context_.view_bounds.task_generations](model::scan_task task) {
    return model::promoted(std::move(task), kept);
  };
  co_await publish_change(key, partition, std::move(begin));
  outbox_.note(ledger_.held(key), partition);
}

awaitable<bool> task_recorder::publish_change(model::target_key key, std::int32_t partition,
                                              change_function how) {
  ledger_.change(key, partition,
                 [&how](std::optional<model::scan_task> task) { return how(std::move(*task)); });
  std::vector<model::target_key> keys{std::move(key)};
  co_return co_await ledger_.publish(std::move(keys));
}

}  // namespace sonde::scanner
