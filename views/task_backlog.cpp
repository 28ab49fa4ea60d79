#include "views/task_backlog.hpp"

#include "views/columns.hpp"

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
                    " WHERE t.waiting AND t.partition=?1 AND t.visibility=?2"
                    " ORDER BY t.priority DESC, t.requested, t.key LIMIT ?3"),
      find_visibility_(
          db,
          "SELECT visibility FROM tasks WHERE waiting AND partition=?1 AND visibility > ?2"
          " ORDER BY visibility LIMIT 1"),
      find_outbox_(db, "SELECT key FROM tasks WHERE outbox AND partition=?1 LIMIT ?2"),
      find_overwritten_(db,
                        "SELECT key FROM overwritten WHERE partition=?1 AND key > ?2"
                        " ORDER BY key LIMIT ?3") {}

std::vector<waiting_task> task_backlog::waiting(const std::vector<std::int32_t>& partitions,
                                                const std::string& visibility, std::size_t limit) {
  std::vector<waiting_task> out;
  auto& row = find_waiting_;
  for (auto partition : partitions) {
    row.reset();
    row.bind(1, partition);
    row.bind(2, visibility);
    row.bind(3, static_cast<std::int64_t>(limit));
    while (row.executeStep()) {
      auto& one = out.emplace_back();
      one.key = model::target_key(row.getColumn(0).getString());
      one.visibility = visibility;
      one.priority = row.getColumn(1).getInt();
      one.requested = time_in(row.getColumn(2));
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

/// Needs one index lookup per visibility, for any number of tasks.
std::vector<std::string> task_backlog::visibilities(const std::vector<std::int32_t>& partitions,
                                                    const std::string& after, std::size_t limit) {
  std::set<std::string> found;
  auto& row = find_visibility_;
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

std::vector<outbox_task> task_backlog::with_outbox(const std::vector<std::int32_t>& partitions,
                                                   std::size_t limit) {
  std::vector<outbox_task> out;
  auto& row = find_outbox_;
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

std::vector<model::target_key> task_backlog::overwritten(std::int32_t partition,
                                                         const std::string& after,
                                                         std::size_t limit) {
  std::vector<model::target_key> out;
  auto& row = find_overwritten_;
  row.reset();
  row.bind(1, partition);
  row.bind(2, after);
  row.bind(3, static_cast<std::int64_t>(limit));
  while (row.executeStep())
    out.emplace_back(row.getColumn(0).getString());
  row.reset();
  return out;
}

}  // namespace sonde::views
