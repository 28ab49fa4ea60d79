#include "admin/redrive.hpp"

#include "admin/errc.hpp"
#include "queue/limits.hpp"
#include "tests/admin/queue_world.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::admin {
namespace {

/// A topic `work` and its dead letters, in two partitions.
struct letters_world : test::queue_world {
  letters_world()
      : queue_world({{.name = "work", .partitions = 2},
                     {.name = "work.dlq", .partitions = 2},
                     {.name = "entities", .partitions = 2}}) {}

  /// Writes the dead letter of a record of `work` that was at this offset; it has the same key as
  /// the record.
  queue::position put(const std::string& key, std::int64_t offset) {
    record work{"work", key, "{}", {{"ce_id", key}}};
    std::vector<record> batch{model::to_dead_letter(work, {"work", 0, offset}, "parse",
                                                    "it is not work", bounds.record_max_bytes)};
    return test::run(queue->produce(std::move(batch))).value().front();
  }
  /// Returns the partition of records with this key.
  std::int32_t partition_of(const std::string& key) {
    std::vector<record> one{{"entities", key, "{}", {}}};
    return test::run(queue->produce(std::move(one))).value().front().partition;
  }
  redrive_report redrive(redrive_order order) {
    return test::run(admin::redrive(*queue, std::move(order), clock)).value();
  }
  std::vector<queue::stored_record> records(const std::string& topic) {
    std::vector<queue::stored_record> out;
    std::int64_t count = 0;
    for (const auto& end : test::run(queue->ends({topic})).value())
      count += end.offset;
    auto reader = queue->read_from({topic}, {});
    while (static_cast<std::int64_t>(out.size()) < count) {
      auto batch = test::run(reader->read()).value();
      out.insert(out.end(), batch.begin(), batch.end());
    }
    return out;
  }
};

}  // namespace

TEST_CASE("a redrive sends each dead letter back unchanged, once") {
  letters_world world;
  for (int i = 0; i < 10; ++i)
    world.put("key " + std::to_string(i), i);
  auto report = world.redrive({"work"});
  CHECK(report.letters.size() == 10);
  CHECK(!report.more);
  auto back = world.records("work");
  REQUIRE(back.size() == 10);
  for (const auto& one : back) {
    CHECK(one.what.value == "{}");
    CHECK(*find_header(one.what.headers, "ce_id") == one.what.key);
    CHECK(find_header(one.what.headers, "sonde_dead_error") == nullptr);
    CHECK(*find_header(one.what.headers, "sonde_dead_attempts") == "1");
    CHECK(find_header(one.what.headers, "sonde_redriven") != nullptr);
  }
  CHECK(world.redrive({"work"}).letters.empty());
  CHECK(world.records("work").size() == 10);
  CHECK(world.records("work.dlq").size() == 20);
}

TEST_CASE("a dead letter that fails again counts one more attempt") {
  letters_world world;
  world.put("k", 7);
  world.redrive({"work.dlq"});
  auto back = world.records("work").front();
  auto again = model::to_dead_letter(back.what, {"work", back.partition, back.offset}, "parse", "?",
                                     world.bounds.record_max_bytes);
  auto why = model::parse_dead_letter(again);
  REQUIRE(why);
  CHECK(why->attempts == 2);
  CHECK(why->from.offset == back.offset);
  CHECK(find_header(again.headers, "sonde_redriven") == nullptr);
}

TEST_CASE("a dead letter selected by its position is sent back, even if it was sent back before") {
  letters_world world;
  world.put("a", 0);
  auto place = world.put("b", 1);
  redrive_order one{"work", std::pair(place.partition, place.offset)};
  CHECK(world.redrive(one).letters.size() == 1);
  CHECK(world.records("work").front().what.key == "b");
  CHECK(world.redrive(one).letters.size() == 1);
  one.only->second += 100;
  auto none = test::run(admin::redrive(*world.queue, one, world.clock));
  REQUIRE(!none);
  CHECK(none.error().code == make_error_code(errc::not_found));
}

TEST_CASE("a truncated dead letter is sent back whole while its original is retained") {
  letters_world world;
  record work{"work", "k", "", {{"ce_id", "k"}}};
  work.value.assign(world.bounds.record_max_bytes - 100, '"');
  std::vector<record> batch{work};
  auto place = test::run(world.queue->produce(std::move(batch))).value().front();
  auto letter = model::to_dead_letter(work, {"work", place.partition, place.offset}, "parse", "?",
                                      world.bounds.record_max_bytes);
  REQUIRE(letter.value.size() < work.value.size());
  std::vector<record> letters{letter};
  REQUIRE(test::run(world.queue->produce(std::move(letters))));
  auto report = world.redrive({"work"});
  REQUIRE(report.letters.size() == 1);
  CHECK(report.letters.front().why.original_bytes == work.value.size());
  REQUIRE(report.letters.front().went);
  CHECK(world.records("work").back().what.value == work.value);
  CHECK(world.redrive({"work"}).letters.empty());
}

TEST_CASE("a truncated dead letter stays, with the reason, if its original is gone or replaced") {
  letters_world world;
  record work{"work", "k", std::string(world.bounds.record_max_bytes, 'x'), {}};
  for (const char* there : {"", "another record"}) {
    auto at = std::int64_t{1'000'000};
    if (*there != '\0') {
      std::vector<record> other{{"work", "k", there, {}}};
      at = test::run(world.queue->produce(std::move(other))).value().front().offset;
    }
    auto partition = world.partition_of("k");
    std::vector<record> letters{model::to_dead_letter(work, {"work", partition, at}, "parse", "?",
                                                      world.bounds.record_max_bytes)};
    REQUIRE(test::run(world.queue->produce(std::move(letters))));
  }
  world.put("fine", 7);
  auto report = world.redrive({"work"});
  REQUIRE(report.letters.size() == 3);
  std::string refused;
  std::size_t went = 0;
  for (const auto& each : report.letters) {
    refused += each.refused + "\n";
    if (each.went) ++went;
  }
  CHECK(went == 1);
  CHECK(refused.find("is no longer kept") != std::string::npos);
  CHECK(refused.find("is not the record of this dead letter") != std::string::npos);
  auto told = to_json(report);
  CHECK(model::to_text(told).find("\"truncated\"") != std::string::npos);
}

TEST_CASE("a dry run changes nothing") {
  letters_world world;
  world.put("a", 0);
  auto report = world.redrive({"work", std::nullopt, true});
  REQUIRE(report.letters.size() == 1);
  CHECK(!report.letters.front().went);
  CHECK(report.letters.front().why.error == "it is not work");
  CHECK(world.records("work").empty());
  CHECK(world.records("work.dlq").size() == 1);
}

TEST_CASE("a record that is not a dead letter stays and is reported") {
  letters_world world;
  std::vector<record> batch{{"work.dlq", "k", "by hand", {}}};
  REQUIRE(test::run(world.queue->produce(std::move(batch))));
  auto report = world.redrive({"work"});
  REQUIRE(report.letters.size() == 1);
  CHECK(!report.letters.front().went);
  CHECK(report.letters.front().why.error.find("does not name its origin") != std::string::npos);
}

TEST_CASE("a topic without a dead-letter topic is refused, with a list of those that have one") {
  letters_world world;
  auto refused = test::run(admin::redrive(*world.queue, redrive_order{"entities"}, world.clock));
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(errc::invalid));
  CHECK(refused.error().message().find("work") != std::string::npos);
}

TEST_CASE("a report holds a part of many dead letters, and says that more are left") {
  letters_world world;
  std::vector<record> batch;
  for (int i = 0; i < 1500; ++i) {
    batch.push_back(model::to_dead_letter({"work", std::to_string(i), "{}", {}}, {"work", 0, i},
                                          "parse", "no", world.bounds.record_max_bytes));
  }
  REQUIRE(test::run(world.queue->produce(std::move(batch))));
  auto first = world.redrive({"work"});
  CHECK(first.letters.size() == 1'000);
  CHECK(first.more);
  auto rest = world.redrive({"work"});
  CHECK(rest.letters.size() == 500);
  CHECK(!rest.more);
  CHECK(world.records("work").size() == 1500);
}

TEST_CASE("a redrive order survives the round trip through JSON") {
  redrive_order order{"work", std::pair(3, std::int64_t{77}), true};
  auto read = parse_redrive_order(to_json_text(order));
  REQUIRE(read);
  CHECK(read->topic == "work");
  CHECK(read->only == order.only);
  CHECK(read->look_only);
  CHECK(!parse_redrive_order(R"({"look_only":true})"));
  CHECK(!parse_redrive_order(R"({"topic":"work","partition":1})"));
}

}  // namespace sonde::admin
