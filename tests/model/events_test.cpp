#include "model/events.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

std::string header(const record& r, const std::string& name) {
  const auto* value = find_header(r.headers, name);
  return value == nullptr ? std::string() : *value;
}

provenance found_by(const task_id& task) {
  return {"sonde", {"public"}, wall_time(std::chrono::seconds(1'767'323'045)), task};
}

}  // namespace

TEST_CASE("every record carries CloudEvents headers") {
  auto task = task_id("b7e03956-4eba-8003-b872-944cb7c8dc71");
  auto e = make_entity("ip", "203.0.113.1", json::object(), found_by(task));
  auto r = to_record(e, 2, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  CHECK(r.topic == "entities");
  CHECK(r.key == e.id.str());
  CHECK(header(r, "content-type") == "application/json");
  CHECK(header(r, "ce_specversion") == "1.0");
  CHECK(header(r, "ce_id") == task.str() + "/2/" + e.id.str());
  CHECK(header(r, "ce_type") == "sonde.entity.v1");
  CHECK(header(r, "ce_source") == "/sonde/scanner");
  CHECK(header(r, "ce_subject") == e.id.str());
  CHECK(header(r, "ce_time") == "2026-01-02T03:04:05.000Z");
  CHECK(header(r, "traceparent").starts_with("00-"));
}

TEST_CASE("entities and associations survive the round trip through their records") {
  auto from = found_by(task_id("b7e03956-4eba-8003-b872-944cb7c8dc71"));
  json attributes = {{"name", "ssh"}, {"versions", {"2.0"}}};
  auto service = make_entity("service", "203.0.113.1:22/tcp", attributes, from);
  CHECK(service.attributes["service"] == "203.0.113.1:22/tcp");
  auto back = parse_entity(to_record(service, 1, "").value);
  REQUIRE(back);
  CHECK(*back == service);

  auto ip = make_entity("ip", "203.0.113.1", json::object(), from);
  json evidence = {{"module", "greeting"}};
  auto edge = make_association(ip.id, association_mode::aggregation, service.id, evidence, from);
  CHECK(edge.id == association_id_of(ip.id, "aggregation", service.id));
  auto edge_back = parse_association(to_record(edge, 1, "").value);
  REQUIRE(edge_back);
  CHECK(*edge_back == edge);
}

TEST_CASE("a lease is distinguished from a snapshot by its key") {
  lease mine{"process-1", 3, wall_time(std::chrono::seconds(1'767'323'045))};
  auto r = to_record(mine);
  CHECK(r.topic == "scan.tasks");
  CHECK(is_lease(r));
  auto back = parse_lease(r.value);
  REQUIRE(back);
  CHECK(back->owner == "process-1");
  CHECK(back->partition == 3);

  scan_task task;
  task.version = {12, 3};
  CHECK(!is_lease(to_record(task, wall_time{})));
  CHECK(header(to_record(task, wall_time{}), epoch_header) == "12");
}

TEST_CASE("progress survives the round trip through its record") {
  progress_event event{target_key(std::string(64, 'a')),
                       task_id("x"),
                       {100, 40, 2},
                       wall_time(std::chrono::seconds(1'767'323'045))};
  auto back = parse_progress_event(to_record(event).value);
  REQUIRE(back);
  CHECK(back->progress == event.progress);
  CHECK(back->key == event.key);
  CHECK(!parse_progress_event("{\"planned\":-1}"));
  auto text = to_record(event).value;
  auto field = "\"identified\":" + std::to_string(event.progress.identified) + ",";
  REQUIRE(text.find(field) != std::string::npos);
  text.erase(text.find(field), field.size());
  // An earlier version wrote no such number: all open ports count as identified.
  CHECK(parse_progress_event(text).value().progress.identified == event.progress.open);
}

TEST_CASE("a record that ends something is urgent, and a record that adds something is not") {
  scan_request request;
  CHECK(!to_record(request, "id", 0).urgent);
  request.kind = request_kind::attach;
  CHECK(!to_record(request, "id", 0).urgent);
  request.kind = request_kind::cancel;
  CHECK(to_record(request, "id", 0).urgent);

  credential key;
  CHECK(!to_record(key).urgent);
  key.revoked = wall_time{};
  CHECK(to_record(key).urgent);
  CHECK(!to_record(key_use{}).urgent);

  scan_task task;
  for (auto state :
       {task_state::queued, task_state::done, task_state::failed, task_state::cancelled}) {
    task.current.state = state;
    CHECK(to_record(task, wall_time{}).urgent);
  }
  task.current.state = task_state::running;
  CHECK(!to_record(task, wall_time{}).urgent);
  task.cancelled_by = "ada";
  CHECK(to_record(task, wall_time{}).urgent);

  CHECK(to_record(lease{}).urgent);
  CHECK(!to_record(progress_event{}).urgent);
  auto found = found_by(task_id("b7e03956-4eba-8003-b872-944cb7c8dc71"));
  CHECK(!to_record(make_entity("ip", "203.0.113.1", json::object(), found), 1, "").urgent);
}

}  // namespace sonde::model
