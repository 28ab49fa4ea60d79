#include "scanner/scheduler/claims.hpp"

#include "base/async/retry.hpp"
#include "model/events.hpp"
#include "queue/consume.hpp"

#include <algorithm>
#include <set>

namespace sonde::scanner {
namespace {

constexpr retry_policy claim_retries{std::chrono::milliseconds(200),
                                     std::chrono::milliseconds(5'000)};
constexpr std::chrono::seconds view_look_pause{5};

}  // namespace

claims::claims(executor loop, queue::backend& queue, views::task_view& view, const clock& clock,
               logger& log, std::string process_id, listener tell)
    : loop_(loop),
      queue_(queue),
      view_(view),
      clock_(clock),
      log_(log),
      process_id_(std::move(process_id)),
      tell_(std::move(tell)),
      progress_(loop),
      stop_(loop) {}

awaitable<void> claims::watch() {
  std::vector<std::string> topics{model::topics::scan_tasks};
  std::function<awaitable<result<std::vector<queue::position>>>()> ask = [this, topics] {
    return queue_.ends(topics);
  };
  auto ends =
      co_await retry(claim_retries, stop_, log_, "the end of the task topic is not known", ask);
  if (!ends) {
    if (!stop_.requested() && tell_.failed) tell_.failed(ends.error());
    co_return;
  }
  reader_ = queue_.read_from(topics, std::move(*ends));
  progress_.notify_all();
  queue::take_function take_them = [this](std::vector<queue::stored_record> batch) {
    return take_all(std::move(batch));
  };
  auto ended = co_await queue::follow(*reader_, std::move(take_them), stop_, log_,
                                      "the task topic cannot be read");
  if (!ended && tell_.failed) tell_.failed(ended.error());
}

awaitable<void> claims::take_all(std::vector<queue::stored_record> batch) {
  for (auto& one : batch)
    co_await take(std::move(one));
  progress_.notify_all();
}

awaitable<void> claims::take(queue::stored_record record) {
  auto partition = record.partition;
  auto held = ours_.find(partition);
  if (model::is_claim(record.what)) {
    auto claim = model::parse_claim(record.what.value);
    if (!claim) co_return;
    latest_[partition] = {claim->owner, record.offset};
    count_owners();
    if (held == ours_.end() || claim->owner == process_id_) co_return;
    log_.warning("another process has claimed a partition",
                 {{"partition", partition}, {"owner", claim->owner}});
    ours_.erase(held);
    co_await tell_.lost(partition);
    co_return;
  }
  if (held == ours_.end() || epoch_at(record.offset) <= held->second) co_return;
  const auto* epoch = find_header(record.what.headers, model::epoch_header);
  if (epoch == nullptr || *epoch == std::to_string(held->second)) co_return;
  log_.warning("a former owner wrote over a task", {{"key", record.what.key}});
  // What is true now may be just this, where nobody has written of the task before.
  co_await view_.wait_until_folded(record.place(), clock_.steady_now() + view_look_pause);
  co_await tell_.overwritten(partition, model::target_key(record.what.key));
}

void claims::count_owners() {
  std::set<std::string> owners;
  for (const auto& [partition, its] : latest_)
    if (its.offset >= 0) owners.insert(its.owner);
  if (owners.size() == owners_) return;
  owners_ = owners.size();
  if (tell_.counted) tell_.counted(owners_);
}

void claims::stop() {
  stop_.request();
  if (reader_) reader_->close();
  progress_.notify_all();
}

awaitable<std::optional<std::uint64_t>> claims::claim(std::int32_t partition) {
  while (!stop_.requested() && !reader_)
    co_await progress_.wait();
  std::function<awaitable<result<queue::position>>()> append = [this, partition] {
    model::claim mine{process_id_, partition, clock_.now()};
    return queue_.produce_to(partition, to_record(mine));
  };
  auto place =
      co_await retry(claim_retries, stop_, log_, "a partition could not be claimed", append);
  if (!place) co_return std::nullopt;
  while (!stop_.requested() && latest_[partition].offset < place->offset)
    co_await progress_.wait();
  if (stop_.requested() || latest_[partition].offset > place->offset) co_return std::nullopt;
  ours_[partition] = epoch_at(place->offset);
  bool shown = false;
  while (!stop_.requested() && !shown) {
    shown = co_await view_.wait_until_folded(*place, clock_.steady_now() + view_look_pause);
  }
  if (stop_.requested() || !ours_.contains(partition)) co_return std::nullopt;
  co_return ours_[partition];
}

}  // namespace sonde::scanner
