#include "views/task_backlog.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace sonde::views {

task_backlog::task_backlog(SQLite::Database& db)
    : find_waiting_(db,
                    "SELECT t.key, t.priority, t.requested, t.profile, t.ports,"
                    "  coalesce(l.ports, 0), coalesce(m.ports, 0)"
                    " FROM tasks t LEFT JOIN port_lists l ON l.n=CAST(substr(t.ports, 2) AS INT)"
                    "  AND t.ports LIKE '#%'"
                    " LEFT JOIN port_lists m ON m.n=CAST(substr(t.profile, 2) AS INT)"
                    "  AND t.profile LIKE '#%'"
                    " WHERE t.waiting AND t.partition=?1 AND t.scope=?2"
                    " ORDER BY t.priority DESC, t.requested, t.key LIMIT ?3"),
      find_scope_(db,
                  "SELECT scope FROM tasks WHERE waiting AND partition=?1 AND scope > ?2"
                  " ORDER BY scope LIMIT 1"),
      find_owing_(db, "SELECT key FROM tasks WHERE owing AND partition=?1 LIMIT ?2") {}

std::vector<waiting_task> task_backlog::waiting(const std::vector<std::int32_t>& partitions,
                                                const std::string& scope, std::size_t limit) {
  std::vector<waiting_task> out;
  auto& row = find_waiting_;
  for (auto partition : partitions) {
    row.reset();
    row.bind(1, partition);
    row.bind(2, scope);
    row.bind(3, static_cast<std::int64_t>(limit));
    while (row.executeStep()) {
      auto& one = out.emplace_back();
      one.key = model::target_key(row.getColumn(0).getString());
      one.scope = scope;
      one.priority = row.getColumn(1).getInt();
      one.requested = wall_time(std::chrono::milliseconds(row.getColumn(2).getInt64()));
      one.partition = partition;
      auto of_ports = static_cast<std::uint32_t>(row.getColumn(5).getInt64());
      auto of_profile = static_cast<std::uint32_t>(row.getColumn(6).getInt64());
      one.probes = of_ports > 0 ? of_ports : of_profile;
      if (one.probes > 0) continue;
      one.profile = row.getColumn(3).getString();
      one.ports = row.getColumn(4).getString();
    }
  }
  row.reset();
  std::ranges::sort(out, [](const waiting_task& a, const waiting_task& b) {
    return std::tuple(-a.priority, a.requested, a.key) <
           std::tuple(-b.priority, b.requested, b.key);
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

/// One look into the index for each scope, however many tasks it has.
std::vector<std::string> task_backlog::scopes(const std::vector<std::int32_t>& partitions,
                                              const std::string& after, std::size_t limit) {
  std::set<std::string> found;
  auto& row = find_scope_;
  for (auto partition : partitions) {
    auto last = after;
    for (std::size_t each = 0; each < limit; ++each) {
      row.reset();
      row.bind(1, partition);
      row.bind(2, last);
      if (!row.executeStep()) break;
      last = row.getColumn(0).getString();
      found.insert(last);
    }
  }
  row.reset();
  std::vector<std::string> out(found.begin(), found.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

std::vector<owing_task> task_backlog::owing(const std::vector<std::int32_t>& partitions,
                                            std::size_t limit) {
  std::vector<owing_task> out;
  auto& row = find_owing_;
  for (auto partition : partitions) {
    row.reset();
    row.bind(1, partition);
    row.bind(2, static_cast<std::int64_t>(limit - out.size()));
    while (row.executeStep())
      out.push_back({model::target_key(row.getColumn(0).getString()), partition});
  }
  row.reset();
  return out;
}

}  // namespace sonde::views
