// The ports that earlier scans of a task found open.

#include "model/scan/task_fold.hpp"
#include "tests/model/sample_tasks.hpp"
#include "tests/support/doctest.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sonde::model {
namespace {

endpoint_result open_row(const std::string& endpoint) {
  endpoint_result out;
  out.endpoint = endpoint;
  out.service = entity_id_of("service", endpoint);
  return out;
}

/// Ends the current generation with these ports open. `asked` returns whether it has a verdict on
/// an endpoint.
scan_task ended_with(scan_task t, int second, const std::vector<std::string>& open,
                     const std::function<bool(const std::string&)>& asked) {
  for (const auto& endpoint : open)
    t.results.push_back(open_row(endpoint));
  t.results_total = static_cast<std::uint32_t>(open.size());
  t = compared(started(std::move(t), sample_tasks::at(second)), asked);
  return ended(std::move(t), {outcome_kind::complete, "all said"}, sample_tasks::at(second));
}

}  // namespace

TEST_CASE("an endpoint of an earlier scan is closed once a later scan gets no answer from it") {
  auto all = [](const std::string&) { return true; };
  auto closed = [](const scan_task& t) {
    std::vector<std::string> out;
    for (const auto& one : t.past)
      if (one.closed) out.push_back(one.endpoint + " " + to_rfc3339(one.last_open).substr(17, 2));
    return out;
  };
  using lines = std::vector<std::string>;
  auto t = ended_with(sample_tasks::task(1, 1), 10, {"a:1", "a:2", "a:3"}, all);
  CHECK(t.past.empty());
  t = ended_with(fold(t, sample_tasks::request(2), 2, sample_tasks::kept), 20, {"a:2"}, all);
  CHECK(closed(t) == lines{"a:1 15", "a:3 15"});
  CHECK(t.past.size() == 2);
  // While the task runs, nothing is closed; an endpoint that is open again is forgotten.
  auto running = fold(t, sample_tasks::request(3), 3, sample_tasks::kept);
  CHECK(closed(running).empty());
  CHECK(running.past.size() == 3);
  t = ended_with(running, 30, {"a:1", "a:9"}, all);
  CHECK(closed(t) == lines{"a:2 25", "a:3 15"});
  // An endpoint that was not probed may be open, and is kept.
  t = ended_with(fold(t, sample_tasks::request(4), 4, sample_tasks::kept), 40, {},
                 [](const std::string& endpoint) { return endpoint != "a:2"; });
  CHECK(closed(t) == lines{"a:1 35", "a:9 35", "a:3 15"});
  t = ended_with(fold(t, sample_tasks::request(5), 5, sample_tasks::kept), 50, {}, all);
  CHECK(closed(t).size() == 4);
  // If not all open ports are listed, an endpoint that is not listed may be open.
  t = fold(t, sample_tasks::request(6), 6, sample_tasks::kept);
  t.results.push_back(open_row("a:2"));
  t.results_total = 7;
  t = compared(std::move(t), all);
  CHECK(closed(t).empty());
  CHECK(t.past.size() == 3);
}

TEST_CASE("a task keeps the most recently open endpoints, up to a limit") {
  auto all = [](const std::string&) { return true; };
  std::vector<std::string> many;
  for (std::size_t i = 0; i < most_past_endpoints; ++i)
    many.push_back("a:" + std::to_string(i));
  auto t = ended_with(sample_tasks::task(1, 1), 10, many, all);
  t = ended_with(fold(t, sample_tasks::request(2), 2, sample_tasks::kept), 20, {"b:1"}, all);
  CHECK(t.past.size() == most_past_endpoints);
  t = fold(t, sample_tasks::request(3), 3, sample_tasks::kept);
  CHECK(t.past.size() == most_past_endpoints);
  CHECK(t.past.front().endpoint == "b:1");
}

}  // namespace sonde::model
