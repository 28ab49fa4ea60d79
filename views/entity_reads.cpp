#include "views/entity_tables.hpp"

#include <algorithm>
#include <set>

namespace sonde::views {
namespace {

/// Edges that are looked at for one entity; a port has as many as there are targets.
constexpr std::uint64_t most_edges = 1'000;

wall_time time_of(const SQLite::Column& column) {
  return wall_time(std::chrono::milliseconds(column.getInt64()));
}

/// Gathers the rows of one entity, one for each source and visibility.
class standing_fold {
 public:
  void add(SQLite::Statement& row) {
    auto& word = words_[row.getColumn(7).getString()];
    well_known_ = well_known_ || row.getColumn(12).getInt() != 0;
    if (row.getColumn(8).isNull()) return;
    auto time = row.getColumn(9).getString();
    if (!word.value || time >= word.time) word = {row.getColumn(8).getInt(), std::move(time)};
    int best = row.getColumn(10).getInt();
    int worst = row.getColumn(11).getInt();
    best_ = best_ ? std::max(*best_, best) : best;
    worst_ = worst_ ? std::min(*worst_, worst) : worst;
  }

  [[nodiscard]] entity_standing result() const {
    constexpr std::size_t most_accurate = 3;
    entity_standing out;
    out.accuracy = static_cast<int>(std::min(words_.size(), most_accurate));
    int sum = 0;
    int said = 0;
    for (const auto& [source, word] : words_) {
      if (!word.value) continue;
      sum += *word.value;
      ++said;
    }
    if (said > 0) out.reputation = (sum - (sum < 0 ? said - 1 : 0)) / said;  // toward the worse
    out.best = best_.value_or(0);
    out.worst = worst_.value_or(0);
    if (well_known_) {
      for (auto* score : {&out.reputation, &out.best, &out.worst})
        *score = std::max(*score, 0);
    }
    return out;
  }

 private:
  struct newest_word {
    std::optional<int> value = std::nullopt;
    std::string time = {};
  };
  std::map<std::string, newest_word> words_;  ///< by source
  std::optional<int> best_;
  std::optional<int> worst_;
  bool well_known_ = false;
};

void add_missing(std::vector<std::string>& to, const std::string& word) {
  if (std::ranges::find(to, word) == to.end()) to.push_back(word);
}

}  // namespace

const model::group_list& reader_groups::own(const std::string& visible_by) {
  auto [found, fresh] = own_.try_emplace(visible_by);
  if (!fresh) return found->second;
  for (const auto& group : model::parse_own(visible_by)) {
    const auto& name = group.get_ref<const std::string&>();
    if (std::ranges::find(groups_, name) != groups_.end()) found->second.push_back(name);
  }
  return found->second;
}

std::optional<entity_facts> entity_tables::facts_of(const std::string& id, reader_groups& readers) {
  std::optional<entity_facts> out;
  standing_fold standing;
  auto& rows = sql_->find_entity;
  rows.reset();
  rows.bind(1, id);
  while (rows.executeStep()) {
    auto visible_by = rows.getColumn(0).getString();
    if (!readers.may_see(visible_by)) continue;
    auto first_seen = time_of(rows.getColumn(5));
    auto last_seen = time_of(rows.getColumn(6));
    if (!out) {
      out.emplace();
      out->what = {model::entity_id(id),
                   rows.getColumn(1).getString(),
                   rows.getColumn(2).getString(),
                   {},
                   first_seen,
                   last_seen};
      out->attributes = model::json::object();
    }
    out->what.first_seen = std::min(out->what.first_seen, first_seen);
    out->what.last_seen = std::max(out->what.last_seen, last_seen);
    out->attributes.update(model::parse_own(rows.getColumn(3).getString()));
    for (const auto& tag : model::parse_own(rows.getColumn(4).getString()))
      add_missing(out->tags, tag.get<std::string>());
    for (const auto& group : readers.own(visible_by))
      add_missing(out->visible_by, group);
    standing.add(rows);
  }
  rows.reset();
  if (out) out->what.standing = standing.result();
  return out;
}

std::optional<entity_details> entity_tables::find(const model::entity_id& id,
                                                  const model::group_list& groups,
                                                  std::size_t related_limit) {
  reader_groups readers(groups);
  auto facts = facts_of(id.str(), readers);
  if (!facts) return std::nullopt;
  entity_details out;
  out.facts = std::move(*facts);
  add_related(out, readers, related_limit);
  return out;
}

void entity_tables::add_related(entity_details& to, reader_groups& readers, std::size_t limit) {
  std::set<std::string> counted;
  auto& edges = sql_->find_related;
  edges.reset();
  edges.bind(1, to.facts.what.id.str());
  for (std::uint64_t seen = 0; seen < most_edges && edges.executeStep(); ++seen) {
    if (!readers.may_see(edges.getColumn(1).getString())) continue;
    // Said by several sources, or for several groups, it is one association.
    if (!counted.insert(edges.getColumn(0).getString()).second) continue;
    auto other = facts_of(edges.getColumn(2).getString(), readers);
    if (!other) continue;
    ++to.related_total;
    if (to.related.size() >= limit) continue;
    to.related.push_back(
        {std::move(other->what), static_cast<model::association_mode>(edges.getColumn(3).getInt()),
         edges.getColumn(4).getInt() == 1, model::parse_own(edges.getColumn(5).getString()),
         time_of(edges.getColumn(6)), time_of(edges.getColumn(7))});
  }
  edges.reset();
}

bool entity_tables::sees(const model::entity_id& id, const model::group_list& groups) {
  reader_groups readers(groups);
  auto& rows = sql_->find_entity;
  rows.reset();
  rows.bind(1, id.str());
  bool seen = false;
  while (!seen && rows.executeStep())
    seen = readers.may_see(rows.getColumn(0).getString());
  rows.reset();
  return seen;
}

std::optional<std::vector<model::comment>> entity_tables::comments(const model::entity_id& id,
                                                                   const model::group_list& groups,
                                                                   std::size_t limit) {
  if (!sees(id, groups)) return std::nullopt;
  reader_groups readers(groups);
  std::vector<model::comment> out;
  std::map<std::string, std::size_t> places;
  auto& rows = sql_->find_comments;
  rows.reset();
  rows.bind(1, id.str());
  while (rows.executeStep()) {
    auto visible_by = rows.getColumn(1).getString();
    if (!readers.may_see(visible_by)) continue;
    auto [place, fresh] = places.emplace(rows.getColumn(0).getString(), out.size());
    if (!fresh) {
      for (const auto& group : readers.own(visible_by))
        add_missing(out[place->second].from.visible_by, group);
      continue;
    }
    if (out.size() >= limit) break;
    model::comment one;
    one.id = model::comment_id(place->first);
    one.entity = id;
    one.from.source = rows.getColumn(2).getString();
    if (!rows.getColumn(3).isNull()) one.parent = model::comment_id(rows.getColumn(3).getString());
    one.text = rows.getColumn(4).getString();
    one.from.time = time_of(rows.getColumn(5));
    one.from.visible_by = readers.own(visible_by);
    out.push_back(std::move(one));
  }
  rows.reset();
  return out;
}

bool entity_tables::has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                const model::group_list& groups) {
  if (!sees(entity, groups)) return false;
  reader_groups readers(groups);
  auto& rows = sql_->find_comment;
  rows.reset();
  rows.bind(1, comment.str());
  rows.bind(2, entity.str());
  bool seen = false;
  while (!seen && rows.executeStep())
    seen = readers.may_see(rows.getColumn(0).getString());
  rows.reset();
  return seen;
}

}  // namespace sonde::views
