#include "views/entity_tables.hpp"

#include "model/events.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

// `newest` orders the words of one source: by time, then by event id, so that a replay or another
// order of partitions ends in the same row. `word_time` does so for words on reputation.
constexpr const char* entity_schema =
    "CREATE TABLE entities(id TEXT NOT NULL, source TEXT NOT NULL, visible_by TEXT NOT NULL,"
    "  type TEXT NOT NULL, value TEXT NOT NULL, attributes TEXT NOT NULL, tags TEXT NOT NULL,"
    "  newest TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  reputation INTEGER, word_time TEXT NOT NULL, best INTEGER, worst INTEGER,"
    "  well_known INTEGER NOT NULL, PRIMARY KEY(id, source, visible_by));"
    "CREATE TABLE associations(id TEXT NOT NULL, source TEXT NOT NULL, visible_by TEXT NOT NULL,"
    "  from_id TEXT NOT NULL, mode INTEGER NOT NULL, to_id TEXT NOT NULL, evidence TEXT NOT NULL,"
    "  newest TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  PRIMARY KEY(id, source, visible_by));"
    "CREATE INDEX associations_from ON associations(from_id, last_seen);"
    "CREATE INDEX associations_to ON associations(to_id, last_seen);"
    "CREATE TABLE comments(id TEXT NOT NULL, visible_by TEXT NOT NULL, entity_id TEXT NOT NULL,"
    "  source TEXT NOT NULL, parent_id TEXT, text TEXT NOT NULL, time INTEGER NOT NULL,"
    "  PRIMARY KEY(id, visible_by));"
    "CREATE INDEX comments_of ON comments(entity_id, time);";

std::string joined(const model::group_list& groups) {
  return model::to_text(groups);
}

std::string order_of(const queue::stored_record& record, const model::provenance& from) {
  const auto* event_id = find_header(record.what.headers, "ce_id");
  return to_rfc3339(from.time) + ' ' + (event_id == nullptr ? std::string() : *event_id);
}

std::int64_t number_of(wall_time time) {
  return time.time_since_epoch().count();
}

std::string text_of(const model::json& value) {
  return value.is_string() ? value.get<std::string>() : model::to_text(value);
}

}  // namespace

const std::vector<std::string>& entity_tables::topics() const {
  static const std::vector<std::string> names = {
      model::topics::entities, model::topics::associations, model::topics::comments};
  return names;
}

void entity_tables::create(SQLite::Database& db) {
  db.exec(entity_schema);
}

void entity_tables::open(SQLite::Database& db) {
  sql_ = std::make_unique<entity_statements>(db);
}

bool entity_tables::fold(const queue::stored_record& record) {
  const auto& topic = record.what.topic;
  if (topic == model::topics::entities) return fold_entity(record);
  if (topic == model::topics::associations) return fold_association(record);
  return fold_comment(record);
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
  if (entity->reputation) {
    put.bind(10, *entity->reputation);
  } else {
    put.bind(10);
  }
  put.bind(11, entity->well_known ? 1 : 0);
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

bool entity_tables::fold_comment(const queue::stored_record& record) {
  auto comment = model::parse_comment(record.what.value);
  if (!comment) return false;
  auto& put = sql_->put_comment;
  put.reset();
  put.bind(1, comment->id.str());
  put.bind(2, joined(comment->from.visible_by));
  put.bind(3, comment->entity.str());
  put.bind(4, comment->from.source);
  if (comment->parent) {
    put.bind(5, comment->parent->str());
  } else {
    put.bind(5);
  }
  put.bind(6, comment->text);
  put.bind(7, number_of(comment->from.time));
  put.exec();
  return true;
}

}  // namespace sonde::views
