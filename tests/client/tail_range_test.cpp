#include "client/tail_range.hpp"

#include "client/errc.hpp"
#include "client/read_commands.hpp"
#include "model/text/json.hpp"
#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

#include <algorithm>
#include <sstream>

namespace sonde::client {
namespace {

using std::chrono::seconds;

/// A topic of three partitions: records of 0, 10, 20, 30 and 40 seconds in the first, of 5 and 25
/// seconds in the second, none in the third.
struct timed_records {
  timed_records() {
    std::vector<queue::topic_spec> topics = {{.name = "work", .partitions = 3}};
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
    for (int second = 0; second <= 40; second += 5) {
      if (second % 10 == 0) put(0);
      if (second == 5 || second == 25) put(1);
      clock.advance(seconds(5));
    }
  }
  ~timed_records() { queue->close(); }
  timed_records(const timed_records&) = delete;
  timed_records& operator=(const timed_records&) = delete;

  void put(std::int32_t partition) {
    REQUIRE(test::run(queue->produce_to(partition, {"work", "k", "{}", {}})));
  }
  [[nodiscard]] wall_time at(int second) const { return begun + seconds(second); }

  /// Runs the command; returns its exit code. `places` has what was printed, `0:1 0:2`, by
  /// partition.
  int tail(tail_options options) {
    options.topic = "work";
    test::captured_output captured;
    int code = -1;
    {
      terminal screen(output_form::json);
      tail_command command(*queue, screen, std::move(options));
      code = test::run(command.run());
    }
    err = captured.err();
    std::vector<std::string> all;
    std::istringstream lines(captured.out());
    for (std::string line; std::getline(lines, line);) {
      auto record = model::parse_own(line);
      all.push_back(std::to_string(record["partition"].get<int>()) + ":" +
                    std::to_string(record["offset"].get<int>()));
    }
    std::ranges::sort(all);
    places.clear();
    for (const auto& each : all)
      places += (places.empty() ? "" : " ") + each;
    return code;
  }

  queue::limits bounds;
  test::manual_clock clock;
  wall_time begun = clock.now();
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::string places;
  std::string err;
};

}  // namespace

TEST_CASE_FIXTURE(timed_records, "--since sets the first record of each partition") {
  CHECK(tail({.since = at(20)}) == exit_code::done);
  CHECK(places == "0:2 0:3 0:4 1:1");
  CHECK(err.empty());
  CHECK(tail({.since = at(20) + std::chrono::milliseconds(1)}) == exit_code::done);
  CHECK(places == "0:3 0:4 1:1");
  CHECK(tail({.since = at(-1)}) == exit_code::done);
  CHECK(places == "0:0 0:1 0:2 0:3 0:4 1:0 1:1");
  CHECK(tail({.since = at(41)}) == exit_code::done);
  CHECK(places.empty());
}

TEST_CASE_FIXTURE(timed_records,
                  "--until sets the end of each partition, which excludes that time") {
  CHECK(tail({.until = at(20)}) == exit_code::done);
  CHECK(places == "0:0 0:1 1:0");
  CHECK(tail({.from_start = true, .until = at(1'000)}) == exit_code::done);
  CHECK(places == "0:0 0:1 0:2 0:3 0:4 1:0 1:1");
  CHECK(tail({.until = at(0)}) == exit_code::done);
  CHECK(places.empty());
  CHECK(tail({.since = at(10), .until = at(30)}) == exit_code::done);
  CHECK(places == "0:1 0:2 1:1");
  CHECK(tail({.until = at(30), .offset = tail_offset{.offset = 1}}) == exit_code::done);
  CHECK(places == "0:1 0:2 1:1");
}

TEST_CASE_FIXTURE(timed_records,
                  "all records after the first match are printed, whatever their own time is") {
  clock.advance(-seconds(44));  // the machine's clock was set back
  put(0);
  CHECK(tail({.since = at(40)}) == exit_code::done);
  CHECK(places == "0:4 0:5");
}

TEST_CASE_FIXTURE(timed_records,
                  "--offset sets the first record of every partition, or of the named one") {
  CHECK(tail({.offset = tail_offset{.offset = 1}}) == exit_code::done);
  CHECK(places == "0:1 0:2 0:3 0:4 1:1");
  CHECK(tail({.offset = tail_offset{.offset = 4}}) == exit_code::done);
  CHECK(places == "0:4");
  CHECK(tail({.offset = tail_offset{.partition = 1, .offset = 0}}) == exit_code::done);
  CHECK(places == "1:0 1:1");
  // The offset of the next record is accepted, so that a reader can continue there.
  CHECK(tail({.offset = tail_offset{.partition = 1, .offset = 2}}) == exit_code::done);
  CHECK(places.empty());
  CHECK(tail({.offset = tail_offset{.partition = 2, .offset = 0}}) == exit_code::done);
  CHECK(places.empty());
}

TEST_CASE_FIXTURE(timed_records, "an offset out of range is refused with the valid range") {
  CHECK(tail({.offset = tail_offset{.partition = 1, .offset = 3}}) == exit_code::usage);
  CHECK(err ==
        "sonde: --offset: 3 is out of range for partition 1 of work; write a number from 0 to 2, "
        "the offset of the next record\n");
  CHECK(tail({.offset = tail_offset{.offset = 99}}) == exit_code::usage);
  CHECK(err ==
        "sonde: --offset: 99 is out of range for every partition of work; write a number from 0 to "
        "5, the offset of the next record\n");
  CHECK(tail({.offset = tail_offset{.partition = 3, .offset = 0}}) == exit_code::usage);
  CHECK(err == "sonde: --offset: there is no partition 3 of work; its partitions are 0 to 2\n");
}

TEST_CASE_FIXTURE(timed_records,
                  "--follow from an offset leaves out earlier records that arrive later") {
  tail_options options{.offset = tail_offset{.offset = 1}, .follow = true};
  auto range = test::run(tail_range::of(*queue, "work", options)).value();
  auto is_taken = [&range](std::int32_t partition, std::int64_t offset) {
    queue::stored_record one;
    one.partition = partition;
    one.offset = offset;
    return range.take(one);
  };
  CHECK(!is_taken(2, 0));
  CHECK(is_taken(2, 1));
  CHECK(is_taken(0, 1));
  CHECK(is_taken(0, 1'000'000));
  CHECK(!range.over());
  options.offset->partition = 1;
  range = test::run(tail_range::of(*queue, "work", options)).value();
  CHECK(!is_taken(0, 1'000'000));
  CHECK(is_taken(1, 1));
  CHECK(!range.over());
}

TEST_CASE_FIXTURE(timed_records, "later records are printed only with --follow") {
  auto range = test::run(tail_range::of(*queue, "work", {.from_start = true})).value();
  CHECK(range.from().empty());
  queue::stored_record next;
  next.offset = 5;
  CHECK(!range.take(next));
  auto nothing = test::run(tail_range::of(*queue, "work", {})).value();
  CHECK(nothing.over());
  CHECK(nothing.from() == std::vector<queue::position>{{"work", 0, 5}, {"work", 1, 2}});
}

}  // namespace sonde::client
