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
                                                    const reader_audiences& readers,
                                                    std::size_t& bytes) {
  auto words = words_of(number, readers);
  auto summary = summary_of(number, words);
  if (!summary) return std::nullopt;
  entity_facts out;
  out.what = std::move(*summary);
  out.attributes = model::json::object();
  for (const auto& word : words) {
    bytes += word.attributes.size() + word.tags.size();
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
  auto readers = audiences_.of(groups);
  auto number = number_of(id);
  std::size_t bytes = 0;
  auto facts = facts_of(number, readers, bytes);
  if (!facts) return std::nullopt;
  entity_details out;
  out.facts = std::move(*facts);
  for (auto& edge : edges_of(number, readers, most_edges)) {
    bool full = out.related.size() >= related_limit || bytes > limits_.http_answer_bytes;
    if (full) {
      if (sees(edge.other, readers)) ++out.related_total;
      continue;
    }
    auto other = summary_of(edge.other, words_of(edge.other, readers));
    if (!other) continue;
    ++out.related_total;
    bytes += other->value.size() + edge.evidence.size();
    out.related.push_back({std::move(*other), edge.mode, edge.outgoing,
                           model::parse_own(edge.evidence), edge.first_seen, edge.last_seen});
  }
  return out;
}

std::optional<model::entity_id> entity_reader::first_missing(
    const std::vector<model::entity_id>& ids, const model::group_list& groups) {
  SQLite::Transaction one_state(db_);
  auto readers = audiences_.of(groups);
  for (const auto& id : ids) {
    if (!sees(number_of(id), readers)) return id;
  }
  return std::nullopt;
}

std::optional<std::vector<model::comment>> entity_reader::comments(const model::entity_id& id,
                                                                   const model::group_list& groups,
                                                                   std::size_t limit) {
  SQLite::Transaction one_state(db_);
  auto readers = audiences_.of(groups);
  auto number = number_of(id);
  if (!sees(number, readers)) return std::nullopt;
  std::vector<model::comment> out;
  std::map<std::string, std::size_t> places;
  auto& row = find_comments_;
  for (const auto& [audience, own] : readers) {
    row.reset();
    row.bind(1, number);
    row.bind(2, audience);
    row.bind(3, static_cast<std::int64_t>(limit));
    std::size_t bytes = 0;
    while (bytes <= limits_.http_answer_bytes && row.executeStep()) {
      auto [place, fresh] = places.emplace(row.getColumn(0).getString(), out.size());
      wall_time time{std::chrono::milliseconds(row.getColumn(4).getInt64())};
      auto& one = fresh ? out.emplace_back() : out[place->second];
      for (const auto& group : own)
        add_missing(one.from.visible_by, group);
      one.from.time = fresh ? time : std::min(one.from.time, time);
      if (!fresh) continue;
      one.id = model::comment_id(place->first);
      one.entity = id;
      one.from.source = row.getColumn(1).getString();
      if (!row.getColumn(2).isNull()) one.parent = model::comment_id(row.getColumn(2).getString());
      one.text = row.getColumn(3).getString();
      bytes += one.text.size();
    }
  }
  row.reset();
  std::ranges::sort(out, [](const model::comment& a, const model::comment& b) {
    return std::tie(a.from.time, a.id.str()) < std::tie(b.from.time, b.id.str());
  });
  std::size_t bytes = 0;
  auto end = std::ranges::find_if(out, [&](const model::comment& one) {
    bool full = bytes > limits_.http_answer_bytes;
    bytes += one.text.size();
    return full;
  });
  out.erase(end, out.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

bool entity_reader::has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                const model::group_list& groups) {
  SQLite::Transaction one_state(db_);
  auto readers = audiences_.of(groups);
  auto number = number_of(entity);
  bool said = false;
  for (const auto& [audience, own] : readers) {
    find_comment_.reset();
    find_comment_.bind(1, comment.str());
    find_comment_.bind(2, audience);
    find_comment_.bind(3, number);
    said = find_comment_.executeStep() || said;
  }
  find_comment_.reset();
  return said && sees(number, readers);
}

}  // namespace sonde::views
