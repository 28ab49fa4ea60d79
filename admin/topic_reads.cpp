#include "admin/topic_reads.hpp"

#include "admin/errc.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace sonde::admin {

awaitable<result<>> read_all(queue::backend& queue, std::string topic, record_function take) {
  std::vector<std::string> topics{std::move(topic)};
  auto ends = co_await queue.ends(topics);
  if (!ends) co_return ends.error();
  auto starts = co_await queue.starts(topics);
  if (!starts) co_return starts.error();
  std::map<std::int32_t, std::int64_t> first;
  for (const auto& start : *starts)
    first[start.partition] = start.offset;
  std::map<std::int32_t, std::int64_t> left;  // the end of each partition that holds records
  for (const auto& end : *ends) {
    if (first[end.partition] < end.offset) left[end.partition] = end.offset;
  }
  std::vector<queue::position> from_start;
  auto reader = queue.read_from(std::move(topics), std::move(from_start));
  while (!left.empty()) {
    auto batch = co_await reader->read();
    if (!batch) co_return batch.error();
    for (const auto& one : *batch) {
      auto partition = left.find(one.partition);
      if (partition == left.end()) continue;
      if (one.offset < partition->second) take(one);
      if (one.offset + 1 >= partition->second) left.erase(partition);
    }
  }
  co_return result<>();
}

awaitable<result<queue::stored_record>> read_one(queue::backend& queue, queue::position place) {
  auto gone = fail(errc::not_found, fmt::format("the record at {} {}:{} is no longer kept",
                                                place.topic, place.partition, place.offset));
  std::vector<std::string> topics{place.topic};
  auto starts = co_await queue.starts(topics);
  if (!starts) co_return starts.error();
  auto ends = co_await queue.ends(topics);
  if (!ends) co_return ends.error();
  bool kept = false;
  for (const auto& start : *starts) {
    if (start.partition == place.partition) kept = start.offset <= place.offset;
  }
  std::vector<queue::position> from = std::move(*ends);
  for (auto& each : from) {
    if (each.partition != place.partition) continue;
    kept = kept && place.offset < each.offset;
    each.offset = place.offset;
  }
  if (!kept) co_return gone;
  auto reader = queue.read_from(std::move(topics), std::move(from));
  while (true) {
    auto batch = co_await reader->read();
    if (!batch) co_return batch.error();
    for (auto& one : *batch) {
      if (one.partition != place.partition) continue;
      if (one.offset == place.offset) co_return std::move(one);
      co_return gone;
    }
  }
}

}  // namespace sonde::admin
