// What is hidden from a reader has to cost what it would cost if it were not there.

#include "base/async/event_loop.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "views/audiences.hpp"
#include "views/entity_reader.hpp"
#include "views/entity_tables.hpp"

#include <sqlite3.h>

namespace sonde::views {
namespace {

using model::json;

/// Look-ups: statements that were run, and rows that they came upon.
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

TEST_CASE("what is hidden takes as many look-ups as what is not there") {
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
  // The row more is that of the id's number, which everybody's entities have.
  CHECK(details(3).rows == details(250).rows + 1);
}

}  // namespace sonde::views
