// The depth of an order, and the scans that satisfy it.

#include "model/scan/task_fold.hpp"
#include "tests/ingest/scan_world.hpp"
#include "tests/support/until.hpp"

namespace sonde::ingest {
namespace {

constexpr const char* plain_order = R"({"target":"192.0.2.7"})";
constexpr std::uint32_t kept_generations = 16;

struct depth_world : test::scan_world {
  depth_world() { scope.allow = {"192.0.2.0/24"}; }

  /// Returns a running task of this order at this depth.
  model::scan_task running_task(model::scan_depth depth, std::int64_t offset) {
    auto asked = request_of(plain_order);
    asked.depth = depth;
    return model::started(model::fold(std::nullopt, asked, offset, kept_generations), clock.now());
  }
};

}  // namespace

TEST_CASE_FIXTURE(depth_world,
                  "the depth of an order wins over its profile's, and both over the usual") {
  profiles = model::profile_book::with({{"web", "80,443"}, {"mail", "25"}}).value();
  profiles.set_depth("web", model::scan_depth::deep);
  auto depth_in = [this](const char* rest) {
    return order(R"({"target":"192.0.2.7")" + std::string(rest) + "}").depth;
  };
  CHECK(depth_in("") == model::scan_depth::standard);
  CHECK(depth_in(R"(,"profile":"mail")") == model::scan_depth::standard);
  CHECK(depth_in(R"(,"profile":"web")") == model::scan_depth::deep);
  CHECK(depth_in(R"(,"profile":"web","depth":"light")") == model::scan_depth::light);
  CHECK(depth_in(R"(,"ports":"80","depth":"deep")") == model::scan_depth::deep);
}

TEST_CASE_FIXTURE(depth_world,
                  "a queued scan takes the greater depth, a running one is followed by another") {
  constexpr const char* deep_one = R"({"target":"192.0.2.7","depth":"deep"})";
  auto first = schedule(R"({"target":"192.0.2.7","depth":"light"})").value();
  CHECK(look_up(first.id).value()["depth"] == "light");
  auto second = schedule(plain_order).value();
  CHECK(second.id == first.id);
  CHECK(second.status == "queued");
  test::run(test::until([&] { return look_up(first.id).value()["depth"] == "standard"; }));
  auto running = running_task(model::scan_depth::standard, 1);
  publish(running);
  CHECK(schedule(plain_order).value().status == "running");
  auto third = schedule(deep_one).value();
  CHECK(third.status == "new");
  CHECK(third.id == model::task_id_of(running.key, 2));
  auto again = schedule(deep_one).value();
  CHECK(again.status == "queued");
  CHECK(again.id == third.id);
}

TEST_CASE_FIXTURE(depth_world, "a done scan answers no order for more depth") {
  model::outcome complete{model::outcome_kind::complete, "as the test has it"};
  publish(model::ended(running_task(model::scan_depth::standard, 0), complete, clock.now()));
  CHECK(schedule(plain_order).value().status == "done");
  CHECK(schedule(R"({"target":"192.0.2.7","depth":"light"})").value().status == "done");
  CHECK(schedule(R"({"target":"192.0.2.7","depth":"deep"})").value().status == "new");
}

}  // namespace sonde::ingest
