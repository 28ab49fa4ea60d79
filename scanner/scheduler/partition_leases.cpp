#include "scanner/scheduler/partition_leases.hpp"

#include "base/async/retry.hpp"
#include "model/events.hpp"
#include "queue/consume.hpp"
#include "queue/errc.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

namespace sonde::scanner {
namespace {

constexpr retry_policy lease_retries{std::chrono::milliseconds(200),
                                     std::chrono::milliseconds(5'000)};
constexpr std::chrono::seconds view_look_pause{5};
constexpr std::chrono::milliseconds longest_look_pause{1'000};
constexpr std::size_t overwritten_at_once = 1'000;

/// Returns the epoch of a snapshot by its header, if it has one.
std::optional<std::uint64_t> epoch_of(const record& snapshot) {
  const auto* text = find_header(snapshot.headers, model::epoch_header);
  if (text == nullptr) return std::nullopt;
  std::uint64_t out = 0;
  std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

}  // namespace

partition_leases::partition_leases(scheduler_context context, lease_settings settings,
                                   lease_listener listener)
    : context_(std::move(context)),
      settings_(std::move(settings)),
      listener_(std::move(listener)),
      read_on_(context_.loop),
      changed_(context_.loop),
      conflict_(context_.loop),
      acquisitions_(context_.loop, context_.log, "leases", context_.failed),
      stop_(context_.loop) {}

lease_fsm& partition_leases::of(std::int32_t partition) {
  return fsms_.try_emplace(partition, settings_.process_id, settings_.patience).first->second;
}

bool partition_leases::is_assigned(std::int32_t partition) const {
  auto its = fsms_.find(partition);
  return its != fsms_.end() && its->second.is_assigned();
}

bool partition_leases::in_conflict(std::int32_t partition) const {
  auto its = fsms_.find(partition);
  return its != fsms_.end() && its->second.in_conflict();
}

awaitable<void> partition_leases::watch() {
  std::vector<std::string> topics{model::topics::scan_tasks};
  std::function<awaitable<result<std::vector<queue::position>>>()> ask = [this, topics] {
    return context_.queue.ends(topics);
  };
  auto ends = co_await retry(lease_retries, stop_, context_.log,
                             "cannot query the end of the task topic", ask);
  if (!ends) {
    if (!stop_.requested() && context_.failed) context_.failed(ends.error());
    co_return;
  }
  reader_ = context_.queue.read_from(topics, std::move(*ends));
  changed_.notify_all();
  queue::take_function take = [this](std::vector<queue::stored_record> batch) {
    return take_all(std::move(batch));
  };
  auto ended = co_await queue::follow(*reader_, std::move(take), stop_, context_.log,
                                      "cannot read the task topic");
  if (!ended && context_.failed) context_.failed(ended.error());
}

void partition_leases::leave() {
  for (auto& each : fsms_)
    std::ignore = each.second.revoked(revocation::announced);
}

void partition_leases::stop() {
  stop_.request();
  if (reader_) reader_->close();
  for (auto* each : {&changed_, &conflict_, &read_on_})
    each->notify_all();
}

awaitable<bool> partition_leases::wait_until_read(queue::position place) {
  while (!stop_.requested() && read_[place.partition] < place.offset)
    co_await read_on_.wait();
  co_return read_[place.partition] >= place.offset;
}

awaitable<void> partition_leases::join() {
  acquisitions_.cancel();
  co_await acquisitions_.join();
}

/// Runs of partitions that stay with this process continue: the new lease follows all earlier ones,
/// and the lease of another process ends the runs.
awaitable<void> partition_leases::assigned(std::vector<std::int32_t> partitions) {
  std::set<std::int32_t> ours(partitions.begin(), partitions.end());
  std::vector<std::int32_t> gone;
  for (auto& [partition, its] : fsms_) {
    if (ours.contains(partition)) continue;
    if (its.holds()) gone.push_back(partition);
    std::ignore = its.revoked(its.holds() ? revocation::lost : revocation::announced);
  }
  std::vector<std::pair<std::int32_t, lease_action>> actions;
  for (auto partition : ours)
    actions.emplace_back(partition, of(partition).assigned());
  if (!gone.empty()) co_await release(std::move(gone));
  for (const auto& [partition, what] : actions)
    co_await perform(partition, what);
  auto is_open = [this](std::int32_t partition) { return of(partition).is_acquiring(); };
  while (!stop_.requested() && std::ranges::any_of(ours, is_open))
    co_await changed_.wait();
}

awaitable<void> partition_leases::revoked(std::vector<std::int32_t> partitions, revocation how) {
  std::vector<std::int32_t> gone;
  for (auto partition : partitions) {
    if (of(partition).revoked(how) == lease_action::release) gone.push_back(partition);
  }
  if (!gone.empty()) co_await release(std::move(gone));
}

awaitable<void> partition_leases::perform(std::int32_t partition, lease_action what) {
  if (what == lease_action::acquire) acquisitions_.spawn(acquire(partition));
  if (what == lease_action::fold) {
    acquisitions_.spawn(catch_up(partition, of(partition).catch_up_offset()));
  }
  if (what == lease_action::hold) co_await hold(partition);
  if (what == lease_action::release) {
    std::vector<std::int32_t> one{partition};
    co_await release(std::move(one));
  }
}

awaitable<void> partition_leases::acquire(std::int32_t partition) {
  while (!stop_.requested() && !reader_)
    co_await changed_.wait();
  std::function<awaitable<result<queue::position>>()> append =
      [this, partition]() -> awaitable<result<queue::position>> {
    // A lease that follows the next owner's would disturb it.
    if (stop_.requested() || !of(partition).is_assigned()) {
      co_return fail(queue::errc::not_owned);
    }
    model::lease mine{settings_.process_id, partition, context_.time.now()};
    auto one = to_record(mine);
    auto place = co_await context_.queue.produce_to(partition, std::move(one));
    co_return place;
  };
  auto place =
      co_await retry(lease_retries, stop_, context_.log, "cannot lease a partition", append);
  auto now = context_.time.steady_now();
  auto next = lease_action::none;
  if (place) {
    next = of(partition).lease_published(place->offset, now);
  } else {
    next = of(partition).lease_failed(now);
  }
  notify(partition);
  co_await perform(partition, next);
}

/// Waits also for the records after the lease that have been read: if this process has lost the
/// partition since, some may be its own, and were not late when they were read.
awaitable<void> partition_leases::catch_up(std::int32_t partition, std::int64_t offset) {
  auto last = std::max(offset, read_[partition]);
  queue::position place{model::topics::scan_tasks, partition, last};
  bool shown = false;
  while (!stop_.requested() && !shown) {
    auto until = context_.time.steady_now() + view_look_pause;
    shown = co_await context_.view.wait_until_folded(place, until);
  }
  if (stop_.requested()) co_return;
  auto next = of(partition).caught_up(offset);
  notify(partition);
  co_await perform(partition, next);
}

void partition_leases::notify(std::int32_t partition) {
  changed_.notify_all();
  if (of(partition).in_conflict()) conflict_.notify_all();
}

awaitable<void> partition_leases::hold(std::int32_t partition) {
  co_await listener_.held(partition, of(partition).epoch());
  co_await rewrite_overwritten(partition);
  auto overwritten = std::exchange(overwritten_[partition], {});
  for (const auto& [key, offset] : overwritten) {
    queue::position place{model::topics::scan_tasks, partition, offset};
    co_await rewrite(std::move(place), key);
  }
}

/// The owner at the time of a late record may have lost the partition before it could publish the
/// task again.
awaitable<void> partition_leases::rewrite_overwritten(std::int32_t partition) {
  std::string after;
  bool more = true;
  while (more && of(partition).holds()) {
    auto keys = co_await context_.view.overwritten(partition, after, overwritten_at_once);
    more = keys.size() == overwritten_at_once;
    for (auto& key : keys) {
      after = key.str();
      co_await listener_.overwritten(partition, std::move(key));
    }
  }
}

awaitable<void> partition_leases::release(std::vector<std::int32_t> partitions) {
  for (auto partition : partitions)
    context_.queue.abandon({model::topics::scan_tasks, partition});
  co_await listener_.released(std::move(partitions));
}

/// A process that leases a partition without an assignment by the group is a fenced owner, and its
/// tasks would be orphaned. So the assigned process takes the lease again, but not immediately: a
/// reassignment may be on its way, and the fenced owner has to learn that it is fenced.
awaitable<void> partition_leases::settle_conflicts() {
  auto conflicts = [](const auto& each) { return each.second.in_conflict(); };
  while (!stop_.requested()) {
    if (std::ranges::none_of(fsms_, conflicts)) {
      co_await conflict_.wait();
      continue;
    }
    co_await stop_.pause(std::min(settings_.patience, longest_look_pause));
    std::vector<std::int32_t> due;
    for (auto& [partition, its] : fsms_) {
      if (its.tick(context_.time.steady_now()) == lease_action::acquire) due.push_back(partition);
    }
    for (auto partition : due) {
      context_.log.warning(
          "another process has leased a partition of this process; leasing it again",
          {{"partition", static_cast<std::int64_t>(partition)}});
      co_await perform(partition, lease_action::acquire);
    }
  }
}

awaitable<void> partition_leases::take_all(std::vector<queue::stored_record> batch) {
  for (auto& one : batch) {
    auto place = one.place();
    if (model::is_lease(one.what)) {
      co_await take_lease(std::move(one));
    } else {
      co_await take_snapshot(std::move(one));
    }
    read_[place.partition] = place.offset;
  }
  read_on_.notify_all();
}

awaitable<void> partition_leases::take_lease(queue::stored_record record) {
  auto lease = model::parse_lease(record.what.value);
  if (!lease) co_return;
  auto partition = record.partition;
  auto& its = of(partition);
  bool held = its.holds();
  auto next = its.lease_seen(record.offset, lease->owner, context_.time.steady_now());
  count_owners();
  if (held && next == lease_action::release) {
    context_.log.warning("another process has leased a partition; stopping this partition's tasks",
                         {{"partition", partition}, {"owner", lease->owner}});
  }
  notify(partition);
  co_await perform(partition, next);
}

awaitable<void> partition_leases::take_snapshot(queue::stored_record record) {
  auto its = fsms_.find(record.partition);
  auto epoch = epoch_of(record.what);
  if (its == fsms_.end() || !epoch) co_return;
  auto next = its->second.write_seen(*epoch);
  if (next == lease_action::none) co_return;
  context_.log.warning("a fenced owner wrote over a task; publishing it again",
                       {{"key", record.what.key}});
  if (next == lease_action::rewrite_after_hold) {
    overwritten_[record.partition][record.what.key] = record.offset;
    co_return;
  }
  co_await rewrite(record.place(), record.what.key);
}

/// Waits for the view first: the record at `place` may be the only state of the task, if no other
/// owner has written it before.
awaitable<void> partition_leases::rewrite(queue::position place, std::string key) {
  auto partition = place.partition;
  auto until = context_.time.steady_now() + view_look_pause;
  co_await context_.view.wait_until_folded(std::move(place), until);
  co_await listener_.overwritten(partition, model::target_key(std::move(key)));
}

void partition_leases::count_owners() {
  std::set<std::string> owners;
  for (const auto& [partition, its] : fsms_) {
    if (!its.latest_owner().empty()) owners.insert(its.latest_owner());
  }
  if (owners.size() == owners_) return;
  owners_ = owners.size();
  if (listener_.counted) listener_.counted(owners_);
}

}  // namespace sonde::scanner
