#include "views/task_rows.hpp"

#include "model/events.hpp"
#include "views/columns.hpp"
#include "views/task_view.hpp"

namespace sonde::views {
namespace {

// The columns that lists and waiting readers use precede the snapshots, so that reading them does
// not read the snapshots.
constexpr const char* rows_schema =
    "CREATE TABLE tasks(key TEXT PRIMARY KEY, partition INTEGER NOT NULL, id TEXT NOT NULL,"
    "  target TEXT NOT NULL, visibility TEXT NOT NULL, priority INTEGER NOT NULL,"
    "  requested INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  waiting INTEGER NOT NULL,"  // the scheduler has to act on the snapshot
    "  outbox INTEGER NOT NULL,"   // the snapshot has an outbox (`pending`) to publish
    "  profile TEXT NOT NULL, ports TEXT NOT NULL, number INTEGER NOT NULL, started INTEGER,"
    "  ended INTEGER, attempt INTEGER NOT NULL, planned INTEGER NOT NULL, done INTEGER NOT NULL,"
    "  open INTEGER NOT NULL, results_total INTEGER NOT NULL, cancelled_by TEXT NOT NULL,"
    "  outcome INTEGER, reason TEXT NOT NULL, produced TEXT NOT NULL,"
    "  identified INTEGER NOT NULL, depth INTEGER,"
    "  snapshot TEXT, effective TEXT);"
    "CREATE INDEX tasks_outbox ON tasks(partition) WHERE outbox;"
    "CREATE INDEX tasks_waiting ON tasks(partition, visibility, priority DESC, requested, key)"
    "  WHERE waiting;"
    "CREATE INDEX tasks_queued ON tasks(visibility, requested) WHERE state=0;";

const std::string* text_of(const std::optional<stored_task>& stored) {
  return stored ? &stored->text : nullptr;
}

}  // namespace

task_rows::task_rows(SQLite::Database& db, port_lists& lists)
    : lists_(lists),
      find_(db, "SELECT snapshot, effective FROM tasks WHERE key=?"),
      store_(db, "INSERT OR REPLACE INTO tasks" +
                     columns_and_values({"key",          "partition", "id",        "target",
                                         "visibility",   "priority",  "requested", "state",
                                         "waiting",      "outbox",    "profile",   "ports",
                                         "number",       "started",   "ended",     "attempt",
                                         "planned",      "done",      "open",      "results_total",
                                         "cancelled_by", "outcome",   "reason",    "produced",
                                         "identified",   "depth",     "snapshot",  "effective"})) {}

void task_rows::create(SQLite::Database& db) {
  db.exec(rows_schema);
}

std::optional<task_row> task_rows::find(const model::target_key& key) {
  if (const auto* kept = recent_.find(key.str())) return *kept;
  find_.reset();
  find_.bind(1, key.str());
  if (!find_.executeStep()) return std::nullopt;
  task_row out{read(find_.getColumn(0)), read(find_.getColumn(1))};
  find_.reset();
  return out;
}

task_row task_rows::take(const model::target_key& key) {
  if (auto kept = recent_.take(key.str())) return std::move(*kept);
  return find(key).value_or(task_row{});
}

void task_rows::keep(task_row row) {
  if (row.now() == nullptr) return;
  auto key = row.now()->key.str();
  recent_.keep(key, std::move(row));
}

void task_rows::store(task_row held, std::int32_t partition) {
  const auto& task = *held.now();
  const auto& current = task.current;
  // A task that has ended while its next generation waits still has to be promoted.
  bool waiting = held.snapshot && (!model::is_terminal(held.snapshot->task.current.state) ||
                                   held.snapshot->task.next);
  bool outbox = held.snapshot && !held.snapshot->task.pending.empty();
  std::optional<model::outcome_kind> outcome;
  if (current.outcome) outcome = current.outcome->kind;
  store_.run(
      named{":key", task.key.str()}, named{":partition", partition}, named{":id", current.id.str()},
      named{":target", task.target.text()}, named{":visibility", visibility_text(task.visibility)},
      named{":priority", task.priority}, named{":requested", current.requested},
      named{":state", current.state}, named{":waiting", waiting}, named{":outbox", outbox},
      named{":profile", lists_.stored(task.profile)}, named{":ports", lists_.stored(task.ports)},
      named{":number", current.number}, named{":started", current.started},
      named{":ended", current.ended}, named{":attempt", task.attempt},
      named{":planned", task.progress.planned}, named{":done", task.progress.done},
      named{":open", task.progress.open}, named{":results_total", task.results_total},
      named{":cancelled_by", task.cancelled_by}, named{":outcome", outcome},
      named{":reason", current.outcome ? current.outcome->reason : std::string()},
      named{":produced", to_column(task.produced)}, named{":identified", task.progress.identified},
      named{":depth", task.depth}, named{":snapshot", text_of(held.snapshot)},
      named{":effective", text_of(held.effective)});
  keep(std::move(held));
}

stored_task task_rows::stored(model::scan_task task, const std::string& json) {
  auto text = lists_.shortened(json, task);
  return {std::move(task), std::move(text)};
}

std::optional<stored_task> task_rows::read(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  auto text = column.getString();
  auto task = model::parse_scan_task(lists_.restored(text));
  if (!task) return std::nullopt;
  return stored_task{std::move(*task), std::move(text)};
}

}  // namespace sonde::views
