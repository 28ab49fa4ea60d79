// The removal of repeats from a log does not change the view built from it. Tests both stores with
// random logs and the view's own fold.

#include "model/events.hpp"
#include "model/facts/fact_repeat.hpp"
#include "queue/embedded/sqlite_log.hpp"
#include "queue/memory/memory_log.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "views/entity_tables.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <random>

namespace sonde::views {
namespace {

using std::chrono::hours;

constexpr int records_of_a_log = 1'500;
/// Records of the largest batch. Each batch waits for the disk.
constexpr std::size_t most_records_of_a_batch = 40;
constexpr const char* told_entities =
    "SELECT t.text, a.text, e.source, e.type, e.value, e.attributes, e.tags, e.attributes_time,"
    "  e.tags_time, e.first_seen, e.last_seen, e.reputation, e.word_time, e.best, e.worst,"
    "  e.well_known FROM entities e JOIN numbers t USING(n) JOIN visibilities a ON "
    "a.n=e.visibility"
    " ORDER BY 1, 2, 3";
constexpr const char* told_associations =
    "SELECT f.text, t.text, a.text, e.mode, e.source, e.evidence, e.newest, e.first_seen,"
    "  e.last_seen FROM associations e JOIN numbers f ON f.n=e.from_n JOIN numbers t ON t.n=e.to_n"
    "  JOIN visibilities a ON a.n=e.visibility ORDER BY 1, 2, 3, 4, 5";
constexpr const char* told_seen =
    "SELECT t.text, s.part, m.text, a.text FROM seen s JOIN numbers t ON t.n=s.n"
    "  JOIN members m ON m.n=s.member JOIN visibilities a ON a.n=s.visibility ORDER BY 1, 2, 3, 4";

queue::local::layout facts(bool with_repeats) {
  std::vector<queue::topic_spec> out = {{.name = model::topics::entities},
                                        {.name = model::topics::associations}};
  for (auto& spec : out) {
    if (!with_repeats) continue;
    spec.compaction_lag = hours(1);
    spec.repeats = &model::repeat_of;
  }
  return {out, "test"};
}

/// Few entities and few sources, so that every record is repeated.
class random_facts {
 public:
  explicit random_facts(unsigned seed) : random_(seed) {}

  record next() {
    auto whose = from();
    if (up_to(2) == 0) {
      model::json evidence;
      if (up_to(2) > 0) evidence = {{"module", "tls"}, {"attempt", up_to(3)}};
      auto mode = up_to(1) == 0 ? model::association_mode::aggregation
                                : model::association_mode::association;
      return to_record(make_association(thing(), mode, thing(), evidence, whose), 1, "");
    }
    model::json attributes = model::json::object();
    if (up_to(1) > 0) attributes["os"] = "os" + std::to_string(up_to(1));
    auto out = model::make_entity("ip", "192.0.2." + std::to_string(up_to(2)), attributes, whose);
    if (up_to(3) == 0) out.tags = {"t"};
    if (up_to(3) == 0) out.reputation = up_to(2) - 1;
    out.well_known = up_to(9) == 0;
    return to_record(out, 1, "");
  }

 private:
  int up_to(int most) { return std::uniform_int_distribution(0, most)(random_); }
  model::entity_id thing() {
    return model::entity_id_of("ip", "192.0.2." + std::to_string(up_to(2)));
  }
  model::provenance from() {
    static const std::vector<model::group_list> visibility_sets = {{"a"}, {"a", "b"}};
    return {
        "source" + std::to_string(up_to(1)), visibility_sets[static_cast<std::size_t>(up_to(1))],
        wall_time(std::chrono::seconds(1'767'323'045 + ++second_ - up_to(up_to(9) == 0 ? 40 : 0))),
        std::nullopt};
  }

  std::mt19937 random_;
  int second_ = 100;  ///< times increase, except for one record in ten that is late
};

std::vector<queue::stored_record> all_of(queue::local::log_reader& reader) {
  std::vector<queue::stored_record> out;
  for (queue::local::log_index log = 0; log < 2; ++log)
    std::ranges::move(reader.read(log, 0, 1'000'000, 1U << 30U).value(), std::back_inserter(out));
  return out;
}

std::string view_of(const std::vector<queue::stored_record>& records, const limits& bounds) {
  SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  entity_tables tables(bounds);
  tables.create(db);
  tables.open(db);
  for (const auto& one : records)
    REQUIRE(tables.fold(one));
  std::string out;
  for (const char* sql : {told_entities, told_associations, told_seen}) {
    SQLite::Statement rows(db, sql);
    while (rows.executeStep()) {
      for (int i = 0; i < rows.getColumnCount(); ++i)
        out += rows.getColumn(i).getString() + '|';
      out += '\n';
    }
  }
  tables.close();
  return out;
}

void check_log(unsigned seed, bool durable) {
  CAPTURE(seed);
  CAPTURE(durable);
  test::temporary_folder folder;
  test::manual_clock clock;
  limits bounds;
  auto layout = facts(true);
  auto sides = queue::make_memory_store(layout);
  if (durable) {
    auto file = folder.path() / queue::embedded::file_name;
    auto lock = queue::embedded::folder_lock::take(folder.path());
    auto opened = queue::embedded::open_for_writing(file, layout);
    sides.writer = queue::embedded::make_sqlite_writer(
                       file, std::move(*lock), queue::embedded::disk_floor(folder.path(), bounds),
                       std::move(*opened), layout)
                       .value();
    sides.reader = queue::embedded::make_sqlite_reader(
        file, queue::embedded::open_for_reading(file, layout).value(), layout);
  }
  auto whole = queue::make_memory_store(facts(false));
  random_facts said(seed);
  clock.advance(hours(1));
  std::vector<queue::local::log_append> batch;
  std::size_t batch_size = 1;
  for (int i = 0; i < records_of_a_log; ++i) {
    auto one = said.next();
    queue::local::log_index log = one.topic == model::topics::entities ? 0 : 1;
    batch.push_back({log, std::move(one)});
    bool is_pause = i % 400 == 399;
    if (batch.size() < batch_size && !is_pause && i + 1 < records_of_a_log) continue;
    REQUIRE(whole.writer->write(batch, {}, clock.now()));
    REQUIRE(sides.writer->write(batch, {}, clock.now()));
    batch.clear();
    batch_size = batch_size % most_records_of_a_batch + 1;
    if (!is_pause) continue;
    clock.advance(hours(2));
    while (sides.writer->maintain(clock.now()).value()) {
    }
  }
  auto left = all_of(*sides.reader);
  CHECK(left.size() < records_of_a_log * 2 / 3);
  CHECK(view_of(left, bounds) == view_of(all_of(*whole.reader), bounds));
}

}  // namespace

TEST_CASE("a view of a log without its repeats equals the view of the whole log") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    check_log(seed, false);
    check_log(seed, true);
  }
}

}  // namespace sonde::views
