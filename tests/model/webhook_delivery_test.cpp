#include "model/webhook/webhook_delivery.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/model/sample_tasks.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

using sample_tasks::at;

/// Returns an ended task with `results` results and one message in its outbox.
scan_task task_with_outbox(int results) {
  scan_request request;
  request.target = target::parse("203.0.113.1").value();
  request.profile = "standard";
  request.visibility = {"public"};
  request.key = key_of(request.target, request.profile, request.visibility);
  request.requested = at(0);
  request.webhooks = {{std::string(64, 'a'), "https://hooks.example.com:443", "c2VhbGVk"}};
  auto task = started(fold(std::nullopt, request, 0, 16), at(1));
  for (int port = 1; port <= results; ++port) {
    endpoint_result row;
    row.endpoint = "203.0.113.1:" + std::to_string(port) + "/tcp";
    row.service = entity_id_of("service", row.endpoint);
    task.results.push_back(row);
  }
  task.results_total = static_cast<std::uint32_t>(results);
  return ended(task, {outcome_kind::complete, "all said"}, at(2));
}

}  // namespace

TEST_CASE("a message has the content of GET, and is the same whenever it is built") {
  auto task = task_with_outbox(2);
  auto body = webhook_body(task, task.pending.at(0), 65'536);
  CHECK(body == webhook_body(task, task.pending.at(0), 65'536));
  auto event = parse_own(body);
  CHECK(event.at("type") == "scan.completed");
  CHECK(event.at("timestamp") == to_rfc3339(at(2)));
  CHECK(event.at("data").at("id") == task.current.id.str());
  CHECK(event.at("data").at("status") == "done");
  CHECK(event.at("data").at("results").size() == 2);
  CHECK(!event.at("data").contains("truncated"));
}

TEST_CASE("a message is truncated to its size limit, and marked") {
  auto task = task_with_outbox(1'000);
  auto body = webhook_body(task, task.pending.at(0), 8'192);
  CHECK(body.size() <= 8'192);
  auto data = parse_own(body).at("data");
  CHECK(data.at("truncated") == true);
  CHECK(data.at("results_total") == 1'000);
  CHECK(data.at("results").size() > 10);
  CHECK(data.at("results").at(0).at("endpoint") == "203.0.113.1:1/tcp");
}

TEST_CASE("a message that is too long loses the requests of its results before it loses results") {
  auto task = task_with_outbox(20);
  for (auto& row : task.results)
    row.requests.assign(12, {"postgresql", "answered", 100, 2'000, 30});
  auto data = parse_own(webhook_body(task, task.pending.at(0), 8'192)).at("data");
  CHECK(data.at("truncated") == true);
  CHECK(data.at("results_total") == 20);
  REQUIRE(data.at("results").size() == 20);
  CHECK(!data.at("results").at(0).contains("requests"));
  data = parse_own(webhook_body(task, task.pending.at(0), 65'536)).at("data");
  CHECK(data.at("results").at(0).at("requests").size() == 12);
}

TEST_CASE("a message about a past generation says how that generation ended") {
  auto task = task_with_outbox(2);
  auto owed = task.pending.at(0);
  scan_request next;
  next.target = task.target;
  next.profile = task.profile;
  next.visibility = task.visibility;
  next.key = task.key;
  next.generation = 2;
  next.requested = at(3);
  task = fold(task, next, 5, 16);
  auto data = parse_own(webhook_body(task, owed, 65'536)).at("data");
  CHECK(data.at("id") == owed.task.str());
  CHECK(data.at("status") == "done");
  CHECK(data.at("superseded_by") == task.current.id.str());
  CHECK(!data.contains("results"));
}

TEST_CASE("messages and their states survive the round trip through their records") {
  auto task = task_with_outbox(1);
  auto message = message_of(task, task.pending.at(0), 65'536, usual_record_bytes);
  auto record = to_record(message, "");
  CHECK(record.key == message.id.str());
  auto read = parse_webhook_message(record.value).value();
  CHECK(read.id == message.id);
  CHECK(read.body == message.body);
  CHECK(read.hook == message.hook);
  auto forged = message;
  forged.task = task_id("01234567-89ab-8def-8123-456789abcdef");
  CHECK(!parse_webhook_message(to_json_text(forged)));

  webhook_delivery state;
  state.id = message.id;
  state.task = message.task;
  state.endpoint = message.hook.endpoint;
  state.request = 7;
  state.created = at(2);
  CHECK(parse_webhook_delivery(to_json_text(state)).value() == state);
  state.state = delivery_state::dead;
  state.attempts = 10;
  state.next_try = at(4);
  state.last_try = at(3);
  state.status = 500;
  state.reason = "the receiver answered 500";
  CHECK(parse_webhook_delivery(to_json_text(state)).value() == state);
  CHECK(!parse_webhook_delivery("{}"));
}

}  // namespace sonde::model
