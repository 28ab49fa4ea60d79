#include "views/entity_statements.hpp"

namespace sonde::views {

entity_statements::entity_statements(SQLite::Database& db)
    : put_entity(db,
                 "INSERT INTO entities VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10,"
                 "  iif(?10 IS NULL, '', ?8), ?10, ?10, ?11)"
                 " ON CONFLICT(id, source, visible_by) DO UPDATE SET"
                 "  attributes=iif(?8 >= newest, ?6, attributes),"
                 "  tags=iif(?8 >= newest, ?7, tags), newest=max(newest, ?8),"
                 "  first_seen=min(first_seen, ?9), last_seen=max(last_seen, ?9),"
                 "  reputation=iif(?10 IS NOT NULL AND ?8 >= word_time, ?10, reputation),"
                 "  word_time=iif(?10 IS NOT NULL AND ?8 >= word_time, ?8, word_time),"
                 "  best=max(coalesce(best, ?10), coalesce(?10, best)),"
                 "  worst=min(coalesce(worst, ?10), coalesce(?10, worst)),"
                 "  well_known=max(well_known, ?11)"),
      put_association(db,
                      "INSERT INTO associations VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
                      " ON CONFLICT(id, source, visible_by) DO UPDATE SET"
                      "  evidence=iif(?8 >= newest, ?7, evidence), newest=max(newest, ?8),"
                      "  first_seen=min(first_seen, ?9), last_seen=max(last_seen, ?9)"),
      put_comment(db,
                  "INSERT INTO comments VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                  " ON CONFLICT(id, visible_by) DO UPDATE SET time=min(time, ?7)"),
      find_entity(db,
                  "SELECT visible_by, type, value, attributes, tags, first_seen, last_seen,"
                  "  source, reputation, word_time, best, worst, well_known"
                  " FROM entities WHERE id=? ORDER BY newest"),
      find_related(db,
                   "SELECT id, visible_by, to_id, mode, 1, evidence, first_seen, last_seen"
                   "  FROM associations WHERE from_id=?1 UNION ALL"
                   " SELECT id, visible_by, from_id, mode, 0, evidence, first_seen, last_seen"
                   "  FROM associations WHERE to_id=?1 ORDER BY last_seen DESC"),
      find_comments(db,
                    "SELECT id, visible_by, source, parent_id, text, time FROM comments"
                    " WHERE entity_id=? ORDER BY time, id"),
      find_comment(db, "SELECT visible_by FROM comments WHERE id=? AND entity_id=?") {}

}  // namespace sonde::views
