// Runs retention and compaction directly. A running queue does this on a timer.

#include "queue/embedded/sqlite_log.hpp"

#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/volatile_disk.hpp"

#include <chrono>
#include <map>
#include <string>
#include <thread>

namespace sonde::queue::embedded {
namespace {

using std::chrono::hours;

/// The writer and the reader of a file, without the threads of a queue.
struct both_sides {
  both_sides()
      : topics({{.name = "requests", .retention = hours(1), .keep_uncommitted = true},
                {.name = "progress", .retention = hours(1)},
                {.name = "state", .policy = cleanup::compact, .compaction_lag = hours(1)}},
               "test") {
    auto file = folder.path() / file_name;
    auto lock = folder_lock::take(folder.path());
    writer = make_sqlite_writer(file, std::move(*lock), disk_floor(folder.path(), bounds),
                                open_for_writing(file, topics).value(), topics)
                 .value();
    reader = make_sqlite_reader(file, open_for_reading(file, topics).value(), topics);
  }

  void put(local::log_index log, const std::string& key, const std::string& value) {
    std::vector<local::log_append> one{{log, {topics.spec(log).name, key, value, {}}}};
    REQUIRE(writer->write(one, {}, clock.now()).has_value());
  }
  void commit(local::log_index log, std::int64_t next) {
    std::vector<local::group_offset> one{{"group", log, next}};
    REQUIRE(writer->write({}, one, clock.now()).has_value());
  }
  void tidy() {
    int slices = 0;
    while (writer->maintain(clock.now()).value())
      REQUIRE(++slices < 1000);
  }
  std::map<std::int64_t, std::string> all(local::log_index log) {
    std::map<std::int64_t, std::string> out;
    for (auto& one : reader->read(log, start(log), 100'000, 1U << 30U).value()) {
      out[one.offset] = one.what.value;
    }
    return out;
  }
  std::int64_t start(local::log_index log) { return reader->bounds().value()[log].start; }

  test::temporary_folder folder;
  test::manual_clock clock;
  limits bounds;
  local::layout topics;
  std::unique_ptr<local::log_writer> writer;
  std::unique_ptr<local::log_reader> reader;
};

constexpr local::log_index requests = 0;
constexpr local::log_index progress = 1;
constexpr local::log_index state = 2;

}  // namespace

TEST_CASE("records older than the retention are removed, and reading them is out of range") {
  both_sides log;
  log.put(progress, "k", "old");
  log.clock.advance(hours(2));
  log.put(progress, "k", "new");
  log.tidy();
  CHECK(log.all(progress) == std::map<std::int64_t, std::string>{{1, "new"}});
  auto gone = log.reader->read(progress, 0, 10, 1000);
  REQUIRE(!gone.has_value());
  CHECK(gone.error().code == make_error_code(errc::out_of_range));
}

TEST_CASE("a record that no group has committed remains, however old it is") {
  both_sides log;
  for (int i = 0; i < 5; ++i)
    log.put(requests, "k", std::to_string(i));
  log.clock.advance(hours(2));
  log.tidy();
  CHECK(log.all(requests).size() == 5);
  log.commit(requests, 3);
  log.tidy();
  CHECK(log.start(requests) == 3);
  CHECK(log.all(requests).size() == 2);
}

TEST_CASE("an emptied log continues its offsets") {
  both_sides log;
  log.put(progress, "k", "old");
  log.clock.advance(hours(2));
  log.tidy();
  CHECK(log.all(progress).empty());
  log.put(progress, "k", "new");
  CHECK(log.all(progress) == std::map<std::int64_t, std::string>{{1, "new"}});
}

TEST_CASE("compaction keeps the newest record of each key and every young record") {
  both_sides log;
  for (int round = 0; round < 10; ++round) {
    for (int key = 0; key < 1000; ++key)
      log.put(state, std::to_string(key), std::to_string(round));
  }
  log.tidy();
  CHECK(log.all(state).size() == 10'000);
  log.clock.advance(hours(2));
  log.put(state, "7", "young");
  log.put(state, "7", "younger");
  log.tidy();
  auto left = log.all(state);
  CHECK(left.size() == 1001);
  CHECK(left.begin()->second == "9");
  CHECK(left.rbegin()->second == "younger");
  log.tidy();
  CHECK(log.all(state).size() == 1001);
}

TEST_CASE("compaction rereads the log when its old rows, not its young ones, have grown by half") {
  both_sides log;
  for (int key = 0; key < 1000; ++key)
    log.put(state, std::to_string(key), "first");
  log.clock.advance(hours(2));
  log.tidy();
  log.put(state, "twice", "older");
  log.put(state, "twice", "newer");
  log.clock.advance(hours(2));
  for (int key = 0; key < 1000; ++key)
    log.put(state, "young" + std::to_string(key), "first");
  log.tidy();
  CHECK(log.all(state).size() == 2002);
  log.clock.advance(hours(2));
  log.tidy();
  CHECK(log.all(state).size() == 2001);
}

TEST_CASE("a compaction pass ends although more rows become old enough meanwhile") {
  both_sides log;
  for (int i = 0; i < 1000; ++i) {
    log.put(state, std::to_string(i), "value");
    log.clock.advance(std::chrono::seconds(1));
  }
  log.clock.advance(hours(1) - std::chrono::seconds(500));
  int calls = 0;
  while (log.writer->maintain(log.clock.now()).value()) {
    log.clock.advance(std::chrono::seconds(1));
    REQUIRE(++calls < 50);
  }
}

TEST_CASE("a failed fsync of the background copy is an error of the writer") {
  test::use_volatile_disk();
  both_sides log;
  test::fail_syncs_of_files(true);
  auto now = [] { return std::chrono::steady_clock::now(); };
  auto until = now() + std::chrono::seconds(60);
  std::vector<local::log_append> large{{progress, {"progress", "k", {}, {}}}};
  large.front().what.value = std::string(800 * 1024, 'x');
  error failed;
  // A copy starts at 16 MiB. It syncs the file if nothing is written meanwhile.
  while (!failed.code && now() < until) {
    auto written = log.writer->write(large, {}, log.clock.now());
    if (!written) failed = written.error();
    auto quiet_until = now() + std::chrono::milliseconds(20);
    while (!failed.code && now() < quiet_until) {
      auto tidied = log.writer->maintain(log.clock.now());
      if (!tidied) failed = tidied.error();
      std::this_thread::yield();
    }
  }
  test::fail_syncs_of_files(false);
  CHECK(failed.code == make_error_code(errc::broken));
}

}  // namespace sonde::queue::embedded
