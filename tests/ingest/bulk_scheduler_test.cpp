// Many scans in one request. The test calls the service as a handler does, and controls its queue.

#include "ingest/scans/bulk_scheduler.hpp"

#include "ingest/errc.hpp"
#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/errc.hpp"
#include "tests/ingest/scan_world.hpp"

#include <set>
#include <sstream>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::hours;

struct bulk_world : test::scan_world {
  bulk_world() { scope.allow = {"192.0.2.0/24", "198.51.100.0/24"}; }

  result<bulk_receipts> send(const std::string& body, model::group_list groups = {"public"}) {
    auto& scans = service();
    bulk_order order{body, std::move(groups), "", "request-1", "anna"};
    auto work = [&scans, order] { return scans.bulk().schedule(order); };
    return test::run(run_coroutine_on(loop.get_executor(), work));
  }
  std::vector<json> lines(const std::string& body, model::group_list groups = {"public"}) {
    auto answer = send(body, std::move(groups));
    REQUIRE(answer);
    std::vector<json> out;
    std::istringstream text(answer->lines);
    for (std::string line; std::getline(text, line);)
      out.push_back(model::parse_own(line));
    bool refused =
        std::ranges::any_of(out, [](const json& one) { return one["status"] == "refused"; });
    CHECK(answer->some_refused == refused);
    return out;
  }
  std::vector<queue::stored_record> requests() {
    std::vector<queue::stored_record> out;
    auto ends = test::run(queue->ends({model::topics::scan_requests})).value();
    auto reader = queue->read_from({model::topics::scan_requests}, {});
    while (static_cast<std::int64_t>(out.size()) < ends.front().offset) {
      for (auto& one : test::run(reader->read()).value())
        out.push_back(std::move(one));
    }
    return out;
  }
  void accept_webhooks() {
    auto keys = std::make_shared<model::webhook_keys>(
        model::webhook_keys::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value());
    service().orders().accept_webhooks(keys,
                                       model::webhook_guard::from_rules({"127.0.0.1/32"}).value());
  }
};

std::string order_of(int number) {
  return R"({"target":"192.0.2.)" + std::to_string(number) + "\"}\n";
}
std::string hooked(const std::string& target, int number) {
  return R"({"target":")" + target + R"(","webhook":{"url":"http://127.0.0.1/)" +
         std::to_string(number) + "\"}}\n";
}
std::string status_in(const json& line) {
  return line["status"].get<std::string>();
}
bool says(const json& line, const char* words) {
  return line["error"].get<std::string>().find(words) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(bulk_world, "each line has its own response, in order") {
  auto known = schedule(R"({"target":"192.0.2.9"})");
  REQUIRE(known);
  auto told = lines(order_of(1) + "\n{\"tagret\":1}\nnonsense\n" + order_of(9) +
                    R"({"target":"10.0.0.1"})" + "\r\n" + R"({"target":"192.0.2.2","ports":"80"})");
  REQUIRE(told.size() == 6);
  CHECK(told[0] == json{{"line", 1},
                        {"target", "192.0.2.1"},
                        {"id", request_of(order_of(1)).id().str()},
                        {"status", "new"}});
  CHECK(told[1]["line"] == 3);
  CHECK(told[1]["code"] == 400);
  CHECK(says(told[1], "did you mean \"target\"?"));
  CHECK(told[2]["line"] == 4);
  CHECK(says(told[2], "malformed JSON: parse error at column "));
  CHECK(told[3]["status"] == "queued");
  CHECK(told[3]["id"] == known->id.str());
  CHECK(told[4]["code"] == 400);
  CHECK(says(told[4], "private"));
  CHECK(told[5]["line"] == 7);
  CHECK(status_in(told[5]) == "new");
  auto stored = requests();
  REQUIRE(stored.size() == 3);
  std::set<std::string> ids;
  for (const auto& one : stored) {
    for (const auto& [name, value] : one.what.headers) {
      if (name == "ce_id") ids.insert(value);
    }
  }
  CHECK(ids == std::set<std::string>{"request-1/0", "request-1/6"});
}

TEST_CASE_FIXTURE(bulk_world, "a repeated target is one scan, and the second line finds it") {
  SUBCASE("in one batch") {}
  SUBCASE("in separate batches") {
    bounds.bulk_write_lines = 1;
  }
  auto told = lines(order_of(1) + order_of(2) + R"({"target":"192.0.2.1","max_age":0})" + "\n" +
                    order_of(1));
  REQUIRE(told.size() == 4);
  CHECK(status_in(told[0]) == "new");
  CHECK(status_in(told[2]) == "queued");
  CHECK(status_in(told[3]) == "queued");
  CHECK(told[2]["id"] == told[0]["id"]);
  CHECK(told[3]["id"] == told[0]["id"]);
  CHECK(requests().size() == 2);
}

TEST_CASE_FIXTURE(bulk_world, "a later line for more depth raises that of the same scan") {
  auto told = lines(R"({"target":"192.0.2.1","depth":"light"})"
                    "\n"
                    R"({"target":"192.0.2.1","depth":"deep"})"
                    "\n"
                    R"({"target":"192.0.2.1","depth":"standard"})"
                    "\n");
  REQUIRE(told.size() == 3);
  CHECK(status_in(told[0]) == "new");
  CHECK(status_in(told[1]) == "queued");
  CHECK(told[1]["id"] == told[0]["id"]);
  CHECK(told[2]["id"] == told[0]["id"]);
  CHECK(requests().size() == 2);
  auto found = look_up(model::task_id(told[0]["id"].get<std::string>()));
  REQUIRE(found);
  CHECK((*found)["depth"] == "deep");
  CHECK((*found)["generation"] == 1);
}

TEST_CASE_FIXTURE(bulk_world, "a line does not revive a waiting scan that was cancelled") {
  constexpr const char* deep_line = R"({"target":"192.0.2.1","depth":"deep"})";
  constexpr const char* light_order = R"({"target":"192.0.2.1","depth":"light"})";
  REQUIRE(schedule(light_order));
  auto asked = request_of(light_order);
  publish(model::started(model::fold(std::nullopt, asked, 0, 16), clock.now()));
  auto waiting = lines(deep_line);
  CHECK(status_in(waiting[0]) == "new");
  CHECK(waiting[0]["id"] == model::task_id_of(asked.key, 2).str());
  CHECK(cancel(model::task_id_of(asked.key, 2).str()));
  auto again = lines(deep_line);
  CHECK(status_in(again[0]) == "new");
  CHECK(again[0]["id"] == model::task_id_of(asked.key, 3).str());
}

TEST_CASE_FIXTURE(bulk_world, "the max_age of a line decides whether a done scan is repeated") {
  auto asked = request_of(order_of(1));
  auto place = put(to_record(asked, "r"));
  auto when = clock.now() - hours(2);
  auto task = model::started(model::fold(std::nullopt, asked, place.offset, 16), when);
  publish(model::ended(std::move(task), {model::outcome_kind::complete, "x"}, when));
  auto told = lines(order_of(1) + R"({"target":"192.0.2.1","max_age":60})" + "\n" + order_of(1));
  CHECK(status_in(told[0]) == "done");
  CHECK(told[0]["id"] == asked.id().str());
  CHECK(status_in(told[1]) == "new");
  CHECK(told[1]["id"] == request_of(order_of(1), 2).id().str());
  CHECK(status_in(told[2]) == "queued");
  CHECK(told[2]["id"] == told[1]["id"]);
}

TEST_CASE_FIXTURE(bulk_world,
                  "webhooks are attached to an existing scan, also to one of the same body") {
  accept_webhooks();
  REQUIRE(schedule(R"({"target":"192.0.2.2"})"));
  auto told = lines(hooked("192.0.2.1", 1) + hooked("192.0.2.1", 1) + hooked("192.0.2.1", 2) +
                    order_of(2) + hooked("192.0.2.2", 1));
  REQUIRE(told.size() == 5);
  CHECK(status_in(told[0]) == "new");
  for (std::size_t i = 1; i < told.size(); ++i)
    CHECK(status_in(told[i]) == "queued");
  auto stored = requests();
  REQUIRE(stored.size() == 4);
  for (std::size_t i = 1; i < stored.size(); ++i) {
    auto request = model::parse_scan_request(stored[i].what.value);
    REQUIRE(request);
    CHECK(request->webhooks.size() == 1);
    CHECK((request->kind == model::request_kind::attach) == (i != 1));
  }
  std::string many;
  for (int i = 0; i <= static_cast<int>(model::most_webhooks); ++i)
    many += hooked("192.0.2.3", i);
  auto last = lines(many).back();
  CHECK(last["code"] == 429);
  CHECK(says(last, "webhooks, which is the limit"));
}

TEST_CASE_FIXTURE(bulk_world, "the lines of the body itself count for the queue limits") {
  bounds.queued_per_tenant = 2;
  bounds.queued_total = 3;
  bounds.bulk_write_lines = 2;
  auto mine = lines(order_of(1) + order_of(2) + order_of(3) + order_of(1), {"a"});
  CHECK(status_in(mine[1]) == "new");
  CHECK(mine[2]["code"] == 429);
  CHECK(says(mine[2], "2 of your scans"));
  CHECK(mine[2]["target"] == "192.0.2.3");
  CHECK(status_in(mine[3]) == "queued");
  auto theirs = lines(order_of(1) + order_of(2), {"b"});
  CHECK(status_in(theirs[0]) == "new");
  CHECK(theirs[1]["code"] == 503);
}

TEST_CASE_FIXTURE(bulk_world, "a body without scans is refused, and so is one with too many") {
  bounds.bulk_lines = 3;
  for (const char* body : {"", "\n", " \r\n\t\n"}) {
    auto none = send(body);
    REQUIRE(!none);
    CHECK(none.error().code == make_error_code(errc::invalid));
  }
  CHECK(lines("\n" + order_of(1) + "\n" + order_of(2) + order_of(3)).size() == 3);
  auto many = send(order_of(1) + order_of(2) + order_of(3) + order_of(4));
  REQUIRE(!many);
  CHECK(many.error().code == make_error_code(errc::too_large));
  CHECK(requests().size() == 3);
}

TEST_CASE_FIXTURE(bulk_world,
                  "if nothing can be written, the whole body is refused for a later retry") {
  static_cast<void>(service());
  queue->refuse_with(fail(queue::errc::no_space, "the disk is full"));
  auto refused = send(order_of(1) + "nonsense\n");
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(errc::unavailable));
  CHECK(refused.error().message() == "the disk is full");
  // A body also has lines that need no write.
  CHECK(lines("nonsense\n")[0]["code"] == 400);
}

TEST_CASE_FIXTURE(bulk_world, "only a written scan is reported as new") {
  bounds.bulk_write_lines = 2;
  static_cast<void>(service());
  queue->refuse_after(1, fail(queue::errc::no_space, "the disk is full"));
  auto told = lines(order_of(1) + order_of(2) + order_of(3) + order_of(3) + order_of(1) + "x");
  REQUIRE(told.size() == 6);
  CHECK(status_in(told[0]) == "new");
  CHECK(status_in(told[1]) == "new");
  for (std::size_t i : {2U, 3U}) {
    CHECK(told[i]["code"] == 503);
    CHECK(told[i]["error"] == "the disk is full");
    CHECK(!told[i].contains("id"));
  }
  CHECK(status_in(told[4]) == "queued");
  CHECK(told[5]["code"] == 400);
  queue->refuse_with(std::nullopt);
  CHECK(requests().size() == 2);
}

TEST_CASE_FIXTURE(bulk_world, "a silent queue delays a body only until the deadline") {
  bounds.http_answer_timeout_ms = 300;
  bounds.bulk_write_lines = 1;
  static_cast<void>(service());
  queue->keep_silent(true);
  auto late = send(order_of(1) + order_of(2) + order_of(3));
  REQUIRE(!late);
  CHECK(late.error().code == make_error_code(errc::unavailable));
  queue->keep_silent(false);
  // The first line was already sent; the others were not sent after it.
  auto again = lines(order_of(1) + order_of(2) + order_of(3));
  CHECK(status_in(again[0]) == "queued");
  CHECK(status_in(again[1]) == "new");
  CHECK(status_in(again[2]) == "new");
}

TEST_CASE_FIXTURE(bulk_world, "concurrent bodies take turns, and no order is lost") {
  bounds.bulk_bodies = 1;
  bounds.bulk_write_lines = 50;
  auto& scans = service();
  std::string body;
  for (int i = 1; i <= 200; ++i)
    body += order_of(i);
  auto all = [&]() -> awaitable<std::vector<std::string>> {
    std::vector<std::string> got;
    auto here = co_await asio::this_coro::executor;
    task_group group(here, log, "all");
    auto ask = [&](std::string name) -> awaitable<void> {
      bulk_order order;
      order.body = body;
      order.groups = {name};
      order.request_id = name;
      auto answer = co_await scans.bulk().schedule(std::move(order));
      REQUIRE(answer);
      got.push_back(std::move(answer->lines));
    };
    for (const char* name : {"a", "b", "c", "d"})
      group.spawn(ask(name));
    co_await group.join();
    co_return got;
  };
  auto answers = test::run(run_coroutine_on(loop.get_executor(), all));
  REQUIRE(answers.size() == 4);
  for (const auto& each : answers) {
    CHECK(each.find("\"new\"") != std::string::npos);
    CHECK(each.find("\"queued\"") == std::string::npos);
    CHECK(each.find("\"refused\"") == std::string::npos);
  }
  CHECK(requests().size() == 800);
}

}  // namespace sonde::ingest
