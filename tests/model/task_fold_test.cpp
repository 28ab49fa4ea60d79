#include "model/task_fold.hpp"

#include "tests/model/sample_tasks.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

using sample_tasks::at;
using sample_tasks::kept;
using sample_tasks::request;
using sample_tasks::task;

scan_task done(scan_task t) {
  return ended(started(std::move(t), at(1)), {outcome_kind::complete, "all said"}, at(2));
}

scan_task versioned(scan_task t, std::uint64_t epoch, std::uint64_t revision) {
  t.version = {epoch, revision};
  return t;
}

}  // namespace

TEST_CASE("a first request makes a queued task") {
  auto t = task(1, 5);
  CHECK(t.current.number == 1);
  CHECK(t.current.state == task_state::queued);
  CHECK(t.current.id == request(1).id());
  CHECK(t.folded == 5);
  CHECK(t.history.empty());
}

TEST_CASE("the table of requests that meet a task") {
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
    // Replaying the whole of it changes nothing more.
    CHECK(fold(after, request(r.generation), r.offset, kept) == after);
  }
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

TEST_CASE("history keeps the newest generations") {
  auto t = task(1, 1);
  for (std::uint64_t g = 2; g <= 6; ++g) {
    t = fold(done(t), request(g), static_cast<std::int64_t>(g), kept);
  }
  REQUIRE(t.history.size() == kept);
  CHECK(t.history[0].number == 5);
  CHECK(t.history[2].number == 3);
}

TEST_CASE("snapshots of a former owner give way, whatever order they come in") {
  auto queued = versioned(task(1, 5), 10, 1);
  auto running = versioned(started(queued, at(1)), 10, 2);
  auto new_owner = versioned(started(running, at(2)), 20, 3);
  auto ghost = versioned(done(running), 10, 9);
  CHECK(supersedes(running, queued));
  CHECK(!supersedes(queued, running));
  CHECK(supersedes(new_owner, running));
  CHECK(supersedes(new_owner, ghost));
  CHECK(!supersedes(ghost, new_owner));
  CHECK(supersedes(running, running));  // a replay

  std::vector<scan_task> seen = {queued, running, new_owner, ghost, running, new_owner, queued};
  scan_task held = queued;
  for (const auto& s : seen)
    held = supersedes(s, held) ? s : held;
  CHECK(held == new_owner);
}

TEST_CASE("an owner's change in the middle: begun again, with its progress and its attempts") {
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

TEST_CASE("a graceful stop puts a task back without holding it against it") {
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

TEST_CASE("a task comes back from JSON as it went in") {
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

TEST_CASE("records that are none are refused, and say what is wrong") {
  auto whole = to_json_text(request(1));
  CHECK(parse_scan_request(whole));
  for (auto [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"\"schedule\"", "\"unknown\""},
           {"\"generation\":1", "\"generation\":0"},
           {"\"generation\":1", "\"generation\":-1"},
           {"\"generation\":1", "\"generation\":\"1\""},
           {"203.0.113.1", "203.0.113.2"},  // the key does not follow from it any more
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

namespace {

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

TEST_CASE("webhooks are owed when their scan ends, each once") {
  auto first = request(1);
  first.webhooks = {hook("a")};
  auto t = fold(std::nullopt, first, 1, kept);
  t = fold(t, attach("b"), 2, kept);
  t = fold(t, attach("a"), 3, kept);
  CHECK(owed(t).empty());
  t = done(t);
  CHECK(owed(t) == "a1 b1 ");
  CHECK(t.webhooks.size() == 2);
  CHECK(t.webhooks[0].sealed.empty());
  t = fold(t, attach("b"), 4, kept);
  t = fold(t, attach("c"), 5, kept);
  CHECK(owed(t) == "a1 b1 c1 ");
  auto id = t.pending[1].id();
  t = handed_over(t, {id});
  CHECK(owed(t) == "a1 c1 ");
  // A later generation owes its own.
  t = fold(t, request(2), 6, kept);
  CHECK(t.webhooks.empty());
  CHECK(owed(t) == "a1 c1 ");
  t = fold(t, attach("d", 1), 7, kept);
  CHECK(owed(t) == "a1 c1 d1 ");
  CHECK(t.pending.back().id() == delivery_id_of(request(1).id(), "d"));
}

TEST_CASE("a request that lost a race leaves its webhook with the scan there is") {
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

TEST_CASE("a snapshot holds so many webhooks and no more") {
  auto t = task(1, 0);
  for (int i = 0; i < 20; ++i)
    t = fold(t, attach("h" + std::to_string(i)), i + 1, kept);
  CHECK(t.webhooks.size() == most_webhooks);
}

TEST_CASE("what is cancelled ends at once where it is queued, and by its owner where it runs") {
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

TEST_CASE(
    "a generation that is cancelled while it waits ends as it begins, and tells its webhooks") {
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

TEST_CASE("webhooks and cancellations survive their records") {
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
