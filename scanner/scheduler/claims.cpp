#include "scanner/scheduler/claims.hpp"

#include "model/events.hpp"
#include "queue/errc.hpp"

#include <algorithm>
#include <set>

namespace sonde::scanner {
namespace {

constexpr std::chrono::milliseconds claim_retry_pause{200};
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
      progress_(loop) {}

awaitable<void> claims::watch() {
  asio::steady_timer pause(loop_);
  std::vector<std::string> topics{model::topics::scan_tasks};
  while (!stopping_ && !reader_) {
    auto ends = co_await queue_.ends(topics);
    if (ends) {
      reader_ = queue_.read_from(topics, std::move(*ends));
      break;
    }
    pause.expires_after(claim_retry_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
  progress_.notify_all();
  while (!stopping_) {
    auto batch = co_await reader_->read();
    if (!batch && batch.error().code == make_error_code(queue::errc::closed)) co_return;
    if (!batch) {
      log_.error("the task topic cannot be read", {{"reason", batch.error().message()}});
      pause.expires_after(claim_retry_pause);
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    for (auto& one : *batch)
      co_await take(std::move(one));
    progress_.notify_all();
  }
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
  stopping_ = true;
  if (reader_) reader_->close();
  progress_.notify_all();
}

awaitable<std::optional<std::uint64_t>> claims::claim(std::int32_t partition) {
  while (!stopping_ && !reader_)
    co_await progress_.wait();
  asio::steady_timer pause(loop_);
  std::optional<queue::position> place;
  while (!stopping_ && !place) {
    model::claim mine{process_id_, partition, clock_.now()};
    auto written = co_await queue_.produce_to(partition, to_record(mine));
    if (written) {
      place = std::move(*written);
      break;
    }
    log_.warning("a partition could not be claimed; trying again",
                 {{"partition", partition}, {"reason", written.error().message()}});
    pause.expires_after(claim_retry_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
  while (!stopping_ && latest_[partition].offset < place->offset)
    co_await progress_.wait();
  if (stopping_ || latest_[partition].offset > place->offset) co_return std::nullopt;
  ours_[partition] = epoch_at(place->offset);
  bool shown = false;
  while (!stopping_ && !shown) {
    shown = co_await view_.wait_until_folded(*place, clock_.steady_now() + view_look_pause);
  }
  if (stopping_ || !ours_.contains(partition)) co_return std::nullopt;
  co_return ours_[partition];
}

}  // namespace sonde::scanner
