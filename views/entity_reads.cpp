#include "views/entity_reader.hpp"

#include <algorithm>
#include <map>

namespace sonde::views {
namespace {

/// Edges that are looked at for one entity; a port has as many as there are targets.
constexpr std::size_t most_edges = 1'000;

void add_missing(std::vector<std::string>& to, const std::string& word) {
  if (std::ranges::find(to, word) == to.end()) to.push_back(word);
}

entity_standing standing_of(const std::vector<entity_word>& words) {
  constexpr std::size_t most_accurate = 3;
  std::map<std::string, std::optional<std::pair<std::string, int>>> newest;  // by source
  std::optional<int> best;
  std::optional<int> worst;
  bool well_known = false;
  for (const auto& word : words) {
    auto& last = newest[word.source];
    well_known = well_known || word.well_known;
    if (!word.reputation) continue;
    const auto& said = *word.reputation;
    if (!last || said.time >= last->first) last.emplace(said.time, said.value);
    best = std::max(best.value_or(said.best), said.best);
    worst = std::min(worst.value_or(said.worst), said.worst);
  }
  entity_standing out;
  out.accuracy = static_cast<int>(std::min(newest.size(), most_accurate));
  int sum = 0;
  int said = 0;
  for (const auto& [source, last] : newest) {
    if (!last) continue;
    sum += last->second;
    ++said;
  }
  if (said > 0) out.reputation = (sum - (sum < 0 ? said - 1 : 0)) / said;  // toward the worse
  out.best = best.value_or(0);
  out.worst = worst.value_or(0);
  if (well_known) {
    for (auto* score : {&out.reputation, &out.best, &out.worst})
      *score = std::max(*score, 0);
  }
  return out;
}

}  // namespace

std::optional<entity_summary> entity_reader::summary_of(std::int64_t number,
                                                        const std::vector<entity_word>& words) {
  if (words.empty()) return std::nullopt;
  const auto& any = words.front();
  entity_summary out{model::entity_id(id_of(number)),
                     any.type,
                     any.value,
                     standing_of(words),
                     any.first_seen,
                     any.last_seen};
  for (const auto& word : words) {
    out.first_seen = std::min(out.first_seen, word.first_seen);
    out.last_seen = std::max(out.last_seen, word.last_seen);
  }
  return out;
}

std::optional<entity_facts> entity_reader::facts_of(std::int64_t number,
                                                    const reader_groups& reader,
                                                    read_budget& budget) {
  auto readers = audiences_.of(number, seen_part::assertions, reader, budget);
  auto words = words_of(number, readers, detail::whole, budget);
  auto summary = summary_of(number, words);
  if (!summary) return std::nullopt;
  entity_facts out;
  out.what = std::move(*summary);
  out.attributes = model::json::object();
  for (const auto& word : words) {
    out.attributes.update(model::parse_own(word.attributes));
    for (const auto& tag : model::parse_own(word.tags))
      add_missing(out.tags, tag.get<std::string>());
    for (const auto& group : readers.at(word.audience))
      add_missing(out.visible_by, group);
  }
  return out;
}

std::optional<entity_details> entity_reader::find(const model::entity_id& id,
                                                  const model::group_list& groups,
                                                  std::size_t related_limit) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = audiences_.numbers_of(groups, budget);
  auto number = number_of(id);
  auto facts = facts_of(number, reader, budget);
  if (!facts) return std::nullopt;
  entity_details out;
  out.facts = std::move(*facts);
  for (auto& edge : edges_of(number, reader, most_edges, budget)) {
    if (!budget.left()) break;
    if (!budget.has_room()) budget.note_cut();
    if (out.related.size() >= related_limit || !budget.has_room()) {
      if (sees(edge.other, reader, budget)) ++out.related_total;
      continue;
    }
    auto readers = audiences_.of(edge.other, seen_part::assertions, reader, budget);
    auto words = words_of(edge.other, readers, detail::without_attributes, budget);
    auto other = summary_of(edge.other, words);
    if (!other) continue;
    ++out.related_total;
    budget.add_bytes(other->value.size() + edge.evidence.size());
    out.related.push_back({std::move(*other), edge.mode, edge.outgoing,
                           model::parse_own(edge.evidence), edge.first_seen, edge.last_seen});
  }
  out.truncated = budget.cut();
  return out;
}

std::optional<model::entity_id> entity_reader::first_missing(
    const std::vector<model::entity_id>& ids, const model::group_list& groups) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = audiences_.numbers_of(groups, budget);
  for (const auto& id : ids) {
    if (!sees(number_of(id), reader, budget)) return id;
  }
  return std::nullopt;
}

bool entity_reader::has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                const model::group_list& groups) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = audiences_.numbers_of(groups, budget);
  auto number = number_of(entity);
  bool said = false;
  for (const auto& each : reader) {
    find_comment_.reset();
    find_comment_.bind(1, comment.str());
    find_comment_.bind(2, each.first);
    find_comment_.bind(3, number);
    said = find_comment_.executeStep() || said;
  }
  find_comment_.reset();
  bool seen = sees(number, reader, budget);
  return said && seen;
}

}  // namespace sonde::views
