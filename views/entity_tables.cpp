#include "views/entity_tables.hpp"

#include "model/events.hpp"

#include <algorithm>
#include <limits>

namespace sonde::views {
namespace {

// Times order the assertions of one source: by time, then by offset, because all records of an
// entity or an association are in one partition. Attributes, tags and reputation have one time
// each, because a record may hold any of them without the others. A stored time is never later than
// the time of its record, nor than the time of any later record.
constexpr const char* entity_schema =
    "CREATE TABLE entities(n INTEGER NOT NULL, visibility INTEGER NOT NULL, source TEXT NOT NULL,"
    "  type TEXT NOT NULL, value TEXT NOT NULL, attributes TEXT NOT NULL, tags TEXT NOT NULL,"
    "  attributes_time TEXT NOT NULL, tags_time TEXT NOT NULL,"
    "  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  reputation INTEGER, word_time TEXT NOT NULL, best INTEGER, worst INTEGER,"
    "  well_known INTEGER NOT NULL, PRIMARY KEY(n, visibility, source)) WITHOUT ROWID;"
    "CREATE TABLE associations(from_n INTEGER NOT NULL, visibility INTEGER NOT NULL,"
    "  to_n INTEGER NOT NULL, mode INTEGER NOT NULL, source TEXT NOT NULL, evidence TEXT NOT NULL,"
    "  newest TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  PRIMARY KEY(from_n, visibility, to_n, mode, source)) WITHOUT ROWID;"
    "CREATE INDEX associations_from ON associations(from_n, visibility, last_seen, to_n, mode,"
    "  source);"
    "CREATE INDEX associations_to ON associations(to_n, visibility, last_seen, from_n, mode, "
    "source);"
    "CREATE TABLE comments(id TEXT NOT NULL, visibility INTEGER NOT NULL, entity INTEGER NOT NULL,"
    "  source TEXT NOT NULL, parent_id TEXT, text TEXT NOT NULL, time INTEGER NOT NULL,"
    "  PRIMARY KEY(id, visibility)) WITHOUT ROWID;"
    "CREATE TABLE seen_comments(entity INTEGER NOT NULL, member INTEGER NOT NULL,"
    "  time INTEGER NOT NULL, id TEXT NOT NULL, visibility INTEGER NOT NULL,"
    "  PRIMARY KEY(entity, member, time, id, visibility)) WITHOUT ROWID;"
    "CREATE INDEX seen_comments_id ON seen_comments(id, member, entity);";

/// Entities whose numbers are kept in memory, because they recur soon.
constexpr std::size_t most_known_numbers = 100'000;
constexpr const char* numbers_table = "numbers";

/// Returns the time of the observation. It cannot be later than the record; a later time comes from
/// a wrong clock.
wall_time seen_at(const queue::stored_record& record, const model::provenance& from) {
  return std::min(from.time, record.time);
}

std::string order_of(const queue::stored_record& record, const model::provenance& from) {
  constexpr std::size_t most_digits = std::numeric_limits<std::int64_t>::digits10 + 1;
  auto offset = std::to_string(record.offset);
  auto time = to_rfc3339(seen_at(record, from));
  return time + ' ' + std::string(most_digits - offset.size(), '0') + offset;
}

/// Returns an upper bound of all orders at this record's time. A stored order beyond it comes from
/// a clock that was set back since, and is replaced.
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
    : visibility_sets(db),
      entities(db, numbers_table, most_known_numbers),
      put_entity(
          db,
          "INSERT INTO entities(n, visibility, source, type, value, attributes, tags,"
          "  attributes_time, tags_time, first_seen, last_seen, reputation, word_time, best, worst,"
          "  well_known)"
          " VALUES(:n, :visibility, :source, :type, :value, :attributes, :tags,"
          "  iif(:has_details, :order, ''), iif(:has_tags, :order, ''), :seen, :seen, :reputation,"
          "  iif(:reputation IS NULL, '', :order), :reputation, :reputation, :well_known)"
          " ON CONFLICT(n, visibility, source) DO UPDATE SET"
          "  attributes=iif(:has_details AND (:order >= attributes_time"
          "    OR attributes_time > :order_end), :attributes, attributes),"
          "  attributes_time=iif(:has_details AND (:order >= attributes_time"
          "    OR attributes_time > :order_end), :order, attributes_time),"
          "  tags=iif(:has_tags AND (:order >= tags_time OR tags_time > :order_end), :tags, tags),"
          "  tags_time=iif(:has_tags AND (:order >= tags_time OR tags_time > :order_end), :order,"
          "    tags_time),"
          "  first_seen=min(first_seen, :seen),"
          "  last_seen=iif(last_seen > :written, :seen, max(last_seen, :seen)),"
          "  reputation=iif(:reputation IS NOT NULL AND (:order >= word_time"
          "    OR word_time > :order_end), :reputation, reputation),"
          "  word_time=iif(:reputation IS NOT NULL AND (:order >= word_time"
          "    OR word_time > :order_end), :order, word_time),"
          "  best=max(coalesce(best, :reputation), coalesce(:reputation, best)),"
          "  worst=min(coalesce(worst, :reputation), coalesce(:reputation, worst)),"
          "  well_known=max(well_known, :well_known)"),
      put_association(
          db,
          "INSERT INTO associations(from_n, visibility, to_n, mode, source, evidence, newest,"
          "  first_seen, last_seen)"
          " VALUES(:from_n, :visibility, :to_n, :mode, :source, :evidence, :order, :seen, :seen)"
          " ON CONFLICT(from_n, visibility, to_n, mode, source) DO UPDATE SET"
          "  evidence=iif(:order >= newest OR newest > :order_end, :evidence, evidence),"
          "  newest=iif(:order >= newest OR newest > :order_end, :order, newest),"
          "  first_seen=min(first_seen, :seen),"
          "  last_seen=iif(last_seen > :written, :seen, max(last_seen, :seen))"),
      put_comment(db, "INSERT INTO comments" +
                          columns_and_values({"id", "visibility", "entity", "source", "parent_id",
                                              "text", "time"}) +
                          " ON CONFLICT(id, visibility) DO UPDATE SET time=min(time, :time)"),
      show_comment(db,
                   "INSERT OR IGNORE INTO seen_comments SELECT ?1, member, ?2, ?3, visibility"
                   " FROM visibility_members WHERE visibility=?4") {}

void entity_tables::create(SQLite::Database& db) {
  create_visibility_sets(db);
  interned_strings::create(db, numbers_table);
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
  sql_->visibility_sets.forget();
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
  auto number = number_of(entity->id);
  auto visibility = sql_->visibility_sets.number_of(entity->from.visible_by);
  sql_->visibility_sets.note(number, seen_part::assertions, visibility);
  // A record that only names an entity, as an end of an edge, removes nothing from it: it has
  // neither details nor tags.
  sql_->put_entity.run(
      named{":n", number}, named{":visibility", visibility}, named{":source", entity->from.source},
      named{":type", entity->type}, named{":value", entity->value},
      named{":attributes", entity->attributes}, named{":tags", entity->tags},
      named{":has_details", entity->has_details}, named{":has_tags", entity->has_tags},
      named{":reputation", entity->reputation}, named{":well_known", entity->well_known},
      named{":order", order_of(record, entity->from)}, named{":order_end", end_of_order(record)},
      named{":seen", seen_at(record, entity->from)}, named{":written", record.time});
  return true;
}

bool entity_tables::fold_association(const queue::stored_record& record) {
  auto edge = facts_.association(record.what.value);
  if (!edge) return false;
  auto from = number_of(edge->from_entity);
  auto to = number_of(edge->to_entity);
  auto visibility = sql_->visibility_sets.number_of(edge->from.visible_by);
  sql_->visibility_sets.note(from, seen_part::edges, visibility);
  sql_->visibility_sets.note(to, seen_part::edges, visibility);
  sql_->put_association.run(
      named{":from_n", from}, named{":visibility", visibility}, named{":to_n", to},
      named{":mode", edge->mode}, named{":source", edge->from.source},
      named{":evidence", edge->evidence}, named{":order", order_of(record, edge->from)},
      named{":order_end", end_of_order(record)}, named{":seen", seen_at(record, edge->from)},
      named{":written", record.time});
  return true;
}

bool entity_tables::fold_comment(const queue::stored_record& record) {
  auto comment = model::parse_comment(record.what.value);
  if (!comment) return false;
  auto number = number_of(comment->entity);
  auto visibility = sql_->visibility_sets.number_of(comment->from.visible_by);
  auto& show = sql_->show_comment;
  show.reset();
  show.bind(1, number);
  show.bind(2, milliseconds_of(comment->from.time));
  show.bind(3, comment->id.str());
  show.bind(4, visibility);
  show.exec();
  std::optional<std::string> parent;
  if (comment->parent) parent = comment->parent->str();
  sql_->put_comment.run(named{":id", comment->id.str()}, named{":visibility", visibility},
                        named{":entity", number}, named{":source", comment->from.source},
                        named{":parent_id", parent}, named{":text", comment->text},
                        named{":time", comment->from.time});
  return true;
}

}  // namespace sonde::views
