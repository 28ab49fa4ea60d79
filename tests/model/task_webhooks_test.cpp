#include "model/scan/task_fold.hpp"
#include "tests/model/sample_tasks.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

using sample_tasks::at;
using sample_tasks::done;
using sample_tasks::kept;
using sample_tasks::request;
using sample_tasks::task;

webhook hook(const std::string& id) {
  return {id, "https://hooks.example.com:443", "sealed " + id};
}

scan_request attach(const std::string& id, std::uint64_t generation = 1) {
  auto out = request(generation);
  out.kind = request_kind::attach;
  out.webhooks = {hook(id)};
  return out;
}

scan_request cancel(std::uint64_t generation = 1) {
  auto out = request(generation, 5);
  out.kind = request_kind::cancel;
  out.by = "ann";
  return out;
}

std::string owed(const scan_task& t) {
  std::string out;
  for (const auto& each : t.pending)
    out += each.hook.id + std::to_string(each.generation) + " ";
  return out;
}

}  // namespace

TEST_CASE("a webhook enters the outbox when its scan ends, once") {
  auto first = request(1);
  first.webhooks = {hook("a")};
  auto t = fold(std::nullopt, first, 1, kept);
  t = fold(t, attach("b"), 2, kept);
  t = fold(t, attach("a"), 3, kept);
  CHECK(owed(t).empty());
  t = done(t);
  CHECK(owed(t) == "a1 b1 ");
  CHECK(t.webhooks.size() == 2);
  CHECK(t.webhooks[0].encrypted.empty());
  t = fold(t, attach("b"), 4, kept);
  t = fold(t, attach("c"), 5, kept);
  CHECK(owed(t) == "a1 b1 c1 ");
  auto id = t.pending[1].id();
  t = handed_over(t, {id});
  CHECK(owed(t) == "a1 c1 ");
  // A later generation has its own deliveries.
  t = fold(t, request(2), 6, kept);
  CHECK(t.webhooks.empty());
  CHECK(owed(t) == "a1 c1 ");
  t = fold(t, attach("d", 1), 7, kept);
  CHECK(owed(t) == "a1 c1 d1 ");
  CHECK(t.pending.back().id() == delivery_id_of(request(1).id(), "d"));
}

TEST_CASE("a request that lost a race attaches its webhook to the existing scan") {
  auto again = request(1);
  again.webhooks = {hook("b")};
  auto t = fold(task(1, 1), again, 2, kept);
  CHECK(t.webhooks.size() == 1);
  auto waiting = request(2);
  waiting.webhooks = {hook("c")};
  t = fold(started(t, at(1)), waiting, 3, kept);
  t = fold(t, attach("d", 2), 4, kept);
  REQUIRE(t.next);
  CHECK(t.next->webhooks.size() == 2);
  t = promoted(ended(t, {outcome_kind::complete, "x"}, at(2)), kept);
  CHECK(owed(t) == "b1 ");
  CHECK(t.webhooks.size() == 2);
}

TEST_CASE("a snapshot holds a limited number of webhooks") {
  auto t = task(1, 0);
  for (int i = 0; i < 20; ++i)
    t = fold(t, attach("h" + std::to_string(i)), i + 1, kept);
  CHECK(t.webhooks.size() == most_webhooks);
}

TEST_CASE("a cancelled scan ends immediately if it is queued, otherwise through its owner") {
  auto t = fold(task(1, 1), cancel(), 2, kept);
  CHECK(t.current.state == task_state::cancelled);
  CHECK(t.current.outcome == outcome{outcome_kind::cancelled, "it was cancelled by ann"});
  CHECK(t.current.ended == at(5));
  auto running = fold(started(task(1, 1), at(1)), cancel(), 2, kept);
  CHECK(running.current.state == task_state::running);
  CHECK(running.cancelled_by == "ann");
  auto over = ended(running, cancelled_by("ann"), at(6));
  CHECK(over.current.state == task_state::cancelled);
  CHECK(over.cancelled_by.empty());
  auto late = fold(done(task(1, 1)), cancel(), 2, kept);
  CHECK(late.current.state == task_state::done);
  auto other = fold(task(1, 1), cancel(2), 2, kept);
  CHECK(other.current.state == task_state::queued);
  CHECK(!concerns(std::nullopt, cancel()));
  CHECK(!concerns(std::nullopt, attach("a")));
  CHECK(concerns(std::nullopt, request(1)));
}

TEST_CASE("a generation cancelled while it waits ends when it begins, and its webhooks are due") {
  auto waiting = request(2);
  waiting.webhooks = {hook("w")};
  auto t = fold(started(task(1, 1), at(1)), waiting, 2, kept);
  t = fold(t, cancel(2), 3, kept);
  REQUIRE(t.next);
  CHECK(t.next->cancelled);
  CHECK(t.current.state == task_state::running);
  t = promoted(ended(t, {outcome_kind::complete, "x"}, at(2)), kept);
  CHECK(t.current.number == 2);
  CHECK(t.current.state == task_state::cancelled);
  CHECK(owed(t) == "w2 ");
}

TEST_CASE("a waiting scan that was cancelled ends when another one takes its place") {
  auto waiting = request(2);
  waiting.webhooks = {hook("w")};
  auto t = fold(started(task(1, 1), at(1)), waiting, 2, kept);
  CHECK(next_generation(t) == 2);
  t = fold(t, cancel(2), 3, kept);
  CHECK(next_generation(t) == 3);
  t = fold(t, request(3), 4, kept);
  REQUIRE(t.next);
  CHECK(t.next->generation == 3);
  REQUIRE(t.history.size() == 1);
  CHECK(t.history[0].number == 2);
  CHECK(t.history[0].id == request(2).id());
  CHECK(t.history[0].state == task_state::cancelled);
  CHECK(owed(t) == "w2 ");
  t = promoted(ended(t, {outcome_kind::complete, "x"}, at(2)), kept);
  CHECK(t.current.number == 3);
  REQUIRE(t.history.size() == 2);
  CHECK(t.history[0].number == 2);
  CHECK(t.history[1].number == 1);
}

TEST_CASE("a request for the scan that waits begins it once, although its predecessor has ended") {
  auto t = fold(started(task(1, 1), at(1)), request(2), 2, kept);
  t = ended(t, {outcome_kind::complete, "x"}, at(2));
  REQUIRE(t.next);
  t = fold(t, request(2), 3, kept);
  CHECK(t.current.number == 2);
  CHECK(t.current.state == task_state::queued);
  CHECK(!t.next);
  t = fold(ended(t, {outcome_kind::complete, "x"}, at(3)), request(3), 4, kept);
  CHECK(t.current.number == 3);
  CHECK(t.history.size() == 2);
}

TEST_CASE("webhooks and cancellations survive the round trip through their records") {
  auto t = fold(started(task(1, 1), at(1)), attach("a"), 2, kept);
  t = fold(t, cancel(), 3, kept);
  auto waiting = request(2);
  waiting.cancelled = true;
  waiting.by = "bob";
  t.next = waiting;
  CHECK(parse_scan_task(to_json_text(t)).value() == t);
  t = ended(t, cancelled_by("ann"), at(3));
  CHECK(parse_scan_task(to_json_text(t)).value() == t);
  for (const auto& r : {attach("a"), cancel(), waiting})
    CHECK(parse_scan_request(to_json_text(r)).value() == r);
  auto old = to_json_text(request(1));
  old.replace(old.find("\"kind\":\"schedule\","), 18, "");
  CHECK(parse_scan_request(old).value() == request(1));
}

}  // namespace sonde::model
