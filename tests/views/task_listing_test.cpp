// Tests the tables without a queue. The test folds records directly and compares the list with one
// from a simple reference implementation.

#include "views/task_listing.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/support/doctest.hpp"
#include "views/task_tables.hpp"

#include <algorithm>
#include <random>

namespace sonde::views {
namespace {

using model::scan_task;
using model::task_state;

struct listed_world {
  listed_world() {
    tables.create(db);
    tables.open(db);
  }
  ~listed_world() { tables.close(); }

  /// Requests a scan of a target at this second.
  const scan_task& ask(const std::string& target, model::group_list visibility, int second,
                       const std::string& profile = "standard") {
    model::scan_request r;
    r.target = model::target::parse(target).value();
    r.profile = profile;
    r.visibility = std::move(visibility);
    r.key = model::key_of(r.target, r.profile, r.visibility);
    r.requested = wall_time(std::chrono::seconds(second));
    auto known = std::ranges::find(all, r.key, &scan_task::key);
    if (known != all.end()) r.generation = known->current.number + 1;
    put(to_record(r, "r"));
    if (known == all.end()) known = all.insert(all.end(), scan_task());
    auto before = known->key.empty() ? std::nullopt : std::optional(*known);
    *known = model::fold(std::move(before), r, offset, 16);
    return *known;
  }
  void start(scan_task& task) {
    auto when = task.current.requested;
    task = model::started(std::move(task), when);
    publish(task);
  }
  void end(scan_task& task, model::outcome_kind how) {
    auto when = task.current.requested;
    task = model::ended(std::move(task), {how, "x"}, when);
    publish(task);
  }

  /// The ids that this query has to return, over all pages.
  [[nodiscard]] std::vector<std::string> expected(const list_query& query) const {
    std::vector<list_place> places;
    for (const auto& task : all) {
      if (query.state && task.current.state != *query.state) continue;
      if (query.target && task.target.text() != query.target->text()) continue;
      bool seen = std::ranges::any_of(task.visibility, [&](const std::string& group) {
        return std::ranges::find(query.groups, group) != query.groups.end();
      });
      if (seen) places.push_back({task.current.requested, task.current.id});
    }
    std::ranges::sort(places, std::greater<>());
    std::vector<std::string> out;
    for (const auto& place : places)
      out.push_back(place.id.str());
    return out;
  }
  std::vector<std::string> paged(list_query query, std::size_t size) {
    std::vector<std::string> out;
    while (true) {
      query.limit = size;
      read_budget budget(bounds);
      auto page = tables.list(query, budget);
      CHECK(page.places.size() <= size);
      for (const auto& place : page.places)
        out.push_back(place.id.str());
      if (!page.next) return out;
      query.after = page.next;
    }
  }

  SQLite::Database db{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  limits bounds;
  task_tables tables{bounds};
  std::vector<scan_task> all;
  std::int64_t offset = -1;

 private:
  void put(record what) {
    queue::stored_record stored;
    stored.what = std::move(what);
    stored.offset = ++offset;
    CHECK(tables.fold(stored));
  }
  void publish(scan_task& task) {
    ++task.version.revision;
    auto kept = offset;  // snapshots are on a separate topic
    put(to_record(task, wall_time{}));
    offset = kept;
  }
};

list_query seen_by(model::group_list groups) {
  list_query out;
  out.groups = std::move(groups);
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(
    listed_world,
    "the newest scan comes first, and once even if several groups of the reader see it") {
  ask("192.0.2.1", {"blue", "red"}, 1);
  ask("192.0.2.2", {"red"}, 2);
  ask("192.0.2.3", {"blue"}, 3);
  auto ids = [&](model::group_list groups) { return paged(seen_by(std::move(groups)), 2); };
  CHECK(ids({"blue", "red"}) == expected(seen_by({"blue", "red"})));
  CHECK(ids({"blue", "red"}).size() == 3);
  CHECK(ids({"red"}).front() == all[1].current.id.str());
  CHECK(ids({"re"}).empty());
  CHECK(ids({}).empty());
}

TEST_CASE_FIXTURE(listed_world,
                  "a scan that is requested again moves to the front with its current state") {
  ask("192.0.2.1", {"red"}, 1);
  ask("192.0.2.2", {"red"}, 2);
  start(all[0]);
  end(all[0], model::outcome_kind::complete);
  auto old = all[0].current.id.str();
  ask("192.0.2.1", {"red"}, 3);
  auto now = paged(seen_by({"red"}), 10);
  CHECK(now == std::vector<std::string>{all[0].current.id.str(), all[1].current.id.str()});
  CHECK(now.front() != old);
  auto done = seen_by({"red"});
  done.state = task_state::done;
  CHECK(paged(done, 10).empty());
}

TEST_CASE_FIXTURE(listed_world, "paging continues at its position while new scans arrive") {
  for (int i = 1; i <= 6; ++i)
    ask("192.0.2." + std::to_string(i), {"red"}, i);
  auto query = seen_by({"red"});
  auto before = expected(query);
  query.limit = 3;
  read_budget budget(bounds);
  auto first = tables.list(query, budget);
  ask("192.0.2.100", {"red"}, 100);
  ask("192.0.2.101", {"red"}, 6);
  REQUIRE(first.next);
  query.after = first.next;
  query.limit = 10;
  auto second = tables.list(query, budget).places;
  REQUIRE(second.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(second[i].id.str() == before[3 + i]);
}

TEST_CASE_FIXTURE(listed_world, "after random changes every list equals the reference list") {
  std::mt19937 random(20'261'122);
  auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  const model::group_list visibilities[] = {
      {"a"}, {"b"}, {"a", "b"}, {"public"}, {"a", "b", "public"}};
  const model::outcome_kind ends[] = {model::outcome_kind::complete, model::outcome_kind::servfail,
                                      model::outcome_kind::cancelled};
  for (int step = 0; step < 600; ++step) {
    auto target = "192.0.2." + std::to_string(pick(40));
    auto& task = *std::ranges::find(all, ask(target, visibilities[pick(5)], 1 + step / 20).key,
                                    &scan_task::key);
    if (task.next) continue;
    if (pick(2) == 0 && task.current.state == task_state::queued) start(task);
    if (pick(2) == 0 && !model::is_terminal(task.current.state)) end(task, ends[pick(3)]);
  }
  const model::group_list readers[] = {{"a"}, {"b", "public"}, {"a", "b", "public"}, {"none"}};
  for (const auto& reader : readers) {
    auto query = seen_by(reader);
    for (int state = -1; state <= static_cast<int>(task_state::cancelled); ++state) {
      query.state = state < 0 ? std::nullopt : std::optional(static_cast<task_state>(state));
      query.target.reset();
      for (std::size_t size : {1U, 7U, 1000U})
        CHECK(paged(query, size) == expected(query));
      query.target = model::target::parse("192.0.2.7").value();
      CHECK(paged(query, 2) == expected(query));
    }
  }
}

TEST_CASE_FIXTURE(listed_world,
                  "a page that reads too many rows ends early, and the next page continues") {
  model::group_list groups;
  for (int i = 0; i < 40; ++i)
    groups.push_back("group-" + std::to_string(i));
  for (int i = 1; i <= 60; ++i)
    ask("192.0.2." + std::to_string(i), groups, i);
  auto query = seen_by(groups);
  auto all_of_them = expected(query);
  bounds.read_rows = 1'500;  // one page has 40 rows for each scan
  query.limit = 1'000;
  read_budget budget(bounds);
  auto page = tables.list(query, budget);
  CHECK(page.next);
  CHECK(page.places.size() < 60);
  CHECK(paged(query, 1'000) == all_of_them);
}

TEST_CASE_FIXTURE(listed_world,
                  "a listed task comes from columns, and a long list of ports is abbreviated") {
  std::string ports = "1";
  for (int port = 3; port < 20'000; port += 2)
    ports += "," + std::to_string(port);
  auto id = ask("192.0.2.1", {"red"}, 1, ports).current.id;
  start(all[0]);
  end(all[0], model::outcome_kind::complete);
  ask("192.0.2.2", {"red"}, 2, ports);
  auto listed = tables.summaries().find(id);
  REQUIRE(listed);
  CHECK(listed->task.target.text() == "192.0.2.1");
  CHECK(listed->task.current.state == task_state::done);
  REQUIRE(listed->task.current.outcome);
  CHECK(listed->task.current.outcome->reason == "x");
  CHECK(listed->task.current.started == all[0].current.started);
  CHECK(listed->task.current.ended == all[0].current.ended);
  REQUIRE(listed->ports);
  CHECK(listed->ports->ports == 10'000);
  CHECK(listed->ports->head.starts_with("1,3,5,"));
  CHECK(listed->ports->head.size() < 80);
  // The list is stored once. A task that is read in full contains it.
  CHECK(db.execAndGet("SELECT count(*) FROM port_lists").getInt() == 1);
  CHECK(db.execAndGet("SELECT max(length(profile) + length(coalesce(snapshot, ''))"
                      "  + length(coalesce(effective, ''))) FROM tasks")
            .getInt() < 3'000);
  CHECK(tables.task(all[0].key) == all[0]);
}

}  // namespace sonde::views
