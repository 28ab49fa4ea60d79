#include "queue/local/read_side.hpp"

#include "queue/errc.hpp"

#include <algorithm>

namespace sonde::queue::local {

read_side::read_side(executor loop, std::shared_ptr<const local::layout> layout,
                     std::unique_ptr<log_reader> store, const limits& limits)
    : loop_(loop), layout_(std::move(layout)), store_(std::move(store)), limits_(limits) {}

result<> read_side::load() {
  auto offsets = store_->committed();
  if (!offsets) return offsets.error();
  for (const auto& offset : *offsets)
    set_committed(offset);
  auto loaded = reload_bounds();
  if (!loaded) return loaded.error();
  return {};
}

log_bounds read_side::bounds(log_index log) const {
  std::lock_guard lock(bounds_mutex_);
  return bounds_[log];
}

void read_side::set_end(log_index log, std::int64_t end) {
  std::lock_guard lock(bounds_mutex_);
  bounds_[log].end = end;
}

result<std::vector<log_index>> read_side::reload_bounds() {
  auto found = store_->bounds();
  if (!found) return found.error();
  std::lock_guard lock(bounds_mutex_);
  bounds_.resize(found->size());
  std::vector<log_index> grown;
  for (std::size_t i = 0; i < found->size(); ++i) {
    if ((*found)[i].end > bounds_[i].end) grown.push_back(static_cast<log_index>(i));
    // The writer may have announced more records since the store was read.
    bounds_[i] = {std::max(bounds_[i].start, (*found)[i].start),
                  std::max(bounds_[i].end, (*found)[i].end)};
  }
  return grown;
}

void read_side::announce(std::span<const log_index> grown) {
  for (auto& each : waiters_) {
    auto reads = [&each](log_index log) { return each.cursor.next.contains(log); };
    if (std::ranges::any_of(grown, reads)) each.woken.notify_all();
  }
}

void read_side::announce_group(const std::string& name, const std::string& topic) {
  auto place = groups_.find({name, topic});
  if (place == groups_.end()) return;
  for (auto& each : waiters_)
    if (each.member_of == &place->second) each.woken.notify_all();
}

void read_side::announce_all() {
  for (auto& each : waiters_)
    each.woken.notify_all();
}

void read_side::close() {
  closed_ = true;
  announce_all();
}

awaitable<void> read_side::wait_for_change(const log_cursor& cursor,
                                           const group_coordinator* member_of) {
  auto place = waiters_.emplace(waiters_.end(), loop_, cursor, member_of);
  co_await place->woken.wait();
  waiters_.erase(place);
}

result<std::vector<stored_record>> read_side::read(log_cursor& cursor) {
  auto turn = cursor.next.upper_bound(cursor.last);
  for (std::size_t i = 0; i < cursor.next.size(); ++i, ++turn) {
    if (turn == cursor.next.end()) turn = cursor.next.begin();
    auto log = turn->first;
    if (turn->second >= bounds(log).end) continue;
    auto records = read_log(cursor, log);
    if (!records) return records.error();
    if (records->empty()) continue;  // compaction removed everything up to the end
    cursor.set(log, records->back().offset + 1);
    cursor.last = log;
    return records;
  }
  return std::vector<stored_record>();
}

result<std::vector<stored_record>> read_side::read_log(log_cursor& cursor, log_index log) {
  while (true) {
    auto& offset = cursor.next[log];
    auto records = store_->read(log, offset, limits_.read_records, limits_.read_bytes);
    bool expired = !records && records.error().code == make_error_code(errc::out_of_range);
    if (!expired || !cursor.from_start.contains(log)) return records;
    auto grown = reload_bounds();
    if (!grown) return grown.error();
    announce(*grown);
    auto start = bounds(log).start;
    if (start <= offset) return records;
    offset = start;
  }
}

group_coordinator& read_side::group(const std::string& name, const std::string& topic) {
  auto place = groups_.find({name, topic});
  if (place != groups_.end()) return place->second;
  auto logs = layout_->find(topic).value();
  return groups_.emplace(std::pair(name, topic), group_coordinator(std::move(logs))).first->second;
}

void read_side::drop_group_if_empty(const std::string& name, const std::string& topic) {
  auto place = groups_.find({name, topic});
  if (place != groups_.end() && place->second.empty()) groups_.erase(place);
}

std::int64_t read_side::committed(const std::string& group, log_index log) const {
  auto place = committed_.find({group, log});
  return place == committed_.end() ? bounds(log).start : place->second;
}

void read_side::add_committed(log_cursor& cursor, const std::string& group, log_index log) const {
  auto place = committed_.find({group, log});
  if (place == committed_.end()) {
    cursor.add_whole(log, bounds(log).start);
  } else {
    cursor.set(log, place->second);
  }
}

void read_side::set_committed(const group_offset& offset) {
  committed_[{offset.group, offset.log}] = offset.next;
}

}  // namespace sonde::queue::local
