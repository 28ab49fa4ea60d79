#include "queue/produce_all.hpp"

#include "queue/errc.hpp"
#include "queue/record_size.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace sonde::queue {
namespace {

constexpr retry_policy write_retries{std::chrono::milliseconds(100),
                                     std::chrono::milliseconds(5'000)};
/// The size of one part of a batch: small enough to let other writers in between, and far below
/// `limits::produce_pending_bytes`.
constexpr std::size_t part_records = 2'000;
constexpr std::size_t part_bytes = 8u << 20;

/// Returns the number of records from the front that form the next part; at least one.
std::size_t next_part(std::span<const record> rest) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (; count < rest.size() && count < part_records; ++count) {
    bytes += size_of(rest[count]);
    if (count > 0 && bytes > part_bytes) break;
  }
  return count;
}

using places_result = result<std::vector<position>>;

awaitable<places_result> produce_part(sink& to, std::vector<record> part, stop_signal& stop,
                                      logger& log, std::string what) {
  std::function<awaitable<places_result>()> write = [&to, part = std::move(part)] {
    return to.produce(part);
  };
  co_return co_await retry(write_retries, stop, log, std::move(what), std::move(write));
}

}  // namespace

bool blames_the_record(const error& why) {
  return why.code == make_error_code(errc::too_large);
}

awaitable<result<produced>> produce_all(sink& to, std::vector<record> batch, stop_signal& stop,
                                        logger& log, std::string what) {
  produced out;
  std::size_t most = batch.size();  // is halved around a refused record
  for (std::size_t begin = 0; begin < batch.size();) {
    auto rest = std::span<const record>(batch).subspan(begin);
    auto count = std::min(next_part(rest), most);
    std::vector<record> part(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
    auto places = co_await produce_part(to, std::move(part), stop, log, what);
    if (places) {
      std::ranges::move(*places, std::back_inserter(out.places));
      begin += count;
      continue;
    }
    if (!blames_the_record(places.error())) co_return places.error();
    if (count > 1) {
      most = count / 2;
      continue;
    }
    log.error(what + "; skipping this record", {{"topic", batch[begin].topic},
                                                {"key", batch[begin].key},
                                                {"reason", places.error().message()}});
    out.refused.push_back({begin, places.error()});
    ++begin;
    most = batch.size();
  }
  co_return out;
}

}  // namespace sonde::queue
