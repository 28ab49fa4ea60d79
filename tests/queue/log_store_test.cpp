// Runs retention directly on every store for one machine. A running queue does this on a timer.

#include "queue/embedded/sqlite_log.hpp"
#include "queue/errc.hpp"
#include "queue/memory/memory_log.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sonde::queue {
namespace {

using std::chrono::hours;

constexpr std::size_t value_bytes = 1'000;
constexpr local::log_index sized = 0;
constexpr local::log_index both = 1;
constexpr local::log_index waited_for = 2;
constexpr local::log_index endless = 3;
constexpr local::log_index repeated = 4;
constexpr local::log_index repeated_and_sized = 5;
constexpr local::log_index compacted = 6;

/// Reads a value of the form `text@seconds`.
std::optional<repeat_mark> repeat_in_test(const record& one) {
  auto at = one.value.find('@');
  if (at == std::string::npos) return std::nullopt;
  repeat_mark out;
  for (std::size_t i = 0; i < std::min(at, out.said.size()); ++i)
    out.said[i] = static_cast<std::byte>(one.value[i]);
  out.time = wall_time(std::chrono::seconds(std::stoi(one.value.substr(at + 1))));
  return out;
}

local::layout kept_topics() {
  return {{{.name = "sized", .retention_bytes = 10'500},
           {.name = "both", .retention = hours(1), .retention_bytes = 10'500},
           {.name = "waited.for", .keep_uncommitted = true, .retention_bytes = 10'500},
           {.name = "endless"},
           {.name = "repeated", .compaction_lag = hours(1), .repeats = &repeat_in_test},
           {.name = "repeated.and.sized",
            .compaction_lag = hours(1),
            .retention_bytes = 10'500,
            .repeats = &repeat_in_test},
           {.name = "compacted", .policy = cleanup::compact, .compaction_lag = hours(1)}},
          "test"};
}

/// A store and the settings that open it. A durable store keeps its records across `open`.
struct store_under_test {
  explicit store_under_test(bool on_disk) : durable(on_disk) { open(); }

  void open() {
    sides = {};
    if (!durable) {
      sides = make_memory_store(kept_topics());
      return;
    }
    auto file = folder.path() / embedded::file_name;
    auto lock = embedded::folder_lock::take(folder.path());
    auto writing = embedded::open_for_writing(file, kept_topics());
    sides.writer = embedded::make_sqlite_writer(file, std::move(*lock),
                                                embedded::disk_floor(folder.path(), bounds),
                                                std::move(*writing), kept_topics())
                       .value();
    sides.reader = embedded::make_sqlite_reader(
        file, embedded::open_for_reading(file, kept_topics()).value(), kept_topics());
  }
  void put(local::log_index log, int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<local::log_append> one{{log, {"", "k", std::string(value_bytes, 'v'), {}}}};
      REQUIRE(sides.writer->write(one, {}, clock.now()).has_value());
    }
  }
  void say(local::log_index log, const std::string& what, int second) {
    std::vector<local::log_append> one{{log, {"", "k", what + '@' + std::to_string(second), {}}}};
    REQUIRE(sides.writer->write(one, {}, clock.now()).has_value());
  }
  /// Puts records of which no two repeat each other.
  void fill(local::log_index log, int count) {
    for (int i = 0; i < count; ++i)
      say(log, "f" + std::to_string(next_filler++), 0);
  }
  /// The records that remain, without the fillers.
  std::vector<std::string> left(local::log_index log) {
    std::vector<std::string> out;
    for (auto& one : sides.reader->read(log, start(log), 100'000, 1U << 30U).value()) {
      if (!one.what.value.starts_with("f")) out.push_back(std::move(one.what.value));
    }
    return out;
  }
  void commit(local::log_index log, std::int64_t next) {
    std::vector<local::group_offset> one{{"group", log, next}};
    REQUIRE(sides.writer->write({}, one, clock.now()).has_value());
  }
  void tidy() {
    // Another thread does a part of the work.
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (sides.writer->maintain(clock.now()).value()) {
      REQUIRE(std::chrono::steady_clock::now() < until);
      std::this_thread::yield();
    }
  }
  std::int64_t start(local::log_index log) { return sides.reader->bounds().value()[log].start; }
  /// Checks that the size reported for each log equals the size of its records.
  void check_bytes() {
    for (local::log_index log = 0; log < kept_topics().logs(); ++log) {
      std::uint64_t bytes = 0;
      for (const auto& one : sides.reader->read(log, start(log), 100'000, 1U << 30U).value())
        bytes += one.what.key.size() + one.what.value.size();
      CAPTURE(log);
      CHECK(sides.writer->sizes().of(log) == bytes);
    }
  }

  bool durable;
  test::temporary_folder folder;
  test::manual_clock clock;
  limits bounds;
  local::log_store sides;
  int next_filler = 0;
};

void for_each_store(const std::function<void(store_under_test&)>& check) {
  for (bool durable : {false, true}) {
    CAPTURE(durable);
    store_under_test store(durable);
    check(store);
  }
}

}  // namespace

TEST_CASE(
    "above its byte limit a topic drops its oldest records, and reading them is out of range") {
  for_each_store([](store_under_test& store) {
    store.put(sized, 10);
    store.tidy();
    CHECK(store.start(sized) == 0);
    store.put(sized, 15);
    store.tidy();
    CHECK(store.start(sized) == 15);
    auto gone = store.sides.reader->read(sized, 0, 10, 1000);
    REQUIRE(!gone.has_value());
    CHECK(gone.error().code == make_error_code(errc::out_of_range));
    store.put(sized, 1);
    store.tidy();
    CHECK(store.start(sized) == 16);
  });
}

TEST_CASE("a log reports the size of its records, after any removal and after reopening") {
  for_each_store([](store_under_test& store) {
    for (int round = 0; round < 2; ++round) {
      store.put(sized, 25);
      store.put(both, 5);
      store.put(endless, 3);
      store.put(compacted, 7);
      store.say(repeated, "a", round);
      store.fill(repeated, 200);
      if (round == 0) store.check_bytes();
      store.clock.advance(hours(2));
      store.put(both, 1);
      store.put(compacted, 2);
      store.tidy();
      store.check_bytes();
      if (!store.durable) continue;
      store.open();
      CHECK_FALSE(store.sides.writer->sizes().of(endless).has_value());
    }
    store.tidy();
    store.check_bytes();
  });
}

TEST_CASE("a topic with a byte limit and an age limit applies whichever it reaches first") {
  for_each_store([](store_under_test& store) {
    store.put(both, 5);
    store.clock.advance(hours(2));
    store.put(both, 5);
    store.tidy();
    CHECK(store.start(both) == 5);
    store.put(both, 10);
    store.tidy();
    CHECK(store.start(both) == 10);
  });
}

TEST_CASE("the byte limit removes no record that a group has not committed") {
  for_each_store([](store_under_test& store) {
    store.put(waited_for, 30);
    store.tidy();
    CHECK(store.start(waited_for) == 0);
    store.commit(waited_for, 7);
    store.tidy();
    CHECK(store.start(waited_for) == 7);
    store.commit(waited_for, 30);
    store.tidy();
    CHECK(store.start(waited_for) == 20);
  });
}

TEST_CASE("a topic without retention keeps every record") {
  for_each_store([](store_under_test& store) {
    store.put(endless, 30);
    store.clock.advance(hours(100'000));
    store.tidy();
    CHECK(store.start(endless) == 0);
  });
}

TEST_CASE("of repeated records the oldest and the newest by reported time remain") {
  for_each_store([](store_under_test& store) {
    for (int second : {5, 6, 4, 9, 3, 9})
      store.say(repeated, "a", second);
    store.say(repeated, "b", 1);
    store.put(repeated, 2);
    store.fill(repeated, 1'000);
    store.tidy();
    CHECK(store.left(repeated).size() == 9);
    store.clock.advance(hours(2));
    store.tidy();
    std::vector<std::string> kept{"a@3", "a@9", "b@1"};
    kept.resize(5, std::string(value_bytes, 'v'));
    CHECK(store.left(repeated) == kept);
    CHECK(store.start(repeated) == 0);
    CHECK(store.sides.reader->read(repeated, 0, 10, 1000).value().front().offset == 4);
  });
}

TEST_CASE("a late record remains unless a newer repeat of it follows in the log") {
  for_each_store([](store_under_test& store) {
    for (int second : {1, 9, 5, 0})
      store.say(repeated, "a", second);
    store.fill(repeated, 1'000);
    store.clock.advance(hours(2));
    store.tidy();
    CHECK(store.left(repeated) == std::vector<std::string>{"a@9", "a@5", "a@0"});
  });
}

TEST_CASE("a repeat younger than the lag remains, however many repeats it has") {
  for_each_store([](store_under_test& store) {
    store.fill(repeated, 1'000);
    store.clock.advance(hours(2));
    for (int second : {1, 2, 3})
      store.say(repeated, "a", second);
    store.tidy();
    CHECK(store.left(repeated) == std::vector<std::string>{"a@1", "a@2", "a@3"});
  });
}

TEST_CASE("a reopened file still recognises the repeats of its records") {
  store_under_test store(true);
  for (int second : {1, 2})
    store.say(repeated, "a", second);
  store.fill(repeated, 1'000);
  store.clock.advance(hours(2));
  store.tidy();
  store.open();
  store.say(repeated, "a", 3);
  store.fill(repeated, 1'000);
  store.clock.advance(hours(2));
  store.tidy();
  CHECK(store.left(repeated) == std::vector<std::string>{"a@1", "a@3"});
}

TEST_CASE("removed repeats do not count against the byte limit of their topic") {
  for_each_store([](store_under_test& store) {
    for (int i = 0; i < 2'000; ++i)
      store.say(repeated_and_sized, "a", i);
    store.clock.advance(hours(2));
    CHECK(store.start(repeated_and_sized) == 0);
    for (int round = 0; round < 3; ++round)
      store.tidy();
    auto first = store.start(repeated_and_sized);
    auto left = store.left(repeated_and_sized).size();
    CHECK(left < 400);
    store.put(repeated_and_sized, 5);
    store.tidy();
    CHECK(store.start(repeated_and_sized) == first);
  });
}

TEST_CASE("after a record has expired, its next repeat counts as the first again") {
  for_each_store([](store_under_test& store) {
    store.say(repeated_and_sized, "a", 1);
    store.say(repeated_and_sized, "a", 2);
    store.fill(repeated_and_sized, 300);
    store.clock.advance(hours(2));
    store.tidy();
    store.put(repeated_and_sized, 20);
    store.tidy();
    CHECK(store.start(repeated_and_sized) > 2);
    store.say(repeated_and_sized, "a", 3);
    store.say(repeated_and_sized, "a", 4);
    store.say(repeated_and_sized, "a", 5);
    store.fill(repeated_and_sized, 300);
    store.clock.advance(hours(2));
    store.tidy();
    auto left = store.left(repeated_and_sized);
    std::erase(left, std::string(value_bytes, 'v'));
    CHECK(left == std::vector<std::string>{"a@3", "a@5"});
  });
}

TEST_CASE(
    "retention counts the records that a file held before it was opened, and does so in slices") {
  store_under_test store(true);
  // More rows than one slice examines.
  std::vector<local::log_append> many(5'000, {sized, {"", "k", "1", {}}});
  REQUIRE(store.sides.writer->write(many, {}, store.clock.now()).has_value());
  store.open();
  store.put(sized, 2);
  store.tidy();
  // Records of 2 bytes each, plus two of 1,001 bytes.
  CHECK(store.start(sized) == 5'000 - (10'500 - 2 * 1'001) / 2);
  store.open();
  store.tidy();
  CHECK(store.start(sized) == 5'000 - (10'500 - 2 * 1'001) / 2);
}

TEST_CASE("the file shrinks after retention has freed space") {
  store_under_test store(true);
  auto size = [&] { return std::filesystem::file_size(store.folder.path() / embedded::file_name); };
  std::vector<local::log_append> many(4'000, {both, {"", "k", std::string(10'000, 'v'), {}}});
  for (int i = 0; i < 2; ++i)
    REQUIRE(store.sides.writer->write(many, {}, store.clock.now()).has_value());
  auto log_size = std::filesystem::file_size(store.folder.path() / "queue.db-wal");
  CHECK(log_size > 60U << 20U);
  store.clock.advance(hours(2));
  store.tidy();
  // 16 MiB remain for future writes. The file shrinks after the log has been copied, which runs in
  // parallel.
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (size() >= 40U << 20U && std::chrono::steady_clock::now() < until)
    store.tidy();
  MESSAGE("of ", log_size >> 20U, " MiB ", size() >> 20U, " MiB are left");
  CHECK(size() < 40U << 20U);
}

}  // namespace sonde::queue
