#include "queue/local/read_side.hpp"

#include "queue/errc.hpp"
#include "queue/memory/memory_log.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"

#include <chrono>

namespace sonde::queue::local {
namespace {

/// A log of which one hour is kept, and a read side whose bounds another process would have loaded.
struct expiring_log {
  expiring_log() {
    put(3);
    REQUIRE(side->load().has_value());
  }

  void put(int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<log_append> one{{0, {"", "k", "v", {}}}};
      REQUIRE(store.writer->write(one, {}, clock.now()).has_value());
    }
  }
  /// Removes all records, and adds two.
  void expire() {
    clock.advance(std::chrono::hours(2));
    put(2);
    while (store.writer->maintain(clock.now()).value()) {
    }
  }

  asio::io_context loop;
  test::manual_clock clock;
  limits bounds;
  local::layout topics{{{.name = "log", .retention = std::chrono::hours(1)}}, "test"};
  log_store store = make_memory_store(topics);
  std::shared_ptr<read_side> side =
      std::make_shared<read_side>(loop.get_executor(), std::make_shared<local::layout>(topics),
                                  std::move(store.reader), bounds);
};

}  // namespace

TEST_CASE("a log that is read from its start begins at the first record that is kept by then") {
  expiring_log log;
  log_cursor cursor;
  cursor.add_whole(0, log.side->bounds(0).start);
  log.expire();
  auto records = log.side->read(cursor);
  REQUIRE(records.has_value());
  REQUIRE(records->size() == 2);
  CHECK(records->front().offset == 3);
  // From here on the position is its own: records that expire before they are read are an error.
  log.put(1);
  log.expire();
  REQUIRE(log.side->reload_bounds().has_value());
  auto gone = log.side->read(cursor);
  REQUIRE(!gone.has_value());
  CHECK(gone.error().code == make_error_code(errc::out_of_range));
}

TEST_CASE("a group without a committed offset begins at the first record that is kept by then") {
  expiring_log log;
  log_cursor fresh;
  log.side->add_committed(fresh, "fresh", 0);
  log.side->set_committed({"known", 0, 1});
  log_cursor known;
  log.side->add_committed(known, "known", 0);
  log.expire();
  auto records = log.side->read(fresh);
  REQUIRE(records.has_value());
  CHECK(records->size() == 2);
  auto gone = log.side->read(known);
  REQUIRE(!gone.has_value());
  CHECK(gone.error().code == make_error_code(errc::out_of_range));
}

}  // namespace sonde::queue::local
