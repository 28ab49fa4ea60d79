#include "views/assertion_reader.hpp"

#include "views/columns.hpp"

#include <algorithm>
#include <map>

namespace sonde::views {
namespace {

void add_missing(std::vector<std::string>& to, const std::string& text) {
  if (std::ranges::find(to, text) == to.end()) to.push_back(text);
}

entity_reputation reputation_in(const std::vector<assertion>& assertions) {
  constexpr std::size_t most_accurate = 3;
  std::map<std::string, std::optional<std::pair<std::string, int>>> newest;  // by source
  std::optional<int> best;
  std::optional<int> worst;
  bool well_known = false;
  for (const auto& one : assertions) {
    auto& last = newest[one.source];
    well_known = well_known || one.well_known;
    if (!one.reputation) continue;
    const auto& rated = *one.reputation;
    if (!last || rated.time >= last->first) last.emplace(rated.time, rated.value);
    best = std::max(best.value_or(rated.best), rated.best);
    worst = std::min(worst.value_or(rated.worst), rated.worst);
  }
  entity_reputation out;
  out.accuracy = static_cast<int>(std::min(newest.size(), most_accurate));
  int sum = 0;
  int sources = 0;
  for (const auto& [source, last] : newest) {
    if (!last) continue;
    sum += last->second;
    ++sources;
  }
  if (sources > 0) out.average = (sum - (sum < 0 ? sources - 1 : 0)) / sources;  // rounds down
  out.best = best.value_or(0);
  out.worst = worst.value_or(0);
  if (well_known) {
    for (auto* score : {&out.average, &out.best, &out.worst})
      *score = std::max(*score, 0);
  }
  return out;
}

}  // namespace

assertion_reader::assertion_reader(SQLite::Database& db, visibility_reader& visibility)
    : visibility_(visibility),
      find_number_(db, "SELECT n FROM numbers WHERE text=?"),
      find_id_(db, "SELECT text FROM numbers WHERE n=?"),
      find_whole_(db,
                  "SELECT source, type, value, attributes_time, first_seen, last_seen, reputation,"
                  "  word_time, best, worst, well_known, attributes, tags"
                  " FROM entities WHERE n=?1 AND visibility=?2"),
      find_without_attributes_(
          db,
          "SELECT source, type, value, attributes_time, first_seen, last_seen, reputation,"
          "  word_time, best, worst, well_known"
          " FROM entities WHERE n=?1 AND visibility=?2") {}

std::int64_t assertion_reader::number_of(const model::entity_id& id) {
  find_number_.reset();
  find_number_.bind(1, id.str());
  auto number = find_number_.executeStep() ? find_number_.getColumn(0).getInt64() : 0;
  find_number_.reset();
  return number;
}

std::string assertion_reader::id_of(std::int64_t number) {
  find_id_.reset();
  find_id_.bind(1, number);
  auto id = find_id_.executeStep() ? find_id_.getColumn(0).getString() : std::string();
  find_id_.reset();
  return id;
}

std::vector<assertion> assertion_reader::assertions_of(std::int64_t number,
                                                       const visible_sets& visible, detail how,
                                                       read_budget& budget) {
  std::vector<assertion> out;
  auto& row = how == detail::whole ? find_whole_ : find_without_attributes_;
  for (const auto& [visibility, groups] : visible) {
    if (!budget.left()) break;
    budget.count();
    row.reset();
    row.bind(1, number);
    row.bind(2, visibility);
    while (budget.left() && row.executeStep()) {
      budget.count();
      auto& one = out.emplace_back();
      one.visibility = visibility;
      one.source = row.getColumn(0).getString();
      one.type = row.getColumn(1).getString();
      one.value = row.getColumn(2).getString();
      one.newest = row.getColumn(3).getString();
      one.first_seen = time_in(row.getColumn(4));
      one.last_seen = time_in(row.getColumn(5));
      if (!row.getColumn(6).isNull()) {
        one.reputation = {row.getColumn(6).getInt(), row.getColumn(7).getString(),
                          row.getColumn(8).getInt(), row.getColumn(9).getInt()};
      }
      one.well_known = row.getColumn(10).getInt() != 0;
      if (how == detail::without_attributes) continue;
      one.attributes = row.getColumn(11).getString();
      one.tags = row.getColumn(12).getString();
      budget.add_bytes(one.attributes.size() + one.tags.size());
      if (!budget.has_room()) break;
    }
    if (how == detail::whole && !budget.has_room()) {
      budget.note_cut();
      break;
    }
  }
  row.reset();
  std::ranges::sort(out, {}, &assertion::newest);
  return out;
}

std::optional<entity_summary> assertion_reader::combine(std::int64_t number,
                                                        const std::vector<assertion>& assertions) {
  if (assertions.empty()) return std::nullopt;
  const auto& any = assertions.front();
  entity_summary out{model::entity_id(id_of(number)), any.type,       any.value,
                     reputation_in(assertions),       any.first_seen, any.last_seen};
  for (const auto& one : assertions) {
    out.first_seen = std::min(out.first_seen, one.first_seen);
    out.last_seen = std::max(out.last_seen, one.last_seen);
  }
  return out;
}

std::optional<entity_facts> assertion_reader::facts_of(std::int64_t number,
                                                       const reader_groups& reader,
                                                       read_budget& budget) {
  auto visible = visibility_.of(number, seen_part::assertions, reader, budget);
  auto assertions = assertions_of(number, visible, detail::whole, budget);
  auto summary = combine(number, assertions);
  if (!summary) return std::nullopt;
  entity_facts out;
  out.what = std::move(*summary);
  out.attributes = model::json::object();
  for (const auto& one : assertions) {
    out.attributes.update(model::parse_own(one.attributes));
    for (const auto& tag : model::parse_own(one.tags))
      add_missing(out.tags, tag.get<std::string>());
    for (const auto& group : visible.at(one.visibility))
      add_missing(out.visible_by, group);
  }
  return out;
}

std::optional<entity_summary> assertion_reader::summary_of(std::int64_t number,
                                                           const reader_groups& reader,
                                                           read_budget& budget) {
  auto visible = visibility_.of(number, seen_part::assertions, reader, budget);
  return combine(number, assertions_of(number, visible, detail::without_attributes, budget));
}

}  // namespace sonde::views
