// Retention, asked of every store of this machine directly: in a running queue it happens on a
// timer.

#include "queue/embedded/sqlite_log.hpp"
#include "queue/errc.hpp"
#include "queue/memory/memory_log.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <functional>

namespace sonde::queue {
namespace {

using std::chrono::hours;

constexpr std::size_t value_bytes = 1'000;
constexpr local::log_index sized = 0;
constexpr local::log_index both = 1;
constexpr local::log_index waited_for = 2;
constexpr local::log_index endless = 3;

local::layout kept_topics() {
  return {{{.name = "sized", .retention_bytes = 10'500},
           {.name = "both", .retention = hours(1), .retention_bytes = 10'500},
           {.name = "waited.for", .keep_uncommitted = true, .retention_bytes = 10'500},
           {.name = "endless"}},
          "test"};
}

/// A store, and how it is opened; what is in it stays where it is durable.
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
  void commit(local::log_index log, std::int64_t next) {
    std::vector<local::group_offset> one{{"group", log, next}};
    REQUIRE(sides.writer->write({}, one, clock.now()).has_value());
  }
  void tidy() {
    int slices = 0;
    while (sides.writer->maintain(clock.now()).value())
      REQUIRE(++slices < 1000);
  }
  std::int64_t start(local::log_index log) { return sides.reader->bounds().value()[log].start; }

  bool durable;
  test::temporary_folder folder;
  test::manual_clock clock;
  limits bounds;
  local::log_store sides;
};

void for_each_store(const std::function<void(store_under_test&)>& check) {
  for (bool durable : {false, true}) {
    CAPTURE(durable);
    store_under_test store(durable);
    check(store);
  }
}

}  // namespace

TEST_CASE("beyond so many bytes the oldest records go, and asking for them is out of range") {
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

TEST_CASE("bytes and age: whichever comes first") {
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

TEST_CASE("no bound on bytes removes what a group has not committed") {
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

TEST_CASE("without retention nothing goes") {
  for_each_store([](store_under_test& store) {
    store.put(endless, 30);
    store.clock.advance(hours(100'000));
    store.tidy();
    CHECK(store.start(endless) == 0);
  });
}

TEST_CASE("what a file held when it was opened counts too, and is counted in slices") {
  store_under_test store(true);
  // More rows than one slice looks at.
  std::vector<local::log_append> many(5'000, {sized, {"", "k", "1", {}}});
  REQUIRE(store.sides.writer->write(many, {}, store.clock.now()).has_value());
  store.open();
  store.put(sized, 2);
  store.tidy();
  // Of 2 bytes each, beside two of 1,001 bytes.
  CHECK(store.start(sized) == 5'000 - (10'500 - 2 * 1'001) / 2);
  store.open();
  store.tidy();
  CHECK(store.start(sized) == 5'000 - (10'500 - 2 * 1'001) / 2);
}

TEST_CASE("the file gives back what retention has freed") {
  store_under_test store(true);
  auto size = [&] { return std::filesystem::file_size(store.folder.path() / embedded::file_name); };
  std::vector<local::log_append> many(4'000, {both, {"", "k", std::string(10'000, 'v'), {}}});
  for (int i = 0; i < 2; ++i)
    REQUIRE(store.sides.writer->write(many, {}, store.clock.now()).has_value());
  auto before = size();
  CHECK(before > 60U << 20U);
  store.clock.advance(hours(2));
  store.tidy();
  // 16 MiB stay for what comes next; the last pages are in the log until it is copied.
  for (int i = 0; i < 3; ++i)
    store.put(both, 1);
  store.tidy();
  MESSAGE("from ", before >> 20U, " MiB to ", size() >> 20U, " MiB");
  CHECK(size() < 40U << 20U);
}

}  // namespace sonde::queue
