#include "views/task_tables.hpp"

#include "model/events.hpp"
#include "model/task_fold.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

using model::scan_task;
using model::task_state;

/// Scopes whose oldest scan one summary looks for.
constexpr std::size_t most_summed_scopes = 1'000;

// What lists show and what waiting readers compare stands before the snapshots, so that reading a
// row's columns does not read these.
constexpr const char* task_schema =
    "CREATE TABLE tasks(key TEXT PRIMARY KEY, partition INTEGER NOT NULL, id TEXT NOT NULL,"
    "  target TEXT NOT NULL, scope TEXT NOT NULL, priority INTEGER NOT NULL,"
    "  requested INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  waiting INTEGER NOT NULL,"  // the snapshot is queued or running: the scheduler's business
    "  owing INTEGER NOT NULL,"    // so is handing over what the snapshot has pending
    "  profile TEXT NOT NULL, ports TEXT NOT NULL, number INTEGER NOT NULL, started INTEGER,"
    "  ended INTEGER, attempt INTEGER NOT NULL, planned INTEGER NOT NULL, done INTEGER NOT NULL,"
    "  open INTEGER NOT NULL, results_total INTEGER NOT NULL, cancelled_by TEXT NOT NULL,"
    "  outcome INTEGER, reason TEXT NOT NULL, produced TEXT NOT NULL,"
    "  snapshot TEXT, effective TEXT);"
    "CREATE INDEX tasks_owing ON tasks(partition) WHERE owing;"
    "CREATE INDEX tasks_waiting ON tasks(partition, scope, priority DESC, requested, key)"
    "  WHERE waiting;"
    "CREATE INDEX tasks_queued ON tasks(scope, requested) WHERE state=0;"
    // An id leads to its task for those who may see it, and to nothing for others.
    "CREATE TABLE ids(id TEXT NOT NULL, member TEXT NOT NULL, key TEXT NOT NULL,"
    "  PRIMARY KEY(id, member)) WITHOUT ROWID;"
    "CREATE TABLE requests(key TEXT NOT NULL, offset INTEGER NOT NULL, value TEXT NOT NULL,"
    "  PRIMARY KEY(key, offset));"
    "CREATE TABLE progress(key TEXT PRIMARY KEY, id TEXT NOT NULL, planned INTEGER NOT NULL,"
    "  done INTEGER NOT NULL, open INTEGER NOT NULL);";

std::int64_t milliseconds_since_epoch(wall_time when) {
  return static_cast<std::int64_t>(when.time_since_epoch().count());
}

template <class... Values>
void run(SQLite::Statement& statement, const Values&... values) {
  statement.reset();
  int index = 0;
  (statement.bind(++index, values), ...);
  statement.exec();
}

/// Binds and steps to the first row, if there is one.
template <class... Values>
bool find_first(SQLite::Statement& statement, const Values&... values) {
  statement.reset();
  int index = 0;
  (statement.bind(++index, values), ...);
  return statement.executeStep();
}

}  // namespace

std::string scope_text(const model::group_list& groups) {
  std::string out;
  for (const auto& group : groups)
    out += group + '\n';
  return out;
}

struct task_tables::statements {
  explicit statements(SQLite::Database& db)
      : load(db, "SELECT snapshot, effective FROM tasks WHERE key=?"),
        store(db,
              "INSERT OR REPLACE INTO tasks VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
              " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        stand(db, "SELECT id, number, state, ended FROM tasks WHERE key=?"),
        add_id(db, "INSERT OR REPLACE INTO ids VALUES(?, ?, ?)"),
        find_id(db, "SELECT key FROM ids WHERE id=? AND member=?"),
        add_request(db, "INSERT OR REPLACE INTO requests VALUES(?, ?, ?)"),
        drop_requests(db, "DELETE FROM requests WHERE key=? AND offset<=?"),
        find_requests(db, "SELECT offset, value FROM requests WHERE key=? ORDER BY offset"),
        set_progress(db, "INSERT OR REPLACE INTO progress VALUES(?, ?, ?, ?, ?)"),
        drop_progress(db, "DELETE FROM progress WHERE key=?"),
        find_progress(db, "SELECT planned, done, open FROM progress WHERE key=? AND id=?") {}

  SQLite::Statement load, store, stand, add_id, find_id, add_request, drop_requests, find_requests,
      set_progress, drop_progress, find_progress;
};

const std::vector<std::string>& task_tables::topics() const {
  static const std::vector<std::string> names = {
      model::topics::scan_requests, model::topics::scan_tasks, model::topics::scan_progress};
  return names;
}

void task_tables::create(SQLite::Database& db) {
  db.exec(task_schema);
  port_lists::create(db);
  task_listing::create(db);
}

void task_tables::open(SQLite::Database& db) {
  db_ = &db;
  sql_ = std::make_shared<statements>(db);
  lists_ = std::make_unique<port_lists>(db);
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
  lists_.reset();
}

void task_tables::committed() {
  if (on_change_) on_change_(changed_);
  changed_.clear();
}

void task_tables::undone() {
  changed_.clear();
  load_counts();
}

bool task_tables::fold(const queue::stored_record& record) {
  if (record.what.topic == model::topics::scan_requests) return fold_request(record);
  if (record.what.topic == model::topics::scan_progress) return fold_progress(record);
  return model::is_claim(record.what) || fold_snapshot(record);
}

bool task_tables::fold_request(const queue::stored_record& record) {
  auto request = model::parse_scan_request(record.what.value);
  if (!request) return false;
  auto held = load(request->key).value_or(row{});
  auto before = held.now();
  if (before && record.offset <= before->folded) return true;
  if (!model::concerns(before, *request)) return true;
  held.effective = model::fold(before, *request, record.offset, bounds());
  run(sql_->add_request, request->key.str(), record.offset, record.what.value);
  remember_ids(*held.effective, !before);
  note_change(before, *held.effective);
  store(held, record.partition);
  return true;
}

bool task_tables::fold_snapshot(const queue::stored_record& record) {
  auto incoming = model::parse_scan_task(record.what.value);
  if (!incoming) return false;
  auto held = load(incoming->key).value_or(row{});
  if (held.snapshot && !model::supersedes(*incoming, *held.snapshot)) return true;
  auto before = held.now();
  const auto& key = incoming->key.str();
  run(sql_->drop_requests, key, incoming->folded);
  held.effective.reset();
  auto task = *incoming;
  for (bool more = find_first(sql_->find_requests, key); more;
       more = sql_->find_requests.executeStep()) {
    auto request = model::parse_scan_request(sql_->find_requests.getColumn(1).getText());
    if (!request) continue;
    task = model::fold(std::move(task), *request, sql_->find_requests.getColumn(0).getInt64(),
                       bounds());
    held.effective = task;
  }
  sql_->find_requests.reset();
  held.snapshot = std::move(*incoming);
  if (model::is_terminal(held.snapshot->current.state)) run(sql_->drop_progress, key);
  remember_ids(*held.now(), !before);
  note_change(before, *held.now());
  store(held, record.partition);
  return true;
}

bool task_tables::fold_progress(const queue::stored_record& record) {
  auto event = model::parse_progress_event(record.what.value);
  if (!event) return false;
  if (has_ended(event->key, event->id)) return true;
  changed_.push_back(event->key.str());
  run(sql_->set_progress, event->key.str(), event->id.str(),
      static_cast<std::int64_t>(event->progress.planned),
      static_cast<std::int64_t>(event->progress.done),
      static_cast<std::int64_t>(event->progress.open));
  return true;
}

bool task_tables::has_ended(const model::target_key& key, const model::task_id& id) {
  if (!find_first(sql_->stand, key.str())) return false;
  bool current = sql_->stand.getColumn(0).getString() == id.str();
  auto state = static_cast<task_state>(sql_->stand.getColumn(2).getInt());
  sql_->stand.reset();
  return current && model::is_terminal(state);
}

std::optional<scan_task> task_tables::parse_stored(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  auto task = model::parse_scan_task(lists_->restored(column.getString()));
  if (!task) return std::nullopt;
  return std::move(*task);
}

std::optional<task_tables::row> task_tables::load(const model::target_key& key) {
  if (!find_first(sql_->load, key.str())) return std::nullopt;
  row out{parse_stored(sql_->load.getColumn(0)), parse_stored(sql_->load.getColumn(1))};
  sql_->load.reset();
  return out;
}

void task_tables::store(const row& held, std::int32_t partition) {
  const auto& task = *held.now();
  const auto& current = task.current;
  bool waiting = held.snapshot && !model::is_terminal(held.snapshot->current.state);
  bool owing = held.snapshot && !held.snapshot->pending.empty();
  auto profile = lists_->stored(task.profile);
  auto ports = lists_->stored(task.ports);
  auto& put = sql_->store;
  put.reset();
  put.bind(1, task.key.str());
  put.bind(2, partition);
  put.bind(3, current.id.str());
  put.bind(4, task.target.text());
  put.bind(5, scope_text(task.scope));
  put.bind(6, task.priority);
  put.bind(7, milliseconds_since_epoch(current.requested));
  put.bind(8, static_cast<int>(current.state));
  put.bind(9, waiting ? 1 : 0);
  put.bind(10, owing ? 1 : 0);
  put.bind(11, profile);
  put.bind(12, ports);
  put.bind(13, static_cast<std::int64_t>(current.number));
  current.started ? put.bind(14, milliseconds_since_epoch(*current.started)) : put.bind(14);
  current.ended ? put.bind(15, milliseconds_since_epoch(*current.ended)) : put.bind(15);
  put.bind(16, static_cast<std::int64_t>(task.attempt));
  put.bind(17, static_cast<std::int64_t>(task.progress.planned));
  put.bind(18, static_cast<std::int64_t>(task.progress.done));
  put.bind(19, static_cast<std::int64_t>(task.progress.open));
  put.bind(20, static_cast<std::int64_t>(task.results_total));
  put.bind(21, task.cancelled_by);
  current.outcome ? put.bind(22, static_cast<int>(current.outcome->kind)) : put.bind(22);
  put.bind(23, current.outcome ? current.outcome->reason : std::string());
  put.bind(24, to_column(task.produced));
  auto text_of = [this](const scan_task& one) { return lists_->shortened(to_json_text(one), one); };
  held.snapshot ? put.bind(25, text_of(*held.snapshot)) : put.bind(25);
  held.effective ? put.bind(26, text_of(*held.effective)) : put.bind(26);
  put.exec();
}

void task_tables::remember_ids(const scan_task& task, bool first_sight) {
  auto remember = [&](const model::task_id& id) {
    for (const auto& group : task.scope)
      run(sql_->add_id, id.str(), group, task.key.str());
  };
  remember(task.current.id);
  if (task.next) remember(task.next->id());
  if (!first_sight) return;
  // Earlier generations may be gone from the topics; their ids follow from the key.
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
  auto& scope = queued_[scope_text(after.scope)];
  if (is && !was) {
    ++scope;
    ++queued_total_;
  } else if (was && !is) {
    --scope;
    --queued_total_;
  }
}

void task_tables::load_counts() {
  queued_.clear();
  queued_total_ = 0;
  SQLite::Statement all(*db_, "SELECT scope, count(*) FROM tasks WHERE state=0 GROUP BY scope");
  while (all.executeStep()) {
    auto number = static_cast<std::uint64_t>(all.getColumn(1).getInt64());
    queued_[all.getColumn(0).getString()] = number;
    queued_total_ += number;
  }
}

std::optional<scan_task> task_tables::task(const model::target_key& key) {
  auto held = load(key);
  if (!held || !held->now()) return std::nullopt;
  auto out = *held->now();
  // An event of a scan that has ended since may come behind its last snapshot, from another topic.
  if (model::is_terminal(out.current.state)) return out;
  if (find_first(sql_->find_progress, key.str(), out.current.id.str())) {
    auto number = [&](int column) {
      return static_cast<std::uint32_t>(sql_->find_progress.getColumn(column).getInt64());
    };
    out.progress = {number(0), number(1), number(2)};
    sql_->find_progress.reset();
  }
  return out;
}

std::optional<scan_task> task_tables::snapshot(const model::target_key& key) {
  auto held = load(key);
  return held ? std::move(held->snapshot) : std::nullopt;
}

/// All groups are looked up, so that the time does not tell which one it was.
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

std::vector<std::optional<task_standing>> task_tables::standings(
    const std::vector<sought_task>& sought) {
  std::vector<std::optional<task_standing>> out;
  out.reserve(sought.size());
  for (const auto& one : sought) {
    auto& found = out.emplace_back();
    if (!find_first(sql_->stand, one.key.str())) continue;
    found.emplace();
    found->id = model::task_id(sql_->stand.getColumn(0).getString());
    found->generation = static_cast<std::uint64_t>(sql_->stand.getColumn(1).getInt64());
    found->state = static_cast<task_state>(sql_->stand.getColumn(2).getInt());
    if (auto ended = sql_->stand.getColumn(3); !ended.isNull()) {
      found->ended = wall_time(std::chrono::milliseconds(ended.getInt64()));
    }
    sql_->stand.reset();
    auto whole = one.webhooks ? task(one.key) : std::nullopt;
    if (!whole) continue;
    for (const auto& hook : whole->webhooks)
      found->webhooks.push_back(hook.id);
  }
  return out;
}

queue_summary task_tables::summarise_queue() const {
  queue_summary out{queued_total_, std::nullopt};
  SQLite::Statement oldest(*db_, "SELECT min(requested) FROM tasks WHERE state=0 AND scope=?");
  std::size_t looked_at = 0;
  for (const auto& [scope, count] : queued_) {
    if (count == 0) continue;
    if (++looked_at > most_summed_scopes) break;
    oldest.reset();
    oldest.bind(1, scope);
    if (!oldest.executeStep() || oldest.getColumn(0).isNull()) continue;
    wall_time requested(std::chrono::milliseconds(oldest.getColumn(0).getInt64()));
    out.oldest = std::min(out.oldest.value_or(requested), requested);
  }
  return out;
}

queued_counts task_tables::count_queued(const std::string& scope) const {
  auto place = queued_.find(scope);
  return {queued_total_, place == queued_.end() ? 0 : place->second};
}

}  // namespace sonde::views
