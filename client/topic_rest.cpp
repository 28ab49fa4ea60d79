#include "client/topic_rest.hpp"

#include "client/errc.hpp"

namespace sonde::client {

awaitable<result<topic_rest>> topic_rest::of(queue::backend& queue, std::string topic) {
  std::vector<std::string> topics{std::move(topic)};
  auto ends = co_await queue.ends(topics);
  if (!ends) co_return ends.error();
  auto starts = co_await queue.starts(topics);
  if (!starts) co_return starts.error();
  topic_rest out;
  for (const auto& end : *ends)
    out.ends_[end.partition] = end.offset;
  for (const auto& start : *starts) {
    if (start.offset >= out.ends_[start.partition]) out.ends_.erase(start.partition);
  }
  co_return out;
}

bool topic_rest::take(const queue::stored_record& one) {
  auto end = ends_.find(one.partition);
  if (end == ends_.end()) return false;
  if (one.offset + 1 >= end->second) ends_.erase(end);
  return true;
}

awaitable<result<>> read_all(queue::backend& queue, std::string topic, record_function take) {
  auto rest = co_await topic_rest::of(queue, topic);
  if (!rest) co_return rest.error();
  std::vector<std::string> topics{std::move(topic)};
  auto reader = queue.read_from(std::move(topics), {});
  while (!rest->over()) {
    auto batch = co_await reader->read();
    if (!batch) co_return batch.error();
    for (const auto& one : *batch) {
      if (rest->take(one)) take(one);
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
