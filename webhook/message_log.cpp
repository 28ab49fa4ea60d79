#include "webhook/message_log.hpp"

#include "model/events.hpp"
#include "webhook/errc.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace sonde::webhook {
namespace {

std::map<std::int32_t, std::int64_t> by_partition(const std::vector<queue::position>& places) {
  std::map<std::int32_t, std::int64_t> out;
  for (const auto& each : places)
    out[each.partition] = each.offset;
  return out;
}

}  // namespace

/// A reader that `close` can cancel.
class message_log::open_reader {
 public:
  open_reader(message_log& log, std::string topic, std::vector<queue::position> from)
      : log_(log), reader_(log.queue_.read_from({std::move(topic)}, std::move(from))) {
    log_.open_.insert(reader_.get());
    if (log_.closed_) reader_->close();
  }
  ~open_reader() { log_.open_.erase(reader_.get()); }
  open_reader(const open_reader&) = delete;
  open_reader& operator=(const open_reader&) = delete;

  queue::reader* operator->() { return reader_.get(); }

 private:
  message_log& log_;
  std::unique_ptr<queue::reader> reader_;
};

awaitable<result<>> message_log::replay(std::set<std::int32_t> partitions, take_function take) {
  std::vector<std::string> topics{model::topics::webhook_deliveries};
  auto ends = co_await queue_.ends(topics);
  if (!ends) co_return ends.error();
  auto starts = co_await queue_.starts(topics);
  if (!starts) co_return starts.error();
  auto start = by_partition(*starts);
  std::map<std::int32_t, std::int64_t> left;
  std::vector<queue::position> from;
  for (const auto& end : *ends) {
    if (partitions.contains(end.partition) && start[end.partition] < end.offset) {
      left[end.partition] = end.offset;
    } else {
      from.push_back(end);
    }
  }
  if (left.empty()) co_return result<>();
  open_reader reader(*this, model::topics::webhook_deliveries, std::move(from));
  while (!left.empty()) {
    auto batch = co_await reader->read();
    if (!batch) co_return batch.error();
    for (const auto& one : *batch) {
      auto its = left.find(one.partition);
      if (its == left.end()) continue;
      // A record that cannot be parsed was not written by a dispatcher.
      if (auto state = model::parse_webhook_delivery(one.what.value)) {
        take(one.partition, std::move(*state));
      }
      if (one.offset + 1 >= its->second) left.erase(its);
    }
  }
  co_return result<>();
}

awaitable<result<queue::stored_record>> message_log::load(std::int32_t partition,
                                                          std::int64_t offset) {
  std::vector<std::string> topics{model::topics::webhook_requests};
  auto ends = co_await queue_.ends(topics);
  if (!ends) co_return ends.error();
  auto starts = co_await queue_.starts(topics);
  if (!starts) co_return starts.error();
  auto gone = fail(errc::unusable, "the message is no longer on its topic");
  if (by_partition(*starts)[partition] > offset) co_return gone;
  if (by_partition(*ends)[partition] <= offset) co_return gone;
  for (auto& each : *ends)
    if (each.partition == partition) each.offset = offset;
  open_reader reader(*this, model::topics::webhook_requests, std::move(*ends));
  while (true) {
    auto batch = co_await reader->read();
    if (!batch) co_return batch.error();
    for (auto& one : *batch) {
      if (one.partition != partition) continue;
      if (one.offset == offset) co_return std::move(one);
      co_return gone;
    }
  }
}

void message_log::close() {
  closed_ = true;
  for (auto* reader : open_)
    reader->close();
}

}  // namespace sonde::webhook
