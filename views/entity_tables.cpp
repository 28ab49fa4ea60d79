#include "views/entity_tables.hpp"

#include "model/events.hpp"

#include <algorithm>
#include <limits>

namespace sonde::views {
namespace {

// Times order what one source says: by time, then by offset, as all of an entity or an association
// are in one partition. Attributes, tags and reputation have one each, as a record may hold any of
// them without the others. A time is no later than that of its record, and than that of any record
// behind it.
constexpr const char* entity_schema =
    "CREATE TABLE entities(n INTEGER NOT NULL, audience INTEGER NOT NULL, source TEXT NOT NULL,"
    "  type TEXT NOT NULL, value TEXT NOT NULL, attributes TEXT NOT NULL, tags TEXT NOT NULL,"
    "  attributes_time TEXT NOT NULL, tags_time TEXT NOT NULL,"
    "  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  reputation INTEGER, word_time TEXT NOT NULL, best INTEGER, worst INTEGER,"
    "  well_known INTEGER NOT NULL, PRIMARY KEY(n, audience, source)) WITHOUT ROWID;"
    "CREATE TABLE associations(from_n INTEGER NOT NULL, audience INTEGER NOT NULL,"
    "  to_n INTEGER NOT NULL, mode INTEGER NOT NULL, source TEXT NOT NULL, evidence TEXT NOT NULL,"
    "  newest TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  PRIMARY KEY(from_n, audience, to_n, mode, source)) WITHOUT ROWID;"
    "CREATE INDEX associations_from ON associations(from_n, audience, last_seen, to_n, mode,"
    "  source);"
    "CREATE INDEX associations_to ON associations(to_n, audience, last_seen, from_n, mode, source);"
    "CREATE TABLE comments(id TEXT NOT NULL, audience INTEGER NOT NULL, entity INTEGER NOT NULL,"
    "  source TEXT NOT NULL, parent_id TEXT, text TEXT NOT NULL, time INTEGER NOT NULL,"
    "  PRIMARY KEY(id, audience)) WITHOUT ROWID;"
    "CREATE TABLE seen_comments(entity INTEGER NOT NULL, member INTEGER NOT NULL,"
    "  time INTEGER NOT NULL, id TEXT NOT NULL, audience INTEGER NOT NULL,"
    "  PRIMARY KEY(entity, member, time, id, audience)) WITHOUT ROWID;"
    "CREATE INDEX seen_comments_id ON seen_comments(id, member, entity);";

/// Entities whose number is kept in memory: those that come again soon.
constexpr std::size_t most_known_numbers = 100'000;
constexpr const char* numbers_table = "numbers";

/// Nothing was seen after it was written down: a later time comes from a clock that was wrong.
wall_time seen_at(const queue::stored_record& record, const model::provenance& from) {
  return std::min(from.time, record.time);
}

std::string order_of(const queue::stored_record& record, const model::provenance& from) {
  constexpr std::size_t most_digits = std::numeric_limits<std::int64_t>::digits10 + 1;
  auto offset = std::to_string(record.offset);
  auto time = to_rfc3339(seen_at(record, from));
  return time + ' ' + std::string(most_digits - offset.size(), '0') + offset;
}

/// Beyond every order of this record's time. What was folded before and lies beyond it comes from a
/// clock that has been set back since, and gives way.
std::string end_of_order(const queue::stored_record& record) {
  return to_rfc3339(record.time) + '~';
}

std::int64_t milliseconds_of(wall_time time) {
  return time.time_since_epoch().count();
}

}  // namespace

const std::vector<std::string>& entity_tables::topics() const {
  static const std::vector<std::string> names = {
      model::topics::entities, model::topics::associations, model::topics::comments};
  return names;
}

entity_tables::statements::statements(SQLite::Database& db)
    : audiences(db),
      entities(db, numbers_table, most_known_numbers),
      put_entity(
          db,
          "INSERT INTO entities VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, iif(?12, ?8, ''),"
          "  iif(?13, ?8, ''), ?9, ?9, ?10, iif(?10 IS NULL, '', ?8), ?10, ?10, ?11)"
          " ON CONFLICT(n, audience, source) DO UPDATE SET"
          "  attributes=iif(?12 AND (?8 >= attributes_time OR attributes_time > ?14), ?6,"
          "    attributes),"
          "  attributes_time=iif(?12 AND (?8 >= attributes_time OR attributes_time > ?14), ?8,"
          "    attributes_time),"
          "  tags=iif(?13 AND (?8 >= tags_time OR tags_time > ?14), ?7, tags),"
          "  tags_time=iif(?13 AND (?8 >= tags_time OR tags_time > ?14), ?8, tags_time),"
          "  first_seen=min(first_seen, ?9),"
          "  last_seen=iif(last_seen > ?15, ?9, max(last_seen, ?9)),"
          "  reputation=iif(?10 IS NOT NULL AND (?8 >= word_time OR word_time > ?14), ?10,"
          "    reputation),"
          "  word_time=iif(?10 IS NOT NULL AND (?8 >= word_time OR word_time > ?14), ?8,"
          "    word_time),"
          "  best=max(coalesce(best, ?10), coalesce(?10, best)),"
          "  worst=min(coalesce(worst, ?10), coalesce(?10, worst)),"
          "  well_known=max(well_known, ?11)"),
      put_association(db,
                      "INSERT INTO associations VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)"
                      " ON CONFLICT(from_n, audience, to_n, mode, source) DO UPDATE SET"
                      "  evidence=iif(?7 >= newest OR newest > ?9, ?6, evidence),"
                      "  newest=iif(?7 >= newest OR newest > ?9, ?7, newest),"
                      "  first_seen=min(first_seen, ?8),"
                      "  last_seen=iif(last_seen > ?10, ?8, max(last_seen, ?8))"),
      put_comment(db,
                  "INSERT INTO comments VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                  " ON CONFLICT(id, audience) DO UPDATE SET time=min(time, ?7)"),
      show_comment(db,
                   "INSERT OR IGNORE INTO seen_comments SELECT ?1, member, ?2, ?3, audience"
                   " FROM audience_members WHERE audience=?4") {}

void entity_tables::create(SQLite::Database& db) {
  create_audiences(db);
  numbered_texts::create(db, numbers_table);
  db.exec(entity_schema);
}

void entity_tables::open(SQLite::Database& db) {
  sql_ = std::make_unique<statements>(db);
  reader_ = std::make_unique<entity_reader>(db, limits_);
}

void entity_tables::close() {
  reader_.reset();
  sql_.reset();
}

void entity_tables::undone() {
  sql_->entities.forget();
  sql_->audiences.forget();
}

bool entity_tables::fold(const queue::stored_record& record) {
  const auto& topic = record.what.topic;
  if (topic == model::topics::entities) return fold_entity(record);
  if (topic == model::topics::associations) return fold_association(record);
  return fold_comment(record);
}

bool entity_tables::fold_entity(const queue::stored_record& record) {
  auto entity = facts_.entity(record.what.value);
  if (!entity) return false;
  auto& put = sql_->put_entity;
  auto number = number_of(entity->id);
  auto audience = sql_->audiences.number_of(entity->from.visible_by);
  sql_->audiences.note(number, seen_part::assertions, audience);
  put.reset();
  put.bind(1, number);
  put.bind(2, audience);
  put.bind(3, entity->from.source);
  put.bind(4, entity->type);
  put.bind(5, entity->value);
  put.bind(6, entity->attributes);
  put.bind(7, entity->tags);
  put.bind(8, order_of(record, entity->from));
  put.bind(9, milliseconds_of(seen_at(record, entity->from)));
  if (entity->reputation) {
    put.bind(10, *entity->reputation);
  } else {
    put.bind(10);
  }
  put.bind(11, entity->well_known ? 1 : 0);
  // Who only names an entity, as an end of an edge, takes nothing of it away.
  put.bind(12, entity->has_details ? 1 : 0);
  put.bind(13, entity->has_tags ? 1 : 0);
  put.bind(14, end_of_order(record));
  put.bind(15, milliseconds_of(record.time));
  put.exec();
  return true;
}

bool entity_tables::fold_association(const queue::stored_record& record) {
  auto edge = facts_.association(record.what.value);
  if (!edge) return false;
  auto& put = sql_->put_association;
  auto from = number_of(edge->from_entity);
  auto to = number_of(edge->to_entity);
  auto audience = sql_->audiences.number_of(edge->from.visible_by);
  sql_->audiences.note(from, seen_part::edges, audience);
  sql_->audiences.note(to, seen_part::edges, audience);
  put.reset();
  put.bind(1, from);
  put.bind(2, audience);
  put.bind(3, to);
  put.bind(4, static_cast<int>(edge->mode));
  put.bind(5, edge->from.source);
  put.bind(6, edge->evidence);
  put.bind(7, order_of(record, edge->from));
  put.bind(8, milliseconds_of(seen_at(record, edge->from)));
  put.bind(9, end_of_order(record));
  put.bind(10, milliseconds_of(record.time));
  put.exec();
  return true;
}

bool entity_tables::fold_comment(const queue::stored_record& record) {
  auto comment = model::parse_comment(record.what.value);
  if (!comment) return false;
  auto& put = sql_->put_comment;
  auto number = number_of(comment->entity);
  auto audience = sql_->audiences.number_of(comment->from.visible_by);
  auto& show = sql_->show_comment;
  show.reset();
  show.bind(1, number);
  show.bind(2, milliseconds_of(comment->from.time));
  show.bind(3, comment->id.str());
  show.bind(4, audience);
  show.exec();
  put.reset();
  put.bind(1, comment->id.str());
  put.bind(2, audience);
  put.bind(3, number);
  put.bind(4, comment->from.source);
  if (comment->parent) {
    put.bind(5, comment->parent->str());
  } else {
    put.bind(5);
  }
  put.bind(6, comment->text);
  put.bind(7, milliseconds_of(comment->from.time));
  put.exec();
  return true;
}

}  // namespace sonde::views
