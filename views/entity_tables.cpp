#include "views/entity_tables.hpp"

#include "model/events.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

// `newest` orders the words of one source: by time, then by event id, so that a replay or another
// order of partitions ends in the same row.
constexpr const char* entity_schema =
    "CREATE TABLE entities(id TEXT NOT NULL, source TEXT NOT NULL, visible_by TEXT NOT NULL,"
    "  type TEXT NOT NULL, value TEXT NOT NULL, attributes TEXT NOT NULL, tags TEXT NOT NULL,"
    "  newest TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  PRIMARY KEY(id, source, visible_by));"
    "CREATE TABLE associations(id TEXT NOT NULL, source TEXT NOT NULL, visible_by TEXT NOT NULL,"
    "  from_id TEXT NOT NULL, mode INTEGER NOT NULL, to_id TEXT NOT NULL, evidence TEXT NOT NULL,"
    "  newest TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  PRIMARY KEY(id, source, visible_by));"
    "CREATE INDEX associations_from ON associations(from_id, last_seen);"
    "CREATE INDEX associations_to ON associations(to_id, last_seen);";

/// Edges that are looked at for one entity; a port has as many as there are targets.
constexpr std::uint64_t most_edges = 10'000;

std::string joined(const model::group_list& groups) {
  return model::to_text(groups);
}

bool may_see(const std::string& visible_by, const model::group_list& groups) {
  auto allowed = model::parse_own(visible_by);
  return std::ranges::any_of(allowed, [&](const model::json& group) {
    return std::ranges::find(groups, group.get_ref<const std::string&>()) != groups.end();
  });
}

std::string order_of(const queue::stored_record& record, const model::provenance& from) {
  const auto* event_id = find_header(record.what.headers, "ce_id");
  return to_rfc3339(from.time) + ' ' + (event_id == nullptr ? std::string() : *event_id);
}

std::int64_t number_of(wall_time time) {
  return time.time_since_epoch().count();
}

wall_time time_of(const SQLite::Column& column) {
  return wall_time(std::chrono::milliseconds(column.getInt64()));
}

std::string text_of(const model::json& value) {
  return value.is_string() ? value.get<std::string>() : model::to_text(value);
}

}  // namespace

struct entity_tables::statements {
  explicit statements(SQLite::Database& db)
      : put_entity(db,
                   "INSERT INTO entities VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
                   " ON CONFLICT(id, source, visible_by) DO UPDATE SET"
                   "  attributes=iif(?8 >= newest, ?6, attributes),"
                   "  tags=iif(?8 >= newest, ?7, tags), newest=max(newest, ?8),"
                   "  first_seen=min(first_seen, ?9), last_seen=max(last_seen, ?9)"),
        put_association(db,
                        "INSERT INTO associations VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
                        " ON CONFLICT(id, source, visible_by) DO UPDATE SET"
                        "  evidence=iif(?8 >= newest, ?7, evidence), newest=max(newest, ?8),"
                        "  first_seen=min(first_seen, ?9), last_seen=max(last_seen, ?9)"),
        find_entity(db,
                    "SELECT visible_by, type, value, attributes, tags, first_seen, last_seen"
                    " FROM entities WHERE id=? ORDER BY newest"),
        find_related(db,
                     "SELECT visible_by, to_id, mode, 1, evidence, first_seen, last_seen"
                     "  FROM associations WHERE from_id=?1 UNION ALL"
                     " SELECT visible_by, from_id, mode, 0, evidence, first_seen, last_seen"
                     "  FROM associations WHERE to_id=?1 ORDER BY last_seen DESC"),
        find_value(db, "SELECT visible_by, type, value FROM entities WHERE id=?") {}

  SQLite::Statement put_entity, put_association, find_entity, find_related, find_value;
};

const std::vector<std::string>& entity_tables::topics() const {
  static const std::vector<std::string> names = {model::topics::entities,
                                                 model::topics::associations};
  return names;
}

void entity_tables::create(SQLite::Database& db) {
  db.exec(entity_schema);
}

void entity_tables::open(SQLite::Database& db) {
  db_ = &db;
  sql_ = std::make_shared<statements>(db);
}

bool entity_tables::fold(const queue::stored_record& record) {
  return record.what.topic == model::topics::entities ? fold_entity(record)
                                                      : fold_association(record);
}

bool entity_tables::fold_entity(const queue::stored_record& record) {
  auto entity = model::parse_entity(record.what.value);
  if (!entity) return false;
  auto main_value = entity->attributes.find(entity->type);
  if (main_value == entity->attributes.end()) return false;
  auto& put = sql_->put_entity;
  put.reset();
  put.bind(1, entity->id.str());
  put.bind(2, entity->from.source);
  put.bind(3, joined(entity->from.visible_by));
  put.bind(4, entity->type);
  put.bind(5, text_of(*main_value));
  put.bind(6, model::to_text(entity->attributes));
  put.bind(7, model::to_text(entity->tags));
  put.bind(8, order_of(record, entity->from));
  put.bind(9, number_of(entity->from.time));
  put.exec();
  return true;
}

bool entity_tables::fold_association(const queue::stored_record& record) {
  auto edge = model::parse_association(record.what.value);
  if (!edge) return false;
  auto& put = sql_->put_association;
  put.reset();
  put.bind(1, edge->id.str());
  put.bind(2, edge->from.source);
  put.bind(3, joined(edge->from.visible_by));
  put.bind(4, edge->from_entity.str());
  put.bind(5, static_cast<int>(edge->mode));
  put.bind(6, edge->to_entity.str());
  put.bind(7, model::to_text(edge->evidence));
  put.bind(8, order_of(record, edge->from));
  put.bind(9, number_of(edge->from.time));
  put.exec();
  return true;
}

std::optional<entity_details> entity_tables::find(const model::entity_id& id,
                                                  const model::group_list& groups,
                                                  std::size_t related_limit) {
  std::optional<entity_details> out;
  auto& rows = sql_->find_entity;
  rows.reset();
  rows.bind(1, id.str());
  while (rows.executeStep()) {
    if (!may_see(rows.getColumn(0).getString(), groups)) continue;
    if (!out) {
      out.emplace();
      out->id = id;
      out->type = rows.getColumn(1).getString();
      out->value = rows.getColumn(2).getString();
      out->first_seen = time_of(rows.getColumn(5));
      out->last_seen = time_of(rows.getColumn(6));
      out->attributes = model::json::object();
    }
    out->attributes.update(model::parse_own(rows.getColumn(3).getString()));
    for (const auto& tag : model::parse_own(rows.getColumn(4).getString())) {
      auto text = tag.get<std::string>();
      if (std::ranges::find(out->tags, text) == out->tags.end()) out->tags.push_back(text);
    }
    out->first_seen = std::min(out->first_seen, time_of(rows.getColumn(5)));
    out->last_seen = std::max(out->last_seen, time_of(rows.getColumn(6)));
  }
  rows.reset();
  if (out) add_related(*out, groups, related_limit);
  return out;
}

void entity_tables::add_related(entity_details& entity, const model::group_list& groups,
                                std::size_t limit) {
  auto& edges = sql_->find_related;
  auto& ends = sql_->find_value;
  edges.reset();
  edges.bind(1, entity.id.str());
  for (std::uint64_t seen = 0; seen < most_edges && edges.executeStep(); ++seen) {
    if (!may_see(edges.getColumn(0).getString(), groups)) continue;
    auto other = edges.getColumn(1).getString();
    ends.reset();
    ends.bind(1, other);
    bool shown = false;
    while (!shown && ends.executeStep())
      shown = may_see(ends.getColumn(0).getString(), groups);
    if (!shown) continue;
    ++entity.related_total;
    if (entity.related.size() >= limit) continue;
    entity.related.push_back(
        {model::entity_id(other), ends.getColumn(1).getString(), ends.getColumn(2).getString(),
         static_cast<model::association_mode>(edges.getColumn(2).getInt()),
         edges.getColumn(3).getInt() == 1, model::parse_own(edges.getColumn(4).getString()),
         time_of(edges.getColumn(5)), time_of(edges.getColumn(6))});
  }
  edges.reset();
  ends.reset();
}

}  // namespace sonde::views
