#include "client/topic_reads.hpp"

#include "client/errc.hpp"
#include "client/tail_range.hpp"

namespace sonde::client {

awaitable<result<>> read_all(queue::backend& queue, std::string topic, record_function take) {
  tail_options whole;
  whole.from_start = true;
  auto range = co_await tail_range::of(queue, topic, std::move(whole));
  if (!range) co_return range.error();
  std::vector<std::string> topics{std::move(topic)};
  auto reader = queue.read_from(std::move(topics), range->from());
  while (!range->over()) {
    auto batch = co_await reader->read();
    if (!batch) co_return batch.error();
    for (const auto& one : *batch) {
      if (range->take(one)) take(one);
    }
  }
  co_return result<>();
}

awaitable<result<queue::stored_record>> read_one(queue::backend& queue, queue::position place) {
  auto gone =
      fail(errc::not_found, "the record at " + place.topic + " " + std::to_string(place.partition) +
                                ":" + std::to_string(place.offset) + " is no longer kept");
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

}  // namespace sonde::client
