// A hidden record costs a reader no more than an absent record.

#include "base/async/event_loop.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "views/entity_reader.hpp"
#include "views/entity_tables.hpp"
#include "views/read_timer.hpp"
#include "views/visibility_sets.hpp"

#include <sqlite3.h>

namespace sonde::views {
namespace {

using model::json;

/// The statements that were run, and the rows that they visited.
struct look_ups {
  int statements = 0;
  int rows = 0;
  bool operator==(const look_ups&) const = default;
};

int note(unsigned what, void* context, void*, void*) {
  auto& counted = *static_cast<look_ups*>(context);
  ++(what == SQLITE_TRACE_ROW ? counted.rows : counted.statements);
  return 0;
}

model::provenance from(model::group_list groups) {
  return {"somebody", std::move(groups), wall_time(std::chrono::seconds(1'767'323'045)),
          std::nullopt};
}

struct tables_world {
  tables_world() {
    tables.create(db);
    tables.open(db);
  }
  ~tables_world() { tables.close(); }

  void put(record what) {
    queue::stored_record stored;
    stored.what = std::move(what);
    CHECK(tables.fold(stored));
  }
  template <class Question>
  look_ups count(Question ask) {
    look_ups out;
    sqlite3_trace_v2(db.getHandle(), SQLITE_TRACE_STMT | SQLITE_TRACE_ROW, note, &out);
    ask(tables.reader());
    sqlite3_trace_v2(db.getHandle(), 0, nullptr, nullptr);
    return out;
  }

  SQLite::Database db{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  limits bounds;
  entity_tables tables{bounds};
};

const model::group_list ours = {"ours", "public"};

}  // namespace

TEST_CASE("a hidden entity takes as many look-ups as an absent one") {
  tables_world w;
  auto id = [](int last) { return model::entity_id_of("ip", "203.0.113." + std::to_string(last)); };
  auto entity = [](int last, model::group_list groups) {
    return to_record(model::make_entity("ip", "203.0.113." + std::to_string(last), json::object(),
                                        from(std::move(groups))),
                     1, "");
  };
  auto edge = [&](int one, int other, model::group_list groups) {
    return to_record(model::make_association(id(one), model::association_mode::association,
                                             id(other), {}, from(std::move(groups))),
                     1, "");
  };
  w.put(entity(1, {"ours"}));
  w.put(entity(2, {"public"}));
  w.put(entity(3, {"theirs"}));
  w.put(edge(1, 2, {"ours"}));
  auto details = [&](int last) {
    return w.count([&](entity_reader& tables) { (void)tables.find(id(last), ours, 100); });
  };
  auto walk = [&](int last) {
    return w.count([&](entity_reader& tables) { (void)tables.walk(id(last), ours, 3, 100); });
  };
  auto comments = [&](int last) {
    return w.count([&](entity_reader& tables) { (void)tables.comments(id(last), ours, 100); });
  };
  auto seen = details(1);
  auto walked = walk(1);
  auto said = comments(1);
  CHECK(seen.statements > 5);
  CHECK(seen.rows > 5);
  for (int other : {2, 3, 9})
    w.put(edge(1, other, {"theirs"}));
  for (int other = 10; other < 200; ++other) {
    w.put(entity(other, {"theirs"}));
    w.put(edge(other, 1, {"theirs"}));
  }
  w.put(entity(1, {"theirs"}));
  CHECK(details(1) == seen);
  CHECK(walk(1) == walked);
  CHECK(comments(1) == said);

  auto statements_only = [](look_ups both) { return both.statements; };
  CHECK(statements_only(details(3)) == statements_only(details(250)));
  CHECK(statements_only(walk(3)) == statements_only(walk(250)));
  CHECK(statements_only(comments(3)) == statements_only(comments(250)));
  // The extra row maps the id to its number. It exists for every entity, whatever its visibility.
  CHECK(details(3).rows == details(250).rows + 1);
}

TEST_CASE("look-ups do not grow with the group lists that callers create") {
  tables_world w;
  auto id = model::entity_id_of("ip", "203.0.113.1");
  auto entity = [](const std::string& address, model::group_list groups) {
    return to_record(model::make_entity("ip", address, json::object(), from(std::move(groups))), 1,
                     "");
  };
  model::group_list groups;
  for (int i = 0; i < 12; ++i)
    groups.push_back("group-" + std::to_string(i));
  w.put(entity("203.0.113.1", groups));
  auto details = [&] {
    return w.count([&](entity_reader& tables) { CHECK(tables.find(id, groups, 100)); });
  };
  auto before = details();
  for (unsigned mask = 1; mask < 1U << groups.size(); mask += 2) {
    model::group_list some;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if ((mask >> i & 1U) != 0) some.push_back(groups[i]);
    }
    w.put(entity("198.51.100.1", some));
  }
  CHECK(details() == before);
}

TEST_CASE("a response stops at the limit of rows and is marked as truncated") {
  tables_world w;
  w.bounds.read_rows = 2'000;
  auto hub = model::make_entity("ip", "203.0.113.1", json::object(), from({"ours"}));
  w.put(to_record(hub, 1, ""));
  for (int i = 0; i < 900; ++i) {
    auto host = model::make_entity("hostname", "h" + std::to_string(i) + ".example.com",
                                   json::object(), from({"ours"}));
    w.put(to_record(host, 1, ""));
    w.put(to_record(model::make_association(hub.id, model::association_mode::association, host.id,
                                            {}, from({"ours"})),
                    1, ""));
  }
  std::optional<entity_details> found;
  auto cost = w.count([&](entity_reader& tables) { found = tables.find(hub.id, ours, 1'000); });
  REQUIRE(found);
  CHECK(found->truncated);
  CHECK(found->related.size() > 100);
  CHECK(found->related.size() < 900);
  CHECK(cost.statements + cost.rows < 2'500);
  auto walked = w.tables.reader().walk(hub.id, ours, 2, 1'000);
  REQUIRE(walked);
  CHECK(walked->truncated);
  w.bounds.read_rows = 30'000;
  found = w.tables.reader().find(hub.id, ours, 1'000);
  CHECK(!found->truncated);
  CHECK(found->related.size() == 900);
}

TEST_CASE("comments stop at the size limit of a response, oldest first, over all group lists") {
  tables_world w;
  w.bounds.http_answer_bytes = 10'000;
  auto ip = model::make_entity("ip", "203.0.113.1", json::object(), from({"a"}));
  w.put(to_record(ip, 1, ""));
  const model::group_list lists[] = {{"a"}, {"b"}, {"a", "b"}, {"a", "c"}};
  for (int i = 0; i < 40; ++i) {
    auto said = from(lists[i % 4]);
    said.time += std::chrono::seconds(i);
    w.put(to_record(model::make_comment(ip.id, std::to_string(i) + std::string(1'000, 'x'),
                                        std::nullopt, std::move(said)),
                    "r/" + std::to_string(i), ""));
  }
  auto found = w.tables.reader().comments(ip.id, {"a", "b"}, 1'000);
  REQUIRE(found);
  CHECK(found->truncated);
  REQUIRE(found->comments.size() == 10);
  for (std::size_t i = 0; i < found->comments.size(); ++i)
    CHECK(found->comments[i].text.starts_with(std::to_string(i) + "x"));
  CHECK(found->comments[2].from.visible_by == model::group_list{"a", "b"});
  found = w.tables.reader().comments(ip.id, {"a", "b"}, 5);
  CHECK(found->truncated);
  CHECK(found->comments.size() == 5);
  w.bounds.http_answer_bytes = 1'000'000;
  found = w.tables.reader().comments(ip.id, {"a", "b"}, 1'000);
  CHECK(!found->truncated);
  CHECK(found->comments.size() == 40);
}

TEST_CASE("a statement that takes too long is interrupted") {
  SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const char* endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  auto never = steady_time::max();
  auto run = [&](steady_time deadline, std::chrono::milliseconds cpu) {
    read_timer timer(db, deadline, cpu);
    try {
      db.execAndGet(endless);
    } catch (const SQLite::Exception& e) {
      return read_timer::is_interruption(e);
    }
    return false;
  };
  CHECK(run(never, std::chrono::milliseconds(5)));
  CHECK(run(std::chrono::steady_clock::now(), std::chrono::hours(1)));
  CHECK(db.execAndGet("SELECT 1").getInt() == 1);
}

}  // namespace sonde::views
