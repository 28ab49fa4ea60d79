// Times from a clock that was wrong. They do not hide what is written later.

#include "model/events.hpp"
#include "tests/support/doctest.hpp"
#include "views/entity_tables.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

namespace sonde::views {
namespace {

using model::json;
using std::chrono::hours;
using std::chrono::seconds;

constexpr wall_time today{seconds(1'767'323'045)};
constexpr wall_time in_four_years = today + hours(24 * 1461);

model::provenance at(wall_time time) {
  return {"x", {"public"}, time, std::nullopt};
}

struct folded {
  folded() {
    tables.create(db);
    tables.open(db);
  }
  ~folded() { tables.close(); }

  void fold(record one, wall_time written) {
    queue::stored_record stored{std::move(one), 0, next++, written};
    REQUIRE(tables.fold(stored));
  }
  entity_details find(const model::entity_id& id) {
    return tables.reader().find(id, {"public"}, 100).value();
  }

  limits bounds;
  SQLite::Database db{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  entity_tables tables{bounds};
  std::int64_t next = 0;
};

model::entity said(const char* what, wall_time time) {
  auto out = model::make_entity("ip", "203.0.113.1", {{"a", what}}, at(time));
  out.tags = {what};
  out.reputation = std::string(what) == "wrong" ? -3 : 1;
  return out;
}

}  // namespace

TEST_CASE("the next assertion replaces one from a clock that has been set back since") {
  folded f;
  auto wrong = said("wrong", in_four_years);
  f.fold(to_record(wrong, 1, ""), in_four_years);
  f.fold(to_record(said("right", today), 1, ""), today);
  auto found = f.find(wrong.id);
  CHECK(found.facts.attributes["a"] == "right");
  CHECK(found.facts.tags == std::vector<std::string>{"right"});
  CHECK(found.facts.what.reputation.average == 1);
  CHECK(found.facts.what.last_seen == today);
  CHECK(found.facts.what.first_seen == today);
}

TEST_CASE("no assertion counts as later than the time at which it was written") {
  folded f;
  auto wrong = said("wrong", in_four_years);
  f.fold(to_record(wrong, 1, ""), today);
  CHECK(f.find(wrong.id).facts.what.last_seen == today);
  f.fold(to_record(said("right", today + seconds(1)), 1, ""), today + seconds(1));
  CHECK(f.find(wrong.id).facts.attributes["a"] == "right");
}

TEST_CASE("a late assertion does not hide a newer one") {
  folded f;
  auto newer = said("right", today + seconds(10));
  f.fold(to_record(newer, 1, ""), today + seconds(10));
  f.fold(to_record(said("wrong", today), 1, ""), today + seconds(20));
  CHECK(f.find(newer.id).facts.attributes["a"] == "right");
}

TEST_CASE("the evidence of an association follows the same rule") {
  folded f;
  auto a = model::make_entity("ip", "203.0.113.1", json::object(), at(today));
  auto b = model::make_entity("ip", "203.0.113.2", json::object(), at(today));
  f.fold(to_record(a, 1, ""), today);
  f.fold(to_record(b, 1, ""), today);
  auto edge = [&](const char* module, wall_time time) {
    return make_association(a.id, model::association_mode::association, b.id, {{"module", module}},
                            at(time));
  };
  f.fold(to_record(edge("wrong", in_four_years), 1, ""), in_four_years);
  f.fold(to_record(edge("right", today), 1, ""), today);
  auto found = f.find(a.id);
  REQUIRE(found.related.size() == 1);
  CHECK(found.related[0].evidence["module"] == "right");
}

}  // namespace sonde::views
