#include "ingest/scans/scan_json.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using model::json;
using model::task_state;
using std::chrono::seconds;

const wall_time noon{seconds(1'767'355'200)};  // 2026-01-02T12:00:00Z

views::found_task done_scan() {
  views::found_task out;
  auto& task = out.task;
  task.target = model::target::parse("203.0.113.1").value();
  task.profile = "22,443";
  task.visibility = {"public"};
  task.key = model::key_of(task.target, task.profile, task.visibility);
  task.attempt = 2;
  task.progress = {2, 2, 1};
  task.current.number = 3;
  task.current.id = model::task_id_of(task.key, 3);
  task.current.state = task_state::done;
  task.current.requested = noon;
  task.current.started = noon + seconds(1);
  task.current.ended = noon + seconds(3);
  task.current.outcome = model::outcome{model::outcome_kind::complete, "all is known"};
  out.generation = task.current;
  return out;
}

model::endpoint_result https() {
  model::endpoint_result out;
  out.endpoint = "203.0.113.1:443/tcp";
  out.service = model::entity_id_of("service", out.endpoint);
  out.name = "http";
  out.tls = true;
  out.banner = "HTTP/1.1 200 OK";
  out.certificate = std::string(64, 'a');
  out.subject = "CN=example.com";
  out.not_after = "2026-02-01T00:00:00Z";
  return out;
}

}  // namespace

TEST_CASE("an ended scan is shown with its times, outcome and results") {
  auto scan = done_scan();
  scan.task.results = {https()};
  scan.task.results_total = 1;
  auto out = to_json(scan, task_state::done);
  CHECK(out["id"] == scan.generation->id.str());
  CHECK(out["status"] == "done");
  CHECK(out["target"] == "203.0.113.1");
  CHECK(out["profile"] == "22,443");
  CHECK(out["ports"] == "22,443");
  CHECK(out["generation"] == 3);
  CHECK(out["attempt"] == 2);
  CHECK(out["requested"] == "2026-01-02T12:00:00.000Z");
  CHECK(out["started"] == "2026-01-02T12:00:01.000Z");
  CHECK(out["ended"] == "2026-01-02T12:00:03.000Z");
  CHECK(out["outcome"] == json{{"name", "complete"}, {"reason", "all is known"}});
  CHECK(out["progress"] == json{{"planned", 2}, {"done", 2}, {"open", 1}, {"identified", 0}});
  REQUIRE(out["results"].size() == 1);
  const auto& row = out["results"][0];
  CHECK(row["endpoint"] == "203.0.113.1:443/tcp");
  CHECK(row["state"] == "open");
  CHECK(row["service"] == json{{"tls", true}, {"name", "http"}});
  CHECK(row["banner"] == "HTTP/1.1 200 OK");
  CHECK(row["certificate"]["subject"] == "CN=example.com");
  CHECK(row["certificate"]["id"].get<std::string>().starts_with("certificate-"));
  CHECK(!out.contains("truncated"));
}

TEST_CASE("a scan is shown with its depth, and a result with its requests") {
  auto scan = done_scan();
  scan.task.depth = model::scan_depth::deep;
  auto row = https();
  row.requests = {{"greeting", "silent", 0, 0, 250}, {"tls", "answered", 517, 4'000, 31}};
  scan.task.results = {row};
  scan.task.results_total = 1;
  auto out = to_json(scan, task_state::done);
  CHECK(out["depth"] == "deep");
  CHECK(!out.contains("truncated"));
  REQUIRE(out["results"][0]["requests"].size() == 2);
  CHECK(out["results"][0]["requests"][1] == json{{"module", "tls"},
                                                 {"outcome", "answered"},
                                                 {"sent", 517},
                                                 {"received", 4'000},
                                                 {"time_ms", 31}});
  scan.task.results[0].requests.clear();
  scan.task.requests_omitted = true;
  out = to_json(scan, task_state::done);
  CHECK(!out["results"][0].contains("requests"));
  CHECK(out["truncated"] == true);
  CHECK(out["results_total"] == 1);
}

TEST_CASE("unknown values are left out") {
  model::endpoint_result bare;
  bare.endpoint = "203.0.113.1:22/tcp";
  bare.service = model::entity_id_of("service", bare.endpoint);
  auto scan = done_scan();
  scan.task.results = {bare};
  scan.task.results_total = 1;
  auto row = to_json(scan, task_state::done)["results"][0];
  CHECK(row["service"] == json{{"tls", false}});
  CHECK(!row.contains("banner"));
  CHECK(!row.contains("certificate"));
}

TEST_CASE("a truncated list of results says how many results there are") {
  auto scan = done_scan();
  scan.task.results = {https()};
  scan.task.results_total = 5;
  auto out = to_json(scan, task_state::done);
  CHECK(out["truncated"] == true);
  CHECK(out["results_total"] == 5);
}

TEST_CASE("an ended scan that is shown as running has no outcome and no results yet") {
  auto scan = done_scan();
  scan.task.results = {https()};
  auto out = to_json(scan, task_state::running);
  CHECK(out["status"] == "running");
  CHECK(!out.contains("outcome"));
  CHECK(!out.contains("results"));
}

TEST_CASE("a queued scan has neither a start nor an end") {
  auto scan = done_scan();
  scan.task.current.state = task_state::queued;
  scan.task.current.started.reset();
  scan.task.current.ended.reset();
  scan.task.current.outcome.reset();
  scan.generation = scan.task.current;
  auto out = to_json(scan, task_state::queued);
  CHECK(!out.contains("started"));
  CHECK(!out.contains("ended"));
  CHECK(out["progress"]["planned"] == 2);
}

TEST_CASE("a past generation shows its outcome, and which one is newer") {
  auto scan = done_scan();
  scan.generation->number = 2;
  scan.generation->id = model::task_id_of(scan.task.key, 2);
  auto out = to_json(scan, task_state::done);
  CHECK(out["id"] == scan.generation->id.str());
  CHECK(out["superseded_by"] == scan.task.current.id.str());
  CHECK(out["outcome"]["name"] == "complete");
  CHECK(!out.contains("progress"));
  CHECK(!out.contains("results"));
}

TEST_CASE("a generation that waits for the current one has no superseding scan") {
  auto scan = done_scan();
  scan.generation->number = 4;
  scan.generation->id = model::task_id_of(scan.task.key, 4);
  scan.generation->outcome.reset();
  auto out = to_json(scan, task_state::queued);
  CHECK(!out.contains("superseded_by"));
  CHECK(!out.contains("outcome"));
}

}  // namespace sonde::ingest
