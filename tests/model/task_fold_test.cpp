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

scan_task versioned(scan_task t, std::uint64_t epoch, std::uint64_t revision) {
  t.version = {epoch, revision};
  return t;
}

}  // namespace

TEST_CASE("a first request creates a queued task") {
  auto t = task(1, 5);
  CHECK(t.current.number == 1);
  CHECK(t.current.state == task_state::queued);
  CHECK(t.current.id == request(1).id());
  CHECK(t.folded == 5);
  CHECK(t.history.empty());
}

TEST_CASE("a table of requests and task states gives the folded state") {
  struct row {
    const char* name;
    scan_task before;
    std::uint64_t generation;
    std::int64_t offset;
    std::uint64_t current;
    task_state state;
    std::uint64_t next;  ///< 0: none
    std::int64_t folded;
  };
  for (const auto& r : std::initializer_list<row>{
           {"a duplicate of the queued one", task(1, 5), 1, 6, 1, task_state::queued, 0, 6},
           {"a replay of the one folded", task(1, 5), 1, 5, 1, task_state::queued, 0, 5},
           {"a replay from before", task(2, 5), 3, 4, 2, task_state::queued, 0, 5},
           {"the next while queued waits", task(1, 5), 2, 6, 1, task_state::queued, 2, 6},
           {"the next while running waits", started(task(1, 5), at(1)), 2, 6, 1,
            task_state::running, 2, 6},
           {"the next after the end begins", done(task(1, 5)), 2, 6, 2, task_state::queued, 0, 6},
           {"a late one of an ended generation", done(task(3, 5)), 2, 6, 3, task_state::done, 0, 6},
           {"the ended one again", done(task(3, 5)), 3, 6, 3, task_state::done, 0, 6},
           {"a gap in the generations", done(task(1, 5)), 7, 6, 7, task_state::queued, 0, 6},
           {"a later one than the waiting", fold(started(task(1, 5), at(1)), request(2), 6, kept),
            3, 7, 1, task_state::running, 3, 7},
           {"an earlier one than the waiting",
            fold(started(task(1, 5), at(1)), request(3), 6, kept), 2, 7, 1, task_state::running, 3,
            7},
       }) {
    CAPTURE(r.name);
    auto after = fold(r.before, request(r.generation), r.offset, kept);
    CHECK(after.current.number == r.current);
    CHECK(after.current.state == r.state);
    CHECK((after.next ? after.next->generation : 0) == r.next);
    CHECK(after.folded == r.folded);
    // Replaying the request changes nothing more.
    CHECK(fold(after, request(r.generation), r.offset, kept) == after);
  }
}

TEST_CASE("a request for more depth raises that of a scan that has not begun") {
  auto at_depth = [](std::uint64_t generation, scan_depth depth) {
    auto out = request(generation);
    out.depth = depth;
    return out;
  };
  auto queued = fold(std::nullopt, at_depth(1, scan_depth::light), 5, kept);
  CHECK(queued.depth == scan_depth::light);
  auto raised = fold(queued, at_depth(1, scan_depth::deep), 6, kept);
  CHECK(raised.current.number == 1);
  CHECK(raised.depth == scan_depth::deep);
  CHECK(!raised.next);
  CHECK(fold(raised, at_depth(1, scan_depth::standard), 7, kept).depth == scan_depth::deep);

  auto followed = fold(started(queued, at(1)), at_depth(1, scan_depth::standard), 6, kept);
  CHECK(followed.depth == scan_depth::light);
  REQUIRE(followed.next);
  CHECK(followed.next->generation == 2);
  auto deepened = fold(followed, at_depth(2, scan_depth::deep), 7, kept);
  REQUIRE(deepened.next);
  CHECK(deepened.next->depth == scan_depth::deep);
  auto begun = promoted(done(deepened), kept);
  CHECK(begun.current.number == 2);
  CHECK(begun.depth == scan_depth::deep);

  auto after_the_end = fold(done(queued), at_depth(1, scan_depth::deep), 8, kept);
  CHECK(after_the_end.current.number == 2);
  CHECK(after_the_end.current.state == task_state::queued);
  CHECK(after_the_end.depth == scan_depth::deep);
}

TEST_CASE("a request and a task keep their depth in their records, and an unknown one is refused") {
  auto asked = request(1);
  CHECK(to_json_text(asked).find("depth") == std::string::npos);
  asked.depth = scan_depth::deep;
  CHECK(parse_scan_request(to_json_text(asked)).value() == asked);
  auto t = fold(std::nullopt, asked, 5, kept);
  t.progress = {4, 4, 3, 2};
  CHECK(parse_scan_task(to_json_text(t)).value() == t);
  auto text = to_json_text(asked);
  text.replace(text.find("\"deep\""), sizeof "\"deep\"" - 1, "\"full\"");
  CHECK(!parse_scan_request(text));
}

TEST_CASE("requests in any order, delivered any number of times, end in the same task") {
  std::vector<std::pair<std::int64_t, std::uint64_t>> log = {
      {1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}};
  std::optional<scan_task> once;
  for (auto [offset, generation] : log)
    once = fold(once, request(generation), offset, kept);
  std::optional<scan_task> replayed;
  for (std::size_t round = 0; round < log.size(); ++round) {
    for (std::size_t i = 0; i <= round; ++i) {
      replayed = fold(replayed, request(log[i].second), log[i].first, kept);
    }
  }
  CHECK(*once == *replayed);
}

TEST_CASE("the waiting generation begins when the current one has ended") {
  auto t = fold(started(task(1, 5), at(1)), request(2, 9), 6, kept);
  CHECK(promoted(t, kept) == t);
  t = promoted(ended(t, {outcome_kind::nxdomain, "no such name"}, at(3)), kept);
  CHECK(t.current.number == 2);
  CHECK(t.current.state == task_state::queued);
  CHECK(t.current.requested == at(9));
  CHECK(!t.next);
  REQUIRE(t.history.size() == 1);
  CHECK(t.history[0].outcome->kind == outcome_kind::nxdomain);
  CHECK(t.attempt == 0);
}

TEST_CASE("the history keeps the newest generations") {
  auto t = task(1, 1);
  for (std::uint64_t g = 2; g <= 6; ++g) {
    t = fold(done(t), request(g), static_cast<std::int64_t>(g), kept);
  }
  REQUIRE(t.history.size() == kept);
  CHECK(t.history[0].number == 5);
  CHECK(t.history[2].number == 3);
}

TEST_CASE("snapshots of a fenced owner are superseded, in whatever order they arrive") {
  auto queued = versioned(task(1, 5), 10, 1);
  auto running = versioned(started(queued, at(1)), 10, 2);
  auto new_owner = versioned(started(running, at(2)), 20, 3);
  auto former = versioned(done(running), 10, 9);
  CHECK(supersedes(running, queued));
  CHECK(!supersedes(queued, running));
  CHECK(supersedes(new_owner, running));
  CHECK(supersedes(new_owner, former));
  CHECK(!supersedes(former, new_owner));
  CHECK(supersedes(running, running));  // a replay

  std::vector<scan_task> seen = {queued, running, new_owner, former, running, new_owner, queued};
  scan_task held = queued;
  for (const auto& s : seen)
    held = supersedes(s, held) ? s : held;
  CHECK(held == new_owner);
}

TEST_CASE("after a change of owner a task restarts, with its progress and its attempts") {
  auto t = started(task(1, 5), at(1));
  t = advanced(t, {100, 40, 2}, {{"203.0.113.1", {40, "22", "80"}}});
  CHECK(t.stalled == 0);
  auto again = started(t, at(50));
  CHECK(again.attempt == 2);
  CHECK(again.stalled == 1);
  CHECK(again.current.started == at(1));
  CHECK(again.cursors.at("203.0.113.1").index == 40);
  auto stuck = again;
  for (int i = 0; i < 9; ++i)
    stuck = started(stuck, at(60));
  CHECK(stuck.stalled == 10);
  CHECK(advanced(stuck, {100, 40, 2}, {}).stalled == 10);  // no progress
  CHECK(advanced(stuck, {100, 41, 2}, {}).stalled == 0);
}

TEST_CASE("a graceful stop puts a task back without counting it as stalled") {
  auto t = put_back(advanced(started(task(1, 5), at(1)), {100, 40, 2}, {{"a", {40, "", ""}}}));
  CHECK(t.current.state == task_state::queued);
  CHECK(t.cursors.size() == 1);
  CHECK(put_back(started(task(1, 5), at(1))).stalled == 0);
}

TEST_CASE("every outcome belongs to a state and has a name") {
  CHECK(state_after(outcome_kind::complete) == task_state::done);
  CHECK(state_after(outcome_kind::partial) == task_state::done);
  CHECK(state_after(outcome_kind::nxdomain) == task_state::failed);
  CHECK(state_after(outcome_kind::attempts) == task_state::failed);
  CHECK(name_of(outcome_kind::complete) == "complete");
  CHECK(name_of(outcome_kind::dns_timeout) == "dns_timeout");
  CHECK(name_of(outcome_kind::attempts) == "attempts");
  CHECK(name_of(task_state::cancelled) == "cancelled");
}

TEST_CASE("a task survives the round trip through JSON") {
  auto t =
      fold(started(fold(done(task(1, 1)), request(2), 2, kept), at(4)), request(3, 7), 3, kept);
  t = versioned(advanced(t, {100, 40, 2}, {{"203.0.113.1", {40, "22", "80-90"}}}), 7, 11);
  endpoint_result found;
  found.endpoint = "203.0.113.1:443/tcp";
  found.service = entity_id_of("service", found.endpoint);
  found.name = "http";
  found.tls = true;
  found.banner = "HTTP/1.1 200 OK";
  found.certificate = std::string(64, 'a');
  found.subject = "CN=x";
  found.not_after = "2027-01-01T00:00:00Z";
  t.results.push_back(found);
  t.results_total = 1;
  t.past.push_back({"203.0.113.1:80/tcp", entity_id_of("service", "203.0.113.1:80/tcp"), at(2)});
  t.past.push_back({"203.0.113.1:81/tcp", entity_id_of("service", "x"), at(1), true});
  t.produced.push_back({"entities", 3, 99});
  t.ports = "1-100";
  t.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto back = parse_scan_task(to_json_text(t));
  REQUIRE(back);
  CHECK(*back == t);

  auto asked = request(4);
  asked.ports = "22";
  asked.priority = -3;
  auto asked_back = parse_scan_request(to_json_text(asked));
  REQUIRE(asked_back);
  CHECK(*asked_back == asked);
}

TEST_CASE("an invalid record is refused") {
  auto whole = to_json_text(request(1));
  CHECK(parse_scan_request(whole));
  for (auto [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"\"schedule\"", "\"unknown\""},
           {"\"generation\":1", "\"generation\":0"},
           {"\"generation\":1", "\"generation\":-1"},
           {"\"generation\":1", "\"generation\":\"1\""},
           {"203.0.113.1", "203.0.113.2"},  // the key no longer follows from it
           {"\"priority\":0", "\"priority\":1000"},
           {"[\"public\"]", "\"public\""},
           {"[\"public\"]", "[1]"},
           {"2026-", "26-"},
       }) {
    auto broken = whole;
    broken.replace(broken.find(from), std::string_view(from).size(), to);
    CAPTURE(broken);
    CHECK(!parse_scan_request(broken));
  }
  for (const char* text : {"", "null", "[]", "{}", "{\"current\":{}}"}) {
    CHECK(!parse_scan_request(text));
    CHECK(!parse_scan_task(text));
  }
}

}  // namespace sonde::model
