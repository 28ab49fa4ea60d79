// Measures `produce` alone: COROUTINES coroutines, each with one record at a time, no server and no
// reader.
//
// queue_produce embedded|memory FOLDER COROUTINES RECORDS
//
// The records are scan requests as the server writes them. Prints one JSON object.

#include "base/async/event_loop.hpp"
#include "base/async/task_group.hpp"
#include "daemon/topics.hpp"
#include "model/events.hpp"
#include "model/ids.hpp"
#include "model/text/json.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/memory/memory_queue.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

namespace sonde::bench {
namespace {

using microseconds = std::chrono::duration<double, std::micro>;

record request_number(std::uint32_t number, const clock& time) {
  model::scan_request request;
  auto address = "127." + std::to_string(1 + number / 65536) + "." +
                 std::to_string(number / 256 % 256) + "." + std::to_string(number % 256);
  request.target = model::target::parse(address).value();
  request.profile = "9";
  request.visibility = {"public"};
  request.key = model::key_of(request.target, request.profile, request.visibility);
  request.requested = time.now();
  return to_record(request, "bench-" + std::to_string(number));
}

class producers {
 public:
  producers(queue::backend& queue, const clock& time, std::uint32_t records)
      : queue_(queue), time_(time), records_(records) {
    latencies_.reserve(records);
  }

  awaitable<void> produce() {
    while (next_ < records_) {
      std::vector<record> batch;
      batch.push_back(request_number(next_++, time_));
      auto begun = time_.steady_now();
      auto written = co_await queue_.produce(std::move(batch));
      latencies_.push_back(microseconds(time_.steady_now() - begun).count());
      if (!written) ++failed_;
    }
  }

  model::json report(double seconds) {
    std::ranges::sort(latencies_);
    auto at = [&](double part) {
      auto index = static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1));
      return latencies_[index] / 1000;
    };
    return {{"records", records_},
            {"failed", failed_},
            {"seconds", seconds},
            {"p50_ms", at(0.5)},
            {"p99_ms", at(0.99)}};
  }

 private:
  queue::backend& queue_;
  const clock& time_;
  std::uint32_t records_;
  std::uint32_t next_ = 0;
  std::uint32_t failed_ = 0;
  std::vector<double> latencies_;
};

int measure(const std::string& backend, const std::string& folder, std::uint32_t coroutines,
            std::uint32_t records) {
  system_clock time;
  logger log(log_level::warning);
  queue::limits bounds;
  auto topics = daemon::all_topics(1);
  auto queue = backend == "memory"
                   ? queue::make_memory_queue(topics, "sonde", time, bounds, log)
                   : queue::open_embedded_queue(folder, topics, "sonde", time, bounds, log);
  if (!queue) {
    std::cerr << queue.error().message() << "\n";
    return 1;
  }
  event_loop loop("producers");
  task_group group(loop.get_executor(), log, "producers");
  producers all(**queue, time, records);
  for (std::uint32_t i = 0; i < coroutines; ++i)
    group.spawn(all.produce());
  auto begun = time.steady_now();
  auto ended = asio::co_spawn(loop.get_executor(), group.join(), asio::use_future);
  loop.start();
  ended.get();
  std::chrono::duration<double> seconds = time.steady_now() - begun;
  loop.join();
  std::cout << all.report(seconds.count()).dump() << "\n";
  (*queue)->close();
  return 0;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: queue_produce embedded|memory FOLDER COROUTINES RECORDS\n";
    return 64;
  }
  return sonde::bench::measure(argv[1], argv[2], static_cast<std::uint32_t>(std::stoul(argv[3])),
                               static_cast<std::uint32_t>(std::stoul(argv[4])));
}
