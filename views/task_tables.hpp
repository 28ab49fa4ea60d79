#pragma once

#include "base/limits.hpp"
#include "model/scan_request.hpp"
#include "model/scan_task.hpp"
#include "model/task_fold.hpp"
#include "views/folding_view.hpp"
#include "views/port_lists.hpp"
#include "views/task_backlog.hpp"
#include "views/task_listing.hpp"
#include "views/task_summaries.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The tables behind `task_view`. This folder's own.
///
/// `tasks` has a row for each key: its last snapshot, and what it is once the requests behind that
/// are folded in. `requests` holds those, until a snapshot says that it has folded them.
class task_tables final : public table_set {
 public:
  using change_listener = std::function<void(const std::vector<std::string>& keys)>;

  /// `on_change` is told which tasks a transaction has changed.
  explicit task_tables(const limits& limits, change_listener on_change = nullptr)
      : limits_(limits), on_change_(std::move(on_change)) {}

  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 5; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override;
  bool fold(const queue::stored_record& record) override;
  void committed() override;
  void undone() override;

  [[nodiscard]] std::optional<model::scan_task> task(const model::target_key& key);
  [[nodiscard]] std::optional<model::scan_task> snapshot(const model::target_key& key);
  /// Nothing where none of these groups may see the task.
  [[nodiscard]] std::optional<model::target_key> key_of(const model::task_id& id,
                                                        const model::group_list& groups);
  /// Where tasks stand, in the order of the questions.
  [[nodiscard]] std::vector<std::optional<task_standing>> standings(
      const std::vector<sought_task>& sought);
  [[nodiscard]] list_page list(const list_query& query, read_budget& budget) {
    return listing_->find(query, budget);
  }
  [[nodiscard]] queued_counts count_queued(const std::string& scope) const;
  [[nodiscard]] queue_summary summarise_queue() const;
  [[nodiscard]] task_backlog& backlog() { return *backlog_; }
  [[nodiscard]] task_summaries& summaries() { return *summaries_; }

 private:
  struct statements;
  struct row {
    std::optional<model::scan_task> snapshot;
    std::optional<model::scan_task> effective;  ///< where it differs from the snapshot
    [[nodiscard]] const std::optional<model::scan_task>& now() const {
      return effective ? effective : snapshot;
    }
  };

  bool fold_request(const queue::stored_record& record);
  bool fold_snapshot(const queue::stored_record& record);
  bool fold_progress(const queue::stored_record& record);
  [[nodiscard]] bool has_ended(const model::target_key& key, const model::task_id& id);
  [[nodiscard]] std::optional<row> load(const model::target_key& key);
  void store(const row& row, std::int32_t partition);
  void remember_ids(const model::scan_task& task, bool first_sight);
  [[nodiscard]] std::optional<model::scan_task> parse_stored(const SQLite::Column& column);
  void note_change(const std::optional<model::scan_task>& before, const model::scan_task& after);
  void count(const std::optional<model::scan_task>& before, const model::scan_task& after);
  void load_counts();

  [[nodiscard]] model::fold_bounds bounds() const {
    return {limits_.task_generations, limits_.record_max_bytes};
  }

  const limits& limits_;
  SQLite::Database* db_ = nullptr;
  std::shared_ptr<statements> sql_;
  std::unique_ptr<port_lists> lists_;
  std::unique_ptr<task_listing> listing_;
  std::unique_ptr<task_backlog> backlog_;
  std::unique_ptr<task_summaries> summaries_;
  change_listener on_change_;
  std::vector<std::string> changed_;             ///< keys, since the last transaction
  std::map<std::string, std::uint64_t> queued_;  ///< by scope
  std::uint64_t queued_total_ = 0;
};

}  // namespace sonde::views
