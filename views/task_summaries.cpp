#include "views/task_summaries.hpp"

#include "views/columns.hpp"

#include <sstream>

namespace sonde::views {
namespace {

using model::task_state;

std::optional<wall_time> time_if_any(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return time_in(column);
}

std::uint32_t unsigned_in(const SQLite::Column& column) {
  return static_cast<std::uint32_t>(column.getInt64());
}

/// Returns the progress: the task's four columns, or those of an event after its snapshot. An
/// event of a scan that has ended meanwhile is ignored.
model::task_progress progress_in(SQLite::Statement& row, int own, int event, task_state state) {
  bool newer = !model::is_terminal(state) && !row.getColumn(event).isNull();
  int first = newer ? event : own;
  return {unsigned_in(row.getColumn(first)), unsigned_in(row.getColumn(first + 1)),
          unsigned_in(row.getColumn(first + 2)), unsigned_in(row.getColumn(first + 3))};
}

}  // namespace

std::string to_column(const std::vector<model::produced_position>& produced) {
  std::string out;
  for (const auto& p : produced)
    out += p.topic + ' ' + std::to_string(p.partition) + ' ' + std::to_string(p.offset) + '\n';
  return out;
}

std::vector<model::produced_position> produced_in(const std::string& column) {
  std::vector<model::produced_position> out;
  std::istringstream in(column);
  model::produced_position one;
  while (in >> one.topic >> one.partition >> one.offset)
    out.push_back(one);
  return out;
}

task_summaries::task_summaries(SQLite::Database& db, port_lists& lists)
    : lists_(lists),
      find_(db,
            "SELECT t.key, t.target, t.profile, t.number, t.state, t.requested, t.started, t.ended,"
            "  t.attempt, t.planned, t.done, t.open, t.identified, p.planned, p.done, p.open,"
            "  p.identified, t.results_total, t.cancelled_by, t.outcome, t.reason, t.produced,"
            "  t.depth"
            " FROM ids i JOIN tasks t ON t.key=i.key AND t.id=i.id"
            " LEFT JOIN progress p ON p.key=t.key AND p.id=t.id WHERE i.id=? LIMIT 1"),
      find_mark_(db,
                 "SELECT t.state, t.planned, t.done, t.open, t.identified, p.planned, p.done,"
                 " p.open, p.identified FROM tasks t"
                 " LEFT JOIN progress p ON p.key=t.key AND p.id=t.id WHERE t.key=?1 AND t.id=?2"),
      find_bytes_(db,
                  "SELECT length(CAST(coalesce(effective, snapshot) AS BLOB)) FROM tasks"
                  " WHERE key=?") {}

std::optional<listed_task> task_summaries::find(const model::task_id& id) {
  auto& row = find_;
  row.reset();
  row.bind(1, id.str());
  if (!row.executeStep()) return std::nullopt;
  listed_task out;
  auto& task = out.task;
  task.key = model::target_key(row.getColumn(0).getString());
  auto target = model::target::parse(row.getColumn(1).getString());
  if (target) task.target = std::move(*target);
  task.profile = row.getColumn(2).getString();
  auto& current = task.current;
  current.id = id;
  current.number = static_cast<std::uint64_t>(row.getColumn(3).getInt64());
  current.state = static_cast<task_state>(row.getColumn(4).getInt());
  current.requested = time_if_any(row.getColumn(5)).value_or(wall_time{});
  current.started = time_if_any(row.getColumn(6));
  current.ended = time_if_any(row.getColumn(7));
  task.attempt = unsigned_in(row.getColumn(8));
  task.progress = progress_in(row, 9, 13, current.state);
  task.results_total = unsigned_in(row.getColumn(17));
  task.cancelled_by = row.getColumn(18).getString();
  if (!row.getColumn(19).isNull()) {
    current.outcome = model::outcome{static_cast<model::outcome_kind>(row.getColumn(19).getInt()),
                                     row.getColumn(20).getString()};
  }
  task.produced = produced_in(row.getColumn(21).getString());
  if (auto depth = row.getColumn(22); !depth.isNull()) {
    task.depth = static_cast<model::scan_depth>(depth.getInt());
  }
  row.reset();
  out.ports = lists_.summary_of(task.profile);
  return out;
}

std::optional<task_mark> task_summaries::mark_of(const model::target_key& key,
                                                 const model::task_id& id) {
  auto& row = find_mark_;
  row.reset();
  row.bind(1, key.str());
  row.bind(2, id.str());
  std::optional<task_mark> out;
  if (row.executeStep()) {
    auto state = static_cast<task_state>(row.getColumn(0).getInt());
    out = task_mark{state, progress_in(row, 1, 5, state)};
  }
  row.reset();
  return out;
}

std::size_t task_summaries::bytes_of(const model::target_key& key) {
  auto& row = find_bytes_;
  row.reset();
  row.bind(1, key.str());
  auto bytes = row.executeStep() ? row.getColumn(0).getInt64() : 0;
  row.reset();
  return static_cast<std::size_t>(bytes);
}

}  // namespace sonde::views
