#pragma once

#include "base/limits.hpp"
#include "model/scan_request.hpp"
#include "model/scan_task.hpp"
#include "model/task_fold.hpp"
#include "views/folding_view.hpp"
#include "views/task_listing.hpp"
#include "views/task_view.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sonde::views {

/// The tables behind `task_view`. This folder's own.
///
/// `tasks` has a row for each key: its last snapshot, and what it is once the requests behind that
/// are folded in. `requests` holds those, until a snapshot says that it has folded them.
class task_tables final : public table_set {
 public:
  explicit task_tables(const limits& limits) : limits_(limits) {}

  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] int version() const override { return 3; }
  void create(SQLite::Database& db) override;
  void open(SQLite::Database& db) override;
  void close() override;
  bool fold(const queue::stored_record& record) override;
  void undone() override;

  [[nodiscard]] std::optional<model::scan_task> task(const model::target_key& key);
  [[nodiscard]] std::optional<model::scan_task> snapshot(const model::target_key& key);
  [[nodiscard]] std::optional<model::target_key> key_of(const model::task_id& id);
  /// Where tasks stand, in the order of the questions.
  [[nodiscard]] std::vector<std::optional<task_standing>> standings(
      const std::vector<sought_task>& sought);
  [[nodiscard]] std::vector<list_place> list(const list_query& query, std::size_t most);
  [[nodiscard]] queued_counts count_queued(const std::string& scope) const;
  [[nodiscard]] std::vector<waiting_task> waiting(const std::vector<std::int32_t>& partitions,
                                                  const std::string& scope, std::size_t limit);
  [[nodiscard]] std::vector<std::string> waiting_scopes();
  [[nodiscard]] std::vector<owing_task> owing(const std::vector<std::int32_t>& partitions,
                                              std::size_t limit);

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
  void note_change(const std::optional<model::scan_task>& before, const model::scan_task& after);
  void count(const std::optional<model::scan_task>& before, const model::scan_task& after);
  void load_counts();

  [[nodiscard]] model::fold_bounds bounds() const {
    return {limits_.task_generations, limits_.record_max_bytes};
  }

  const limits& limits_;
  SQLite::Database* db_ = nullptr;
  std::shared_ptr<statements> sql_;
  std::unique_ptr<task_listing> listing_;
  std::map<std::string, std::uint64_t> queued_;  ///< by scope
  std::uint64_t queued_total_ = 0;
};

}  // namespace sonde::views
