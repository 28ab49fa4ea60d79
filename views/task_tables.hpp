#pragma once

#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"
#include "model/scan/task_fold.hpp"
#include "views/folding_view.hpp"
#include "views/limits.hpp"
#include "views/port_lists.hpp"
#include "views/task_backlog.hpp"
#include "views/task_listing.hpp"
#include "views/task_rows.hpp"
#include "views/task_summaries.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The tables of `task_view`. Internal to this folder.
///
/// `tasks` has a row for each key: its last snapshot, and its state after the later requests are
/// folded in. `requests` holds these requests until a snapshot has folded them. `overwritten` has
/// the keys whose last record is not their newest one.
class task_tables final : public table_set {
 public:
  using change_listener = std::function<void(const std::vector<std::string>& keys)>;

  /// Calls `on_change` after each transaction with the keys of the changed tasks.
  explicit task_tables(const limits& limits, change_listener on_change = nullptr)
      : limits_(limits), on_change_(std::move(on_change)) {}

  [[nodiscard]] std::string name() const override { return "task"; }
  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 8; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override;
  bool fold(const queue::stored_record& record) override;
  void committed() override;
  void undone() override;

  [[nodiscard]] std::optional<model::scan_task> task(const model::target_key& key);
  [[nodiscard]] std::optional<model::scan_task> snapshot(const model::target_key& key);
  /// Returns the key of a task by id; nothing if none of the groups may see it.
  [[nodiscard]] std::optional<model::target_key> key_of(const model::task_id& id,
                                                        const model::group_list& groups);
  /// Returns the task summaries, in the order of `sought`.
  [[nodiscard]] std::vector<std::optional<task_summary>> summaries_of(
      const std::vector<sought_task>& sought);
  [[nodiscard]] list_page list(const list_query& query, read_budget& budget) {
    return listing_->find(query, budget);
  }
  [[nodiscard]] queued_counts count_queued(const std::string& visibility) const;
  [[nodiscard]] queue_summary summarise_queue() const;
  [[nodiscard]] task_backlog& backlog() { return *backlog_; }
  [[nodiscard]] task_summaries& summaries() { return *summaries_; }

 private:
  struct statements;
  bool fold_request(const queue::stored_record& record);
  bool fold_snapshot(const queue::stored_record& record);
  [[nodiscard]] std::optional<stored_task> with_later_requests(const model::scan_task& snapshot);
  [[nodiscard]] stored_task as_stored(model::scan_task task);
  bool fold_progress(const queue::stored_record& record);
  [[nodiscard]] bool has_ended(const model::target_key& key, const model::task_id& id);
  void remember_ids(const model::scan_task& task, bool first_sight);
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
  std::unique_ptr<task_rows> rows_;
  std::unique_ptr<task_listing> listing_;
  std::unique_ptr<task_backlog> backlog_;
  std::unique_ptr<task_summaries> summaries_;
  change_listener on_change_;
  std::vector<std::string> changed_;             ///< keys changed since the last transaction
  std::map<std::string, std::uint64_t> queued_;  ///< by visibility
  std::uint64_t queued_total_ = 0;
};

}  // namespace sonde::views
