#include "queue/consume.hpp"

#include "queue/errc.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sonde::queue {
namespace {

constexpr retry_policy read_retries{std::chrono::milliseconds(200),
                                    std::chrono::milliseconds(5'000)};

/// Returns true if the owner closed the queue. Closing is not a failure.
bool was_closed(const error& why) {
  return why.code == make_error_code(errc::closed);
}

awaitable<void> hand_over(const consume_handler& to, delivery what) {
  if (auto* ours = std::get_if<assigned>(&what)) {
    co_await to.assigned(std::move(ours->partitions));
  } else if (auto* gone = std::get_if<queue::revoked>(&what)) {
    co_await to.revoked(std::move(*gone));
  } else {
    co_await to.records(std::move(std::get<std::vector<stored_record>>(what)));
  }
}

}  // namespace

awaitable<result<>> consume(consumer& from, consume_handler to, stop_signal& stop, logger& log,
                            std::string what) {
  std::function<awaitable<result<delivery>>()> read = [&from] { return from.next(); };
  while (!stop.requested()) {
    auto next = co_await retry(read_retries, stop, log, what, read);
    if (next) {
      co_await hand_over(to, std::move(*next));
      continue;
    }
    if (stop.requested() || was_closed(next.error())) break;
    log.error(what, {{"reason", next.error().message()}});
    co_return next.error();
  }
  co_return result<>();
}

awaitable<result<>> follow(reader& from, take_function take, stop_signal& stop, logger& log,
                           std::string what) {
  std::function<awaitable<result<std::vector<stored_record>>>()> read = [&from] {
    return from.read();
  };
  while (!stop.requested()) {
    auto batch = co_await retry(read_retries, stop, log, what, read);
    if (batch) {
      co_await take(std::move(*batch));
      continue;
    }
    if (stop.requested() || was_closed(batch.error())) break;
    log.error(what, {{"reason", batch.error().message()}});
    co_return batch.error();
  }
  co_return result<>();
}

std::vector<position> positions_after(const std::vector<stored_record>& records) {
  std::map<std::pair<std::string, std::int32_t>, position> next;
  for (const auto& one : records) {
    auto& place = next[{one.what.topic, one.partition}];
    if (place.offset <= one.offset) place = {one.what.topic, one.partition, one.offset + 1};
  }
  std::vector<position> out;
  out.reserve(next.size());
  for (auto& each : next)
    out.push_back(std::move(each.second));
  return out;
}

}  // namespace sonde::queue
