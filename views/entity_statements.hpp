#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

namespace sonde::views {

/// What the entity view asks of its database, prepared. This folder's own.
struct entity_statements {
  explicit entity_statements(SQLite::Database& db);

  SQLite::Statement put_entity;
  SQLite::Statement put_association;
  SQLite::Statement put_comment;
  SQLite::Statement find_entity;   ///< all rows of an id, the oldest word first
  SQLite::Statement find_related;  ///< all edges of an id, the newest first
  SQLite::Statement find_comments;
  SQLite::Statement find_comment;
};

}  // namespace sonde::views
