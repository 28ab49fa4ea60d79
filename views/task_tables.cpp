#include "views/task_tables.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "views/columns.hpp"
#include "views/named_statement.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

using model::scan_task;
using model::task_state;

/// The number of visibilities whose oldest scan one summary looks up.
constexpr std::size_t most_summed_visibilities = 1'000;

constexpr const char* task_schema =
    // An id leads to its task only for groups that may see it.
    "CREATE TABLE ids(id TEXT NOT NULL, member TEXT NOT NULL, key TEXT NOT NULL,"
    "  PRIMARY KEY(id, member)) WITHOUT ROWID;"
    "CREATE TABLE requests(key TEXT NOT NULL, offset INTEGER NOT NULL, value TEXT NOT NULL,"
    "  PRIMARY KEY(key, offset));"
    "CREATE TABLE overwritten(partition INTEGER NOT NULL, key TEXT NOT NULL,"
    "  PRIMARY KEY(partition, key)) WITHOUT ROWID;"
    "CREATE TABLE progress(key TEXT PRIMARY KEY, id TEXT NOT NULL, planned INTEGER NOT NULL,"
    "  done INTEGER NOT NULL, open INTEGER NOT NULL, identified INTEGER NOT NULL);";

template <class... Values>
void run(SQLite::Statement& statement, const Values&... values) {
  statement.reset();
  int index = 0;
  (statement.bind(++index, values), ...);
  statement.exec();
}

/// Binds the values and steps to the first row, if there is one.
template <class... Values>
bool find_first(SQLite::Statement& statement, const Values&... values) {
  statement.reset();
  int index = 0;
  (statement.bind(++index, values), ...);
  return statement.executeStep();
}

}  // namespace

std::string visibility_text(const model::group_list& groups) {
  std::string out;
  for (const auto& group : groups)
    out += group + '\n';
  return out;
}

struct task_tables::statements {
  explicit statements(SQLite::Database& db)
      : summarize(db, "SELECT id, number, state, ended, depth FROM tasks WHERE key=?"),
        add_id(db, "INSERT OR REPLACE INTO ids VALUES(?, ?, ?)"),
        find_id(db, "SELECT key FROM ids WHERE id=? AND member=?"),
        add_request(db, "INSERT OR REPLACE INTO requests VALUES(?, ?, ?)"),
        drop_requests(db, "DELETE FROM requests WHERE key=? AND offset<=?"),
        find_requests(db, "SELECT offset, value FROM requests WHERE key=? ORDER BY offset"),
        note_overwritten(db, "INSERT OR REPLACE INTO overwritten VALUES(?, ?)"),
        drop_overwritten(db, "DELETE FROM overwritten WHERE partition=? AND key=?"),
        set_progress(
            db, "INSERT OR REPLACE INTO progress" +
                    columns_and_values({"key", "id", "planned", "done", "open", "identified"})),
        drop_progress(db, "DELETE FROM progress WHERE key=?"),
        find_progress(
            db, "SELECT planned, done, open, identified FROM progress WHERE key=? AND id=?") {}

  SQLite::Statement summarize, add_id, find_id, add_request, drop_requests, find_requests;
  SQLite::Statement note_overwritten, drop_overwritten;
  named_statement set_progress;
  SQLite::Statement drop_progress, find_progress;
};

const std::vector<std::string>& task_tables::topics() const {
  static const std::vector<std::string> names = {
      model::topics::scan_requests, model::topics::scan_tasks, model::topics::scan_progress};
  return names;
}

void task_tables::create(SQLite::Database& db) {
  task_rows::create(db);
  db.exec(task_schema);
  port_lists::create(db);
  task_listing::create(db);
}

void task_tables::open(SQLite::Database& db) {
  db_ = &db;
  sql_ = std::make_shared<statements>(db);
  lists_ = std::make_unique<port_lists>(db);
  rows_ = std::make_unique<task_rows>(db, *lists_);
  listing_ = std::make_unique<task_listing>(db);
  backlog_ = std::make_unique<task_backlog>(db);
  summaries_ = std::make_unique<task_summaries>(db, *lists_);
  load_counts();
}

void task_tables::close() {
  sql_.reset();
  listing_.reset();
  backlog_.reset();
  summaries_.reset();
  rows_.reset();
  lists_.reset();
}

void task_tables::committed() {
  if (on_change_) on_change_(changed_);
  changed_.clear();
}

void task_tables::undone() {
  changed_.clear();
  rows_->forget();
  load_counts();
}

bool task_tables::fold(const queue::stored_record& record) {
  if (record.what.topic == model::topics::scan_requests) return fold_request(record);
  if (record.what.topic == model::topics::scan_progress) return fold_progress(record);
  return model::is_lease(record.what) || fold_snapshot(record);
}

bool task_tables::fold_request(const queue::stored_record& record) {
  auto request = model::parse_scan_request(record.what.value);
  if (!request) return false;
  auto held = rows_->take(request->key);
  std::optional<scan_task> before;
  if (held.now() != nullptr) before = *held.now();
  bool counts = (!before || record.offset > before->folded) && model::concerns(before, *request);
  if (!counts) {
    rows_->keep(std::move(held));
    return true;
  }
  auto task = model::fold(before, *request, record.offset, bounds());
  run(sql_->add_request, request->key.str(), record.offset, record.what.value);
  remember_ids(task, !before);
  note_change(before, task);
  held.effective = as_stored(std::move(task));
  rows_->store(std::move(held), record.partition);
  return true;
}

bool task_tables::fold_snapshot(const queue::stored_record& record) {
  auto incoming = model::parse_scan_task(record.what.value);
  if (!incoming) return false;
  auto held = rows_->take(incoming->key);
  const auto key = incoming->key.str();
  if (held.snapshot && !model::supersedes(*incoming, held.snapshot->task)) {
    run(sql_->note_overwritten, record.partition, key);
    rows_->keep(std::move(held));
    return true;
  }
  run(sql_->drop_overwritten, record.partition, key);
  auto& latest = held.effective ? held.effective : held.snapshot;
  std::optional<scan_task> before;
  if (latest) before = std::move(latest->task);
  run(sql_->drop_requests, key, incoming->folded);
  task_row now;
  now.effective = with_later_requests(*incoming);
  now.snapshot = rows_->stored(std::move(*incoming), record.what.value);
  if (model::is_terminal(now.snapshot->task.current.state)) run(sql_->drop_progress, key);
  remember_ids(*now.now(), !before);
  note_change(before, *now.now());
  rows_->store(std::move(now), record.partition);
  return true;
}

/// Folds the requests that the snapshot has not folded into it. Returns nothing if there are none.
std::optional<stored_task> task_tables::with_later_requests(const scan_task& snapshot) {
  std::optional<scan_task> task;
  auto& requests = sql_->find_requests;
  for (bool more = find_first(requests, snapshot.key.str()); more; more = requests.executeStep()) {
    auto request = model::parse_scan_request(requests.getColumn(1).getText());
    if (!request) continue;
    task = model::fold(task ? std::move(task) : snapshot, *request,
                       requests.getColumn(0).getInt64(), bounds());
  }
  requests.reset();
  if (!task) return std::nullopt;
  return as_stored(std::move(*task));
}

stored_task task_tables::as_stored(scan_task task) {
  auto json = to_json_text(task);
  return rows_->stored(std::move(task), json);
}

bool task_tables::fold_progress(const queue::stored_record& record) {
  auto event = model::parse_progress_event(record.what.value);
  if (!event) return false;
  if (has_ended(event->key, event->id)) return true;
  changed_.push_back(event->key.str());
  const auto& progress = event->progress;
  sql_->set_progress.run(named{":key", event->key.str()}, named{":id", event->id.str()},
                         named{":planned", progress.planned}, named{":done", progress.done},
                         named{":open", progress.open}, named{":identified", progress.identified});
  return true;
}

bool task_tables::has_ended(const model::target_key& key, const model::task_id& id) {
  if (!find_first(sql_->summarize, key.str())) return false;
  bool current = sql_->summarize.getColumn(0).getString() == id.str();
  auto state = static_cast<task_state>(sql_->summarize.getColumn(2).getInt());
  sql_->summarize.reset();
  return current && model::is_terminal(state);
}

void task_tables::remember_ids(const scan_task& task, bool first_sight) {
  auto remember = [&](const model::task_id& id) {
    for (const auto& group : task.visibility)
      run(sql_->add_id, id.str(), group, task.key.str());
  };
  remember(task.current.id);
  if (task.next) remember(task.next->id());
  if (!first_sight) return;
  // Earlier generations may have left the topics; their ids follow from the key.
  for (std::uint64_t number = 1; number < task.current.number; ++number)
    remember(model::task_id_of(task.key, number));
}

void task_tables::note_change(const std::optional<scan_task>& before, const scan_task& after) {
  count(before, after);
  listing_->change(before, after);
  changed_.push_back(after.key.str());
}

void task_tables::count(const std::optional<scan_task>& before, const scan_task& after) {
  bool was = before && before->current.state == task_state::queued;
  bool is = after.current.state == task_state::queued;
  auto& visibility = queued_[visibility_text(after.visibility)];
  if (is && !was) {
    ++visibility;
    ++queued_total_;
  } else if (was && !is) {
    --visibility;
    --queued_total_;
  }
}

void task_tables::load_counts() {
  queued_.clear();
  queued_total_ = 0;
  SQLite::Statement all(*db_,
                        "SELECT visibility, count(*) FROM tasks WHERE state=0 GROUP BY visibility");
  while (all.executeStep()) {
    auto number = static_cast<std::uint64_t>(all.getColumn(1).getInt64());
    queued_[all.getColumn(0).getString()] = number;
    queued_total_ += number;
  }
}

std::optional<scan_task> task_tables::task(const model::target_key& key) {
  auto held = rows_->find(key);
  if (!held || held->now() == nullptr) return std::nullopt;
  auto out = *held->now();
  // An event of an ended scan may follow its last snapshot, because it is on another topic.
  if (model::is_terminal(out.current.state)) return out;
  if (find_first(sql_->find_progress, key.str(), out.current.id.str())) {
    auto number = [&](int column) {
      return static_cast<std::uint32_t>(sql_->find_progress.getColumn(column).getInt64());
    };
    out.progress = {number(0), number(1), number(2), number(3)};
    sql_->find_progress.reset();
  }
  return out;
}

std::optional<scan_task> task_tables::snapshot(const model::target_key& key) {
  auto held = rows_->find(key);
  if (!held || !held->snapshot) return std::nullopt;
  return std::move(held->snapshot->task);
}

/// Looks up all groups, so that the duration does not reveal which group matched.
std::optional<model::target_key> task_tables::key_of(const model::task_id& id,
                                                     const model::group_list& groups) {
  std::optional<model::target_key> out;
  for (const auto& group : groups) {
    bool found = find_first(sql_->find_id, id.str(), group);
    if (found) out.emplace(sql_->find_id.getColumn(0).getString());
  }
  sql_->find_id.reset();
  return out;
}

std::vector<std::optional<task_summary>> task_tables::summaries_of(
    const std::vector<sought_task>& sought) {
  std::vector<std::optional<task_summary>> out;
  out.reserve(sought.size());
  for (const auto& one : sought) {
    auto& found = out.emplace_back();
    if (!find_first(sql_->summarize, one.key.str())) continue;
    found.emplace();
    found->id = model::task_id(sql_->summarize.getColumn(0).getString());
    found->generation = static_cast<std::uint64_t>(sql_->summarize.getColumn(1).getInt64());
    found->state = static_cast<task_state>(sql_->summarize.getColumn(2).getInt());
    if (auto ended = sql_->summarize.getColumn(3); !ended.isNull()) {
      found->ended = time_in(ended);
    }
    if (auto depth = sql_->summarize.getColumn(4); !depth.isNull()) {
      found->depth = static_cast<model::scan_depth>(depth.getInt());
    }
    sql_->summarize.reset();
    found->next_generation = found->generation + 1;
    // Another scan may wait for the end of one that runs.
    bool whole_needed = one.webhooks || found->state == task_state::running;
    auto whole = whole_needed ? task(one.key) : std::nullopt;
    if (!whole) continue;
    found->next_generation = model::next_generation(*whole);
    if (!one.webhooks) continue;
    for (const auto& hook : whole->webhooks)
      found->webhooks.push_back(hook.id);
  }
  return out;
}

queue_summary task_tables::summarise_queue() const {
  queue_summary out{queued_total_, std::nullopt};
  SQLite::Statement oldest(*db_, "SELECT min(requested) FROM tasks WHERE state=0 AND visibility=?");
  std::size_t looked_at = 0;
  for (const auto& [visibility, count] : queued_) {
    if (count == 0) continue;
    if (++looked_at > most_summed_visibilities) break;
    oldest.reset();
    oldest.bind(1, visibility);
    if (!oldest.executeStep() || oldest.getColumn(0).isNull()) continue;
    auto requested = time_in(oldest.getColumn(0));
    out.oldest = std::min(out.oldest.value_or(requested), requested);
  }
  return out;
}

queued_counts task_tables::count_queued(const std::string& visibility) const {
  auto place = queued_.find(visibility);
  return {queued_total_, place == queued_.end() ? 0 : place->second};
}

}  // namespace sonde::views
