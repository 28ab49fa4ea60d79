#include "scanner/scheduler/scheduler.hpp"

#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "model/refused_request.hpp"
#include "model/task_fold.hpp"
#include "queue/consume.hpp"
#include "queue/produce_all.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sonde::scanner {
namespace {

/// Ready tasks, in multiples of those that may run: enough that the view is asked seldom.
constexpr std::size_t ready_factor = 4;
/// Scopes that one question to the view names.
constexpr std::size_t scopes_at_once = 128;
/// Before requests are folded again that could not be published: the news that their partition is
/// another process's by now may be on their way.
constexpr std::chrono::milliseconds lost_pause{100};
constexpr const char* no_room_for_webhooks =
    "its webhooks do not fit the task's snapshot (limits.record_max_bytes), where too many wait; "
    "redrive this letter once they have been sent";

}  // namespace

scheduler::scheduler(executor loop, queue::backend& queue, views::task_view& view,
                     engine_pool& engines, std::shared_ptr<const policy> rules,
                     model::profile_book profiles, const scheduler_settings& settings,
                     const limits& limits, const clock& clock, logger& log, metrics& counts)
    : loop_(loop),
      queue_(queue),
      view_(view),
      engines_(engines),
      rules_(std::move(rules)),
      profiles_(std::move(profiles)),
      settings_(settings),
      limits_(limits),
      clock_(clock),
      log_(log),
      counts_(counts),
      started_(counts.count("sonde_scan_runs_total", "Scans that were begun, retries included.")),
      retried_(counts.count("sonde_scan_retries_total",
                            "Scans that were begun again after an interruption.")),
      running_now_(counts.show("sonde_scans_running", "Scans under way.")),
      ledger_(loop, queue, view, limits, clock, log),
      claims_(loop, queue, view, clock, log, settings.process_id,
              {[this](std::int32_t partition) { return lose(partition); },
               [this](std::int32_t partition, model::target_key key) {
                 return write_again(partition, std::move(key));
               },
               [this](std::size_t owners) {
                 log_.info("scanners that share the rates",
                           {{"processes", static_cast<std::int64_t>(owners)}});
                 engines_.share_rates(owners);
               },
               settings.failed}),
      disputed_(loop),
      settled_(loop),
      work_(loop),
      run_ended_(loop),
      progress_news_(loop),
      owing_news_(loop),
      loops_(loop, log, "scheduler", settings.failed),
      claiming_(loop, log, "claims", settings.failed),
      runs_(loop, log, "task runs", settings.failed),
      stop_(loop) {}

scheduler::~scheduler() = default;

void scheduler::start() {
  consumer_ = queue_.join(scanner_group, model::topics::scan_requests);
  loops_.spawn(claims_.watch());
  loops_.spawn(consume());
  loops_.spawn(settle_disputes());
  loops_.spawn(dispatch());
  loops_.spawn(publish_progress());
  loops_.spawn(hand_over());
  loops_.spawn(ledger_.forget_what_is_seen());
}

awaitable<void> scheduler::stop(steady_time deadline) {
  stop_.request();
  consumer_->close();
  for (auto* each : {&work_, &disputed_, &progress_news_, &owing_news_})
    each->notify_all();
  while (!running_.empty()) {
    bool ended = co_await run_ended_.wait_until(deadline);
    if (!ended) break;
  }
  if (!running_.empty()) {
    log_.info("putting back what is unfinished",
              {{"tasks", static_cast<std::int64_t>(running_.size())}});
  }
  ledger_.give_up();
  for (auto& [key, task] : running_)
    cancel_run(task);
  co_await runs_.join();
  claims_.stop();
  ledger_.stop();
  loops_.cancel();
  claiming_.cancel();
  co_await loops_.join();
  co_await claiming_.join();
}

void scheduler::set_policy(std::shared_ptr<const policy> rules) {
  asio::post(loop_, [this, rules = std::move(rules)] { rules_ = rules; });
}

awaitable<void> scheduler::consume() {
  queue::consume_handler handler;
  handler.assigned = [this](std::vector<queue::partition_ref> ours) {
    return take_over(std::move(ours));
  };
  handler.revoked = [this](queue::revoked gone) { return give_back(std::move(gone)); };
  handler.records = [this](stored_records records) { return fold(std::move(records)); };
  auto ended = co_await queue::consume(*consumer_, std::move(handler), stop_, log_,
                                       "scan requests cannot be read");
  if (!ended && settings_.failed) settings_.failed(ended.error());
}

/// Each partition by itself: losing one holds up no other.
awaitable<void> scheduler::fold(stored_records records) {
  std::map<std::int32_t, stored_records> by_partition;
  for (auto& one : records)
    by_partition[one.partition].push_back(std::move(one));
  for (auto& [partition, its] : by_partition) {
    auto batch = std::make_shared<const stored_records>(std::move(its));
    co_await fold_given(partition, std::move(batch));
  }
}

/// The group does not send a request twice to the same member. So none may be dropped that this
/// process may have to fold after all.
awaitable<void> scheduler::fold_given(std::int32_t partition,
                                      std::shared_ptr<const stored_records> records) {
  bool folded = false;
  while (!folded && !stop_.requested() && given_.contains(partition)) {
    if (disputes_.contains(partition)) {
      co_await hold_back(partition, records);
      co_return;
    }
    folded = co_await fold_partition(partition, records);
    if (!folded) co_await stop_.pause(lost_pause);
  }
}

/// False: the partition was lost meanwhile, and nothing is committed.
awaitable<bool> scheduler::fold_partition(std::int32_t partition,
                                          std::shared_ptr<const stored_records> records) {
  std::vector<model::target_key> changed;
  bool published = true;
  for (const auto& one : *records) {
    auto request = model::parse_scan_request(one.what.value);
    if (!request) {
      auto why = request.error().message();
      bool kept = co_await dead_letter(one, "parse", why);
      published = published && kept;
      auto refused = co_await refused_request(one, std::move(why));
      if (!refused) continue;
      request = std::move(*refused);
    }
    auto task = co_await ledger_.load(request->key);
    if (!model::concerns(task, *request) || (task && task->folded >= one.offset)) {
      ledger_.release(request->key);
      continue;
    }
    model::fold_bounds bounds(limits_.task_generations, limits_.record_max_bytes);
    if (model::leaves_out_webhooks(task, *request, one.offset, bounds)) {
      bool kept = co_await dead_letter(one, "process", no_room_for_webhooks);
      published = published && kept;
    }
    auto become = [&](std::optional<model::scan_task> before) {
      return model::fold(std::move(before), *request, one.offset, bounds);
    };
    ledger_.change(request->key, partition, become);
    changed.push_back(request->key);
  }
  // One snapshot for each key, however many of its requests were folded.
  std::set<model::target_key> each_once(changed.begin(), changed.end());
  std::vector<model::target_key> keys(each_once.begin(), each_once.end());
  if (published && !keys.empty()) published = co_await ledger_.publish(keys);
  for (const auto& key : keys) {
    auto task = co_await ledger_.load(key);
    if (published && task) {
      enqueue(*task, partition);
      heed(*task);
      note_owing(*task, partition);
    }
    ledger_.release(key);
  }
  for (const auto& key : changed)
    ledger_.release(key);
  if (published) co_await commit(std::move(records));
  co_return published;
}

awaitable<void> scheduler::commit(std::shared_ptr<const stored_records> records) {
  auto positions = queue::positions_after(*records);
  auto committed = co_await consumer_->commit(std::move(positions));
  if (committed) co_return;
  // They come again, and change nothing then.
  log_.warning("folded requests could not be committed", {{"reason", committed.error().message()}});
}

/// A request that cannot be read ends the generation that it asks for, where that can be read.
awaitable<std::optional<model::scan_request>> scheduler::refused_request(queue::stored_record one,
                                                                         std::string why) {
  model::target_key key(one.what.key);
  auto task = co_await ledger_.load(key);
  std::uint64_t known = task ? task->current.number : 0;
  if (task && task->next) known = std::max(known, task->next->generation);
  ledger_.release(key);
  co_return model::read_refused_request(one.what, why, known, clock_.now());
}

/// False: the queue takes nothing more, and the request must not be committed.
awaitable<bool> scheduler::dead_letter(queue::stored_record record, std::string stage,
                                       std::string why) {
  log_.error("a scan request cannot be processed and becomes a dead letter",
             {{"partition", record.partition}, {"offset", record.offset}, {"reason", why}});
  model::record_place from{record.what.topic, record.partition, record.offset};
  std::vector<sonde::record> batch;
  batch.push_back(model::to_dead_letter(std::move(record.what), std::move(from), std::move(stage),
                                        std::move(why), limits_.record_max_bytes));
  auto written = co_await queue::produce_all(queue_, std::move(batch), stop_, log_,
                                             "a dead letter could not be written");
  co_return bool(written);
}

/// A task that has just been published goes to the ready ones if there is room. Otherwise it is a
/// row like all others, and found there.
void scheduler::enqueue(const model::scan_task& task, std::int32_t partition) {
  if (task.current.state != model::task_state::queued || running_.contains(task.key)) return;
  if (backlog_ || ready_.size() >= ready_factor * limits_.running_tasks) {
    backlog_ = true;
    return;
  }
  make_ready({task.key, views::scope_text(task.scope), task.priority, task.current.requested,
              task.profile, task.ports, partition});
  work_.notify_all();
}

/// What is ready is a key and its place in the order: a list of ports would be 25 KB of each.
void scheduler::make_ready(views::waiting_task task) {
  if (task.probes == 0) {
    auto ports = profiles_.ports_of(task.profile, task.ports);
    task.probes = ports ? ports->size() : 1;
  }
  task.profile = {};
  task.ports = {};
  auto cost = task.probes;
  ready_.add(std::move(task), cost);
}

/// Fetches waiting tasks from the view: as many as there is room for, the same share of each scope.
/// Where there are more scopes than room, the next call goes on behind the last one. True:
/// meanwhile there came a reason to look again, such as another partition.
awaitable<bool> scheduler::refill() {
  backlog_ = false;
  auto unseen = ledger_.unseen();
  for (const auto& place : unseen)
    co_await view_.wait_until_folded(place, steady_time::max());
  auto partitions = ledger_.owned();
  auto most_ready = ready_factor * limits_.running_tasks;
  auto room = most_ready - std::min<std::size_t>(most_ready, ready_.size());
  auto scopes = co_await scopes_in_turn(partitions, room);
  auto share = std::max<std::size_t>(1, room / std::max<std::size_t>(1, scopes.size()));
  std::map<std::string, std::size_t> running;
  for (const auto& each : running_)
    ++running[each.second.scope];
  bool more = !refill_after_.empty();
  for (const auto& scope : scopes) {
    // Those that run or are ready stand in the view too.
    auto most = share + running[scope] + ready_.size(scope);
    auto waiting = co_await view_.waiting(partitions, scope, most);
    if (waiting.size() == most) more = true;
    for (auto& task : waiting) {
      bool known = running_.contains(task.key) || ledger_.knows_as_ended(task.key);
      if (!known && ledger_.owns(task.partition)) make_ready(std::move(task));
    }
  }
  bool news = backlog_;
  backlog_ = backlog_ || more;
  co_return news;
}

/// Scopes with waiting tasks, at most so many, from where the last call has ended. When it comes to
/// the end it begins anew the next time; when all scopes fit, each call names them all.
awaitable<std::vector<std::string>> scheduler::scopes_in_turn(std::vector<std::int32_t> partitions,
                                                              std::size_t most) {
  std::vector<std::string> out;
  auto begin = std::exchange(refill_after_, {});
  auto after = begin;
  bool wrapped = begin.empty();
  while (out.size() < most) {
    auto at_once = std::min(scopes_at_once, most - out.size());
    auto some = co_await view_.waiting_scopes(partitions, after, at_once);
    for (const auto& scope : some) {
      if (wrapped && !begin.empty() && scope > begin) co_return out;
      out.push_back(scope);
    }
    if (some.size() == at_once) {
      after = some.back();
    } else if (wrapped) {
      co_return out;
    } else {
      wrapped = true;
      after.clear();
    }
  }
  refill_after_ = after;
  co_return out;
}

}  // namespace sonde::scanner
