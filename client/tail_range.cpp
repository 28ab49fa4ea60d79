#include "client/tail_range.hpp"

#include "client/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace sonde::client {
namespace {

constexpr auto no_end = std::numeric_limits<std::int64_t>::max();

struct kept_offsets {
  std::int64_t start = 0;
  std::int64_t end = 0;  ///< offset of the next record
};
using kept_by_partition = std::map<std::int32_t, kept_offsets>;

bool is_read(const tail_options& options, std::int32_t partition) {
  return !options.offset || options.offset->partition.value_or(partition) == partition;
}

/// Checks that the offset is in the range of the selected partitions together. A partition that
/// does not hold the offset starts at its nearest one.
result<> check_offset(const kept_by_partition& kept, const std::string& topic,
                      const tail_options& options) {
  if (!options.offset) return {};
  const auto& wanted = *options.offset;
  auto where = "every partition of " + topic;
  if (wanted.partition) {
    auto name = std::to_string(*wanted.partition);
    where = "partition " + name + " of " + topic;
    if (!kept.contains(*wanted.partition)) {
      return fail(errc::usage, fmt::format("--offset: there is no {}; its partitions are 0 to {}",
                                           where, kept.rbegin()->first));
    }
  }
  auto least = no_end;
  std::int64_t most = 0;
  for (const auto& [partition, offsets] : kept) {
    if (!is_read(options, partition)) continue;
    least = std::min(least, offsets.start);
    most = std::max(most, offsets.end);
  }
  if (least <= wanted.offset && wanted.offset <= most) return {};
  return fail(errc::usage, fmt::format("--offset: {} is out of range for {}; write a number from "
                                       "{} to {}, the offset of the next record",
                                       wanted.offset, where, least, most));
}

/// Returns the first selected offset of a partition.
std::int64_t first_of(const tail_options& options, const kept_offsets& kept) {
  if (options.offset) return options.offset->offset;
  return reads_existing(options) ? kept.start : kept.end;
}

}  // namespace

bool reads_existing(const tail_options& options) {
  return options.from_start || options.since || options.until || options.offset;
}

awaitable<result<tail_range>> tail_range::of(queue::backend& queue, std::string topic,
                                             tail_options options) {
  std::vector<std::string> topics{topic};
  auto ends = co_await queue.ends(topics);
  if (!ends) co_return ends.error();
  auto starts = co_await queue.starts(topics);
  if (!starts) co_return starts.error();
  kept_by_partition kept;
  for (const auto& end : *ends)
    kept[end.partition].end = end.offset;
  for (const auto& start : *starts)
    kept[start.partition].start = start.offset;
  auto fits = check_offset(kept, topic, options);
  if (!fits) co_return fits.error();
  tail_range out;
  out.since_ = options.since;
  out.until_ = options.until;
  for (const auto& [partition, offsets] : kept) {
    bool read = is_read(options, partition);
    auto first = first_of(options, offsets);
    auto from = read ? std::min(std::max(first, offsets.start), offsets.end) : offsets.end;
    auto end = options.follow ? no_end : offsets.end;
    // A partition without a position is read from its start, even if the start moves meanwhile.
    if (from > offsets.start) out.from_.push_back({topic, partition, from});
    if (read && from < end) out.left_[partition] = {first, end};
  }
  co_return out;
}

bool tail_range::take(const queue::stored_record& one) {
  auto found = left_.find(one.partition);
  if (found == left_.end()) return false;
  auto& partition = found->second;
  bool reached = partition.begun || one.offset >= partition.first;
  bool past = one.offset >= partition.end || (reached && until_ && one.time >= *until_);
  bool early = !reached || (!partition.begun && since_ && one.time < *since_);
  if (!past && !early) partition.begun = true;
  if (past || one.offset + 1 >= partition.end) left_.erase(found);
  return !past && !early;
}

}  // namespace sonde::client
