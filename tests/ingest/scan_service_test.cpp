#include "ingest/scans/scan_service.hpp"

#include "ingest/errc.hpp"
#include "ingest/scans/scan_cursor.hpp"
#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/errc.hpp"
#include "tests/ingest/scan_world.hpp"

#include <set>

namespace sonde::ingest {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::scan_world;

constexpr const char* one_target = R"({"target":"192.0.2.7"})";
constexpr std::uint32_t kept = 16;

struct open_world : scan_world {
  open_world() { scope.allow = {"192.0.2.0/24", "intern.example"}; }

  model::json list(const views::list_query& query) {
    auto& scans = service();
    auto work = [&scans, query] { return scans.list(query); };
    auto listed = test::run(run_coroutine_on(loop.get_executor(), work));
    REQUIRE(listed);
    return model::parse_own(*listed);
  }
};

bool holds(const std::string& sentence, const char* words) {
  return sentence.find(words) != std::string::npos;
}

/// Returns a task of this request that ended at this time.
model::scan_task ended_task(const model::scan_request& asked, std::int64_t offset,
                            model::outcome_kind how, wall_time when) {
  auto task = model::started(model::fold(std::nullopt, asked, offset, kept), when);
  return model::ended(std::move(task), {how, "as the test has it"}, when);
}

}  // namespace

TEST_CASE_FIXTURE(open_world, "the first order creates a task, the next one finds it") {
  auto first = schedule(one_target);
  REQUIRE(first);
  CHECK(first->is_new());
  CHECK(first->id == request_of(one_target).id());
  auto again = schedule(one_target);
  REQUIRE(again);
  CHECK(!again->is_new());
  CHECK(again->status == "queued");
  CHECK(again->id == first->id);
  SUBCASE("an order for a new scan finds it too: it has not run yet") {
    CHECK(schedule(R"({"target":"192.0.2.7","max_age":0})")->id == first->id);
  }
  SUBCASE("other ports, another profile, or other groups are another task") {
    CHECK(schedule(R"({"target":"192.0.2.7","ports":"80"})")->id != first->id);
    CHECK(schedule(R"({"target":"192.0.2.7","profile":"full"})")->id != first->id);
    CHECK(schedule(order(one_target), {"a", "b"})->id != first->id);
  }
  SUBCASE("the same ports in another notation are the same task") {
    auto ports = schedule(R"({"target":"192.0.2.7","ports":"80,22"})");
    CHECK(schedule(R"({"target":"192.0.2.7","ports":"22,80,80"})")->id == ports->id);
    CHECK(schedule(R"({"target":"::ffff:192.0.2.7","ports":"22,80"})")->id == ports->id);
  }
}

TEST_CASE_FIXTURE(open_world, "concurrent equal orders get the same task") {
  auto& scans = service();
  auto both = [&]() -> awaitable<std::vector<result<scan_receipt>>> {
    std::vector<result<scan_receipt>> got;
    auto here = co_await asio::this_coro::executor;
    task_group group(here, log, "both");
    auto ask = [&]() -> awaitable<void> {
      model::group_list groups = {"public"};
      auto receipt = co_await scans.schedule(order(one_target), std::move(groups), "r");
      got.push_back(std::move(receipt));
    };
    for (int i = 0; i < 5; ++i)
      group.spawn(ask());
    co_await group.join();
    co_return got;
  };
  auto receipts = test::run(run_coroutine_on(loop.get_executor(), both));
  REQUIRE(receipts.size() == 5);
  for (const auto& each : receipts) {
    REQUIRE(each);
    CHECK(each->id == receipts[0]->id);
  }
}

TEST_CASE_FIXTURE(open_world, "a done scan is fresh for the caller's max_age") {
  auto asked = request_of(one_target);
  auto place = put(to_record(asked, "r"));
  publish(ended_task(asked, place.offset, model::outcome_kind::complete, clock.now() - hours(2)));
  auto found = schedule(R"({"target":"192.0.2.7","max_age":10800})");
  REQUIRE(found);
  CHECK(found->status == "done");
  CHECK(found->id == asked.id());
  auto anew = schedule(R"({"target":"192.0.2.7","max_age":3600})");
  REQUIRE(anew);
  CHECK(anew->is_new());
  CHECK(anew->id == request_of(one_target, 2).id());
}

TEST_CASE_FIXTURE(open_world, "a failed scan is never fresh") {
  auto asked = request_of(one_target);
  auto place = put(to_record(asked, "r"));
  publish(ended_task(asked, place.offset, model::outcome_kind::servfail, clock.now()));
  CHECK(schedule(one_target)->is_new());
}

TEST_CASE_FIXTURE(open_world,
                  "if the queue refuses the write, the order fails for now, without a task") {
  (void)service();
  queue->refuse_with(fail(queue::errc::no_space, "the disk is full"));
  auto refused = schedule(one_target);
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(errc::unavailable));
  CHECK(refused.error().message() == "the disk is full");
  queue->refuse_with(std::nullopt);
  auto after = schedule(one_target);
  REQUIRE(after);
  CHECK(after->is_new());
}

TEST_CASE("a queue that does not answer in time is unavailable, and the order is safe to repeat") {
  scan_world w;
  w.scope.allow = {"192.0.2.0/24"};
  w.bounds.http_answer_timeout_ms = 300;
  (void)w.service();
  w.queue->keep_silent(true);
  auto late = w.schedule(one_target);
  REQUIRE(!late);
  CHECK(late.error().code == make_error_code(errc::unavailable));
  CHECK(holds(late.error().message(), "is safe to repeat"));
  w.queue->keep_silent(false);
  auto again = w.schedule(one_target);
  REQUIRE(again);
  CHECK(!again->is_new());
}

TEST_CASE("the queue limits are per tenant and in total") {
  scan_world w;
  w.scope.allow = {"192.0.2.0/24"};
  w.bounds.queued_per_tenant = 2;
  w.bounds.queued_total = 3;
  auto ask = [&](const char* target, const char* group) {
    return w.schedule(w.order(std::string(R"({"target":")") + target + "\"}"), {group});
  };
  CHECK(ask("192.0.2.1", "a"));
  CHECK(ask("192.0.2.2", "a"));
  auto third = ask("192.0.2.3", "a");
  REQUIRE(!third);
  CHECK(third.error().code == make_error_code(errc::too_many));
  CHECK(holds(third.error().message(), "2 of your scans"));
  CHECK(ask("192.0.2.1", "a"));  // it exists already
  CHECK(ask("192.0.2.3", "b"));
  auto full = ask("192.0.2.4", "b");
  REQUIRE(!full);
  CHECK(full.error().code == make_error_code(errc::unavailable));
}

TEST_CASE_FIXTURE(open_world, "a scan is looked up by its id, by callers who may see it") {
  auto receipt = schedule(order(one_target), {"blue", "red"});
  REQUIRE(receipt);
  auto found = look_up(receipt->id, {"red"});
  REQUIRE(found);
  CHECK((*found)["status"] == "queued");
  CHECK((*found)["target"] == "192.0.2.7");
  auto hidden = look_up(receipt->id, {"public"});
  auto unknown = look_up(request_of(one_target, 9).id(), {"public"});
  REQUIRE(!hidden);
  REQUIRE(!unknown);
  CHECK(hidden.error().code == make_error_code(errc::not_found));
  CHECK(hidden.error().message() == unknown.error().message());
  auto nonsense = look_up(model::task_id(std::string(1000, 'x')));
  REQUIRE(!nonsense);
  CHECK(nonsense.error().code == make_error_code(errc::not_found));
  CHECK(nonsense.error().message().size() < 200);
}

TEST_CASE("a scan too old for the history is gone, and the newest one is named") {
  scan_world w;
  w.scope.allow = {"192.0.2.0/24"};
  w.bounds.task_generations = 1;
  std::optional<model::scan_task> task;
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    auto asked = w.request_of(one_target, generation);
    auto place = w.put(to_record(asked, "r"));
    task = model::fold(task, asked, place.offset, w.bounds.task_generations);
    task = model::ended(*task, {model::outcome_kind::complete, "x"}, w.clock.now());
    w.publish(*task);
  }
  auto gone = w.look_up(w.request_of(one_target, 1).id());
  REQUIRE(!gone);
  CHECK(gone.error().code == make_error_code(errc::gone));
  CHECK(holds(gone.error().message(), task->current.id.str().c_str()));
  auto past = w.look_up(w.request_of(one_target, 2).id());
  REQUIRE(past);
  CHECK((*past)["superseded_by"] == task->current.id.str());
}

TEST_CASE_FIXTURE(open_world, "a lookup that waits returns at a change or at the timeout") {
  auto asked = request_of(one_target);
  auto place = put(to_record(asked, "r"));
  auto id = asked.id();
  auto before = std::chrono::steady_clock::now();
  auto nothing_new = look_up(id, {"public"}, milliseconds(50));
  REQUIRE(nothing_new);
  CHECK((*nothing_new)["status"] == "queued");
  CHECK(std::chrono::steady_clock::now() - before >= milliseconds(50));

  auto& scans = service();
  std::optional<result<model::json>> news;
  auto wait = [&scans, id] { return scans.look_up(id.str(), {"public"}, milliseconds(30'000)); };
  std::thread waiting([&] { news = test::run(run_coroutine_on(loop.get_executor(), wait)); });
  // However late the wait begins, one of the two records is a change for it.
  auto running = model::started(model::fold(std::nullopt, asked, place.offset, kept), clock.now());
  publish(running);
  publish(model::ended(running, {model::outcome_kind::complete, "x"}, clock.now()));
  waiting.join();
  REQUIRE(news);
  REQUIRE(*news);
  CHECK((**news)["status"] != "queued");
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(20));
}

TEST_CASE_FIXTURE(open_world, "a stopping server ends the waits") {
  auto receipt = schedule(one_target);
  REQUIRE(receipt);
  test::run(run_on(loop.get_executor(), [this] { service().hurry(); }));
  auto found = look_up(receipt->id, {"public"}, milliseconds(30'000));
  REQUIRE(found);
  CHECK((*found)["status"] == "queued");
}

TEST_CASE_FIXTURE(open_world, "an ended scan is shown as running until its results can be read") {
  auto asked = request_of(one_target);
  auto place = put(to_record(asked, "r"));
  auto task = ended_task(asked, place.offset, model::outcome_kind::complete, clock.now());
  task.produced = {{model::topics::entities, 0, 0}};
  publish(task);
  CHECK((*look_up(asked.id()))["status"] == "running");
  model::provenance from{"sonde", {"public"}, clock.now(), asked.id()};
  auto address = model::make_entity("ip", "192.0.2.7", model::json::object(), from);
  put(to_record(address, 1, ""));
  CHECK((*look_up(asked.id()))["status"] == "done");
}

TEST_CASE_FIXTURE(open_world, "the scans of a target are listed") {
  REQUIRE(schedule(one_target));
  REQUIRE(schedule(R"({"target":"192.0.2.7","ports":"80"})"));
  views::list_query query;
  query.groups = {"public"};
  query.target = model::target::parse("192.0.2.7").value();
  query.limit = 10;
  auto listed = list(query);
  CHECK(listed["scans"].size() == 2);
  CHECK(!listed.contains("next"));
}

TEST_CASE_FIXTURE(open_world, "the visible scans are listed page by page, without results") {
  REQUIRE(schedule(order(one_target), {"red"}));
  std::set<std::string> mine;
  for (int i = 1; i <= 5; ++i)
    mine.insert(schedule(R"({"target":"192.0.2.)" + std::to_string(i) + "\"}")->id.str());
  auto asked = request_of(one_target);
  auto place = put(to_record(asked, "r"));
  auto done = ended_task(asked, place.offset, model::outcome_kind::complete, clock.now());
  done.results_total = 1;
  done.results.emplace_back();
  publish(done);
  mine.insert(asked.id().str());

  views::list_query query;
  query.groups = {"public"};
  query.limit = 4;
  auto first = list(query);
  REQUIRE(first["scans"].size() == 4);
  REQUIRE(first.contains("next"));
  auto after = parse_cursor(first["next"].get<std::string>());
  REQUIRE(after);
  query.after = *after;
  auto second = list(query);
  CHECK(second["scans"].size() == 2);
  CHECK(!second.contains("next"));
  std::set<std::string> seen;
  for (const auto* page : {&first, &second}) {
    for (const auto& scan : (*page)["scans"]) {
      seen.insert(scan["id"].get<std::string>());
      CHECK(!scan.contains("results"));
      CHECK(!scan.contains("truncated"));
      CHECK(scan.contains("results_total") == (scan["status"] == "done"));
    }
  }
  CHECK(seen == mine);
  query.after.reset();
  query.state = model::task_state::done;
  CHECK(list(query)["scans"][0]["results_total"] == 1);
}

}  // namespace sonde::ingest
