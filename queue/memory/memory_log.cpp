#include "queue/memory/memory_log.hpp"

#include "queue/errc.hpp"
#include "queue/local/repeats.hpp"
#include "queue/record_size.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace sonde::queue {
namespace {

using local::group_offset;
using local::log_append;
using local::log_bounds;
using local::log_index;

/// Records of one partition. Compaction leaves gaps, so each record carries its offset.
struct memory_log {
  std::deque<stored_record> records;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::size_t bytes = 0;  ///< of `records`
  /// The kept records of each mark, and the offset that repeat removal has reached. Used for topics
  /// with repeat removal only.
  std::map<std::array<std::byte, 16>, local::kept_repeats> repeats;
  std::int64_t looked_at_to = 0;
  std::int64_t forgotten_to = 0;  ///< start of the log at the last removal of expired marks
};

/// The logs. Writer and reader share them on one thread.
struct memory_store {
  explicit memory_store(local::layout l) : layout(std::move(l)), logs(layout.logs()) {}

  local::layout layout;
  std::vector<memory_log> logs;
  std::map<std::pair<std::string, log_index>, std::int64_t> committed;
};

class memory_writer final : public local::log_writer {
 public:
  explicit memory_writer(std::shared_ptr<memory_store> store)
      : store_(std::move(store)), sizes_(store_->logs.size()) {
    note_sizes();
  }

  result<std::vector<std::int64_t>> write(std::span<const log_append> records,
                                          std::span<const group_offset> commits,
                                          wall_time now) override {
    std::vector<std::int64_t> offsets;
    offsets.reserve(records.size());
    for (const auto& one : records) {
      auto& log = store_->logs[one.log];
      offsets.push_back(log.end++);
      log.bytes += size_of(one.what);
      log.records.push_back({one.what, store_->layout.partition(one.log), offsets.back(), now});
    }
    for (const auto& c : commits)
      store_->committed[{c.group, c.log}] = c.next;
    note_sizes();
    return offsets;
  }

  result<bool> maintain(wall_time now) override {
    for (log_index i = 0; i < store_->layout.logs(); ++i) {
      const auto& spec = store_->layout.spec(i);
      if (spec.policy == cleanup::compact) {
        compact(store_->logs[i], now - spec.compaction_lag);
      } else {
        remove_old(i, now);
        if (spec.repeats) remove_repeats(store_->logs[i], spec, now - spec.compaction_lag);
      }
    }
    note_sizes();
    return false;
  }

  [[nodiscard]] const local::log_sizes& sizes() const override { return sizes_; }

 private:
  void note_sizes() {
    for (log_index i = 0; i < store_->logs.size(); ++i)
      sizes_.set(i, static_cast<std::int64_t>(store_->logs[i].bytes));
  }

  static void compact(memory_log& log, wall_time before) {
    std::unordered_map<std::string, std::int64_t> newest;
    for (const auto& r : log.records)
      newest[r.what.key] = r.offset;
    std::erase_if(log.records, [&](const stored_record& r) {
      bool goes = r.time < before && newest[r.what.key] != r.offset;
      if (goes) log.bytes -= size_of(r.what);
      return goes;
    });
  }

  void remove_old(log_index index, wall_time now) {
    auto& log = store_->logs[index];
    const auto& spec = store_->layout.spec(index);
    auto keep_from = spec.keep_uncommitted ? uncommitted_from(index) : log.end;
    auto goes = [&](const stored_record& first) {
      bool old = spec.retention.count() > 0 && first.time < now - spec.retention;
      bool too_much = spec.retention_bytes > 0 && log.bytes > spec.retention_bytes;
      return (old || too_much) && first.offset < keep_from;
    };
    while (!log.records.empty() && goes(log.records.front())) {
      log.bytes -= size_of(log.records.front().what);
      log.start = log.records.front().offset + 1;
      log.records.pop_front();
    }
  }

  static void remove_repeats(memory_log& log, const topic_spec& spec, wall_time before) {
    if (log.start - log.forgotten_to > (log.end - log.start) / 2) forget_expired(log);
    std::set<std::int64_t> gone;
    auto next = std::ranges::lower_bound(log.records, log.looked_at_to, {}, &stored_record::offset);
    for (; next != log.records.end() && next->time < before; ++next) {
      log.looked_at_to = next->offset + 1;
      auto mark = spec.repeats(next->what);
      if (!mark) continue;
      auto known = log.repeats.find(mark->said);
      auto kept = known == log.repeats.end() ? std::nullopt : kept_from(log.start, known->second);
      if (auto one = take_in(kept, {mark->time, next->offset})) gone.insert(*one);
      log.repeats.insert_or_assign(mark->said, *kept);
    }
    if (gone.empty()) return;
    std::erase_if(log.records, [&](const stored_record& one) {
      bool goes = gone.contains(one.offset);
      if (goes) log.bytes -= size_of(one.what);
      return goes;
    });
  }

  static void forget_expired(memory_log& log) {
    std::erase_if(log.repeats, [&](const auto& one) { return !kept_from(log.start, one.second); });
    log.forgotten_to = log.start;
  }

  /// Returns the first offset that some group has not processed; the start if there is no group.
  [[nodiscard]] std::int64_t uncommitted_from(log_index index) const {
    std::optional<std::int64_t> first;
    for (const auto& [place, next] : store_->committed) {
      if (place.second == index) first = std::min(first.value_or(next), next);
    }
    return first.value_or(0);
  }

  std::shared_ptr<memory_store> store_;
  local::log_sizes sizes_;
};

class memory_reader final : public local::log_reader {
 public:
  explicit memory_reader(std::shared_ptr<memory_store> store) : store_(std::move(store)) {}

  result<std::vector<stored_record>> read(log_index index, std::int64_t from, std::size_t records,
                                          std::size_t bytes) override {
    const auto& log = store_->logs[index];
    const auto& spec = store_->layout.spec(index);
    if (spec.policy == cleanup::remove && from < log.start) {
      return fail(
          errc::out_of_range,
          fmt::format("offset {} of {} is no longer kept; the first offset that is kept is {}",
                      from, spec.name, log.start));
    }
    std::vector<stored_record> out;
    std::size_t size = 0;
    auto first = std::ranges::lower_bound(log.records, from, {}, &stored_record::offset);
    for (; first != log.records.end() && out.size() < records && size < bytes; ++first) {
      size += first->what.key.size() + first->what.value.size();
      out.push_back(*first);
    }
    return out;
  }

  result<std::vector<log_bounds>> bounds() override {
    std::vector<log_bounds> out;
    for (const auto& log : store_->logs)
      out.push_back({log.start, log.end});
    return out;
  }

  result<std::vector<group_offset>> committed() override {
    std::vector<group_offset> out;
    for (const auto& [place, next] : store_->committed) {
      out.push_back({place.first, place.second, next});
    }
    return out;
  }

 private:
  std::shared_ptr<memory_store> store_;
};

}  // namespace

local::log_store make_memory_store(const local::layout& layout) {
  auto store = std::make_shared<memory_store>(layout);
  return {std::make_unique<memory_writer>(store), std::make_unique<memory_reader>(store), "memory",
          false};
}

}  // namespace sonde::queue
