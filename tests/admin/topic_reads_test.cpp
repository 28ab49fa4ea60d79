#include "admin/topic_reads.hpp"

#include "admin/errc.hpp"
#include "queue/limits.hpp"
#include "tests/admin/queue_world.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <memory>
#include <set>

namespace sonde::admin {
namespace {

/// A topic `work` in two partitions.
struct topic_world : test::queue_world {
  topic_world() : queue_world({{.name = "work", .partitions = 2}}) {}

  /// Writes one record into a partition and returns its place.
  queue::position put(std::int32_t partition, const std::string& key) {
    record one{"work", key, "{}", {}};
    return test::run(queue->produce_to(partition, std::move(one))).value();
  }
  std::multiset<std::string> keys() {
    std::multiset<std::string> out;
    auto take = [&out](const queue::stored_record& one) { out.insert(one.what.key); };
    REQUIRE(test::run(read_all(*queue, "work", take)));
    return out;
  }
};

}  // namespace

TEST_CASE_FIXTURE(topic_world, "a whole topic is read up to its end, empty partitions or not") {
  CHECK(keys().empty());
  put(1, "a");
  put(1, "b");
  CHECK(keys() == std::multiset<std::string>{"a", "b"});
  put(0, "c");
  CHECK(keys() == std::multiset<std::string>{"a", "b", "c"});
}

TEST_CASE_FIXTURE(topic_world,
                  "one record is read by its place, and a place without one is refused") {
  put(0, "a");
  auto place = put(1, "b");
  put(1, "c");
  auto found = test::run(read_one(*queue, place));
  REQUIRE(found);
  CHECK(found->what.key == "b");
  place.offset += 100;
  auto none = test::run(read_one(*queue, place));
  REQUIRE(!none);
  CHECK(none.error().code == make_error_code(errc::not_found));
}

}  // namespace sonde::admin
