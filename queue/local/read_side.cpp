#include "queue/local/read_side.hpp"

#include <algorithm>

namespace sonde::queue::local {

read_side::read_side(executor loop, std::shared_ptr<const local::layout> layout,
                     std::unique_ptr<log_reader> store, const limits& limits)
    : loop_(loop),
      layout_(std::move(layout)),
      store_(std::move(store)),
      limits_(limits),
      changed_(loop) {}

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

result<bool> read_side::reload_bounds() {
  auto found = store_->bounds();
  if (!found) return found.error();
  std::lock_guard lock(bounds_mutex_);
  bounds_.resize(found->size());
  bool grown = false;
  for (std::size_t i = 0; i < found->size(); ++i) {
    // The writer may have announced more since the store was asked.
    grown = grown || (*found)[i].end > bounds_[i].end;
    bounds_[i] = {std::max(bounds_[i].start, (*found)[i].start),
                  std::max(bounds_[i].end, (*found)[i].end)};
  }
  return grown;
}

void read_side::close() {
  closed_ = true;
  announce();
}

awaitable<void> read_side::wait_for_change() {
  ++waiting_;
  co_await changed_.wait();
  --waiting_;
}

result<std::vector<stored_record>> read_side::read(log_cursor& cursor) {
  auto turn = cursor.next.upper_bound(cursor.last);
  for (std::size_t i = 0; i < cursor.next.size(); ++i, ++turn) {
    if (turn == cursor.next.end()) turn = cursor.next.begin();
    auto& [log, offset] = *turn;
    if (offset >= bounds(log).end) continue;
    auto records = store_->read(log, offset, limits_.read_records, limits_.read_bytes);
    if (!records) return records.error();
    if (records->empty()) continue;  // compacted away up to the end
    offset = records->back().offset + 1;
    cursor.last = log;
    return records;
  }
  return std::vector<stored_record>();
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

void read_side::set_committed(const group_offset& offset) {
  committed_[{offset.group, offset.log}] = offset.next;
}

}  // namespace sonde::queue::local
