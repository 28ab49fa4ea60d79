#pragma once

#include "base/clock.hpp"
#include "scanner/scheduler/lease_fsm.hpp"
#include "scanner/scheduler/run_decisions.hpp"
#include "tests/scanner/simulated_log.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sonde::test {

/// The fate of a write to `scan.tasks`.
enum class write_fate {
  stored,
  failed,          ///< nothing is stored; the process tries again
  unacknowledged,  ///< it is stored, but the process learns of a failure and tries again
};

/// When folded requests are committed.
enum class commit_rule {
  after_read_back,  ///< as the scheduler does: after the topic was read up to their snapshot
  at_once,          ///< after the snapshot was acknowledged; loses requests
};

/// One scheduler process on one partition, step by step: the real `lease_fsm`, fold and run
/// decisions, with the rules of the ledger, on a log in memory.
///
/// Each step that a coroutine of the process could take next is one function. It returns false if
/// there was nothing to do. Any order of the calls is a possible interleaving.
class simulated_scheduler {
 public:
  simulated_scheduler(std::string id, simulated_log& log, dice& random, commit_rule rule);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool holds() const { return lease_.holds(); }

  /// Tells whether the loop that consumes requests waits for the next delivery of the group.
  [[nodiscard]] bool takes_events() const { return !fold_; }
  void assigned();
  void revoked(scanner::revocation how);
  bool tick(steady_time now);
  /// Reads the next record of the topic, for its lease or as a late write.
  bool read_topic();
  /// Folds the next record into the view of the process.
  bool fold_view();
  /// Completes the oldest write in flight.
  bool write(write_fate fate);
  bool fold_request();
  /// Starts a run.
  bool dispatch();
  /// Ends the probes of a run: all are done, or, if it is cancelled, an interruption.
  bool end_probes();
  bool publish_outbox();
  /// Leaves the writes in flight behind; they may still be stored.
  [[nodiscard]] std::vector<simulated_record> crash();

 private:
  using change_function = std::function<model::scan_task(std::optional<model::scan_task>)>;
  /// Called when a publication has ended. `published`: it was acknowledged.
  using published_function = std::function<void(bool published)>;
  struct held_task {
    std::optional<model::scan_task> task;
    int users = 0;
    bool stale = false;
    std::int64_t published = -1;   ///< offset that the view does not show yet
    model::task_version recorded;  ///< of its last snapshot whose record was acknowledged
  };
  struct pending_write {
    simulated_record record;
    model::target_key key;  ///< empty for a lease
    published_function then;
  };
  /// A request whose snapshot is being published.
  struct open_fold {
    model::target_key key;
    std::int64_t request = 0;
    std::uint64_t term = 0;
    std::int64_t stored = -1;  ///< offset of the snapshot
  };
  enum class run_phase { publishing, probing };
  struct run {
    run_phase phase = run_phase::publishing;
    bool cancelled = false;
  };

  // Leases.
  void perform(scanner::lease_action what);
  void hold();
  void acquire();
  void release();
  void take_snapshot(std::int64_t offset, const model::scan_task& task);
  void rewrite(const model::target_key& key);

  // The ledger.
  std::optional<model::scan_task> load(const model::target_key& key);
  void unlock(const model::target_key& key);
  void change(const model::target_key& key, const change_function& how);
  void publish(const model::target_key& key, published_function then);
  bool submit(const model::target_key& key, published_function then);

  // Runs.
  void begin(const model::target_key& key);
  void attempt(const model::target_key& key);
  void finish(const model::target_key& key, model::outcome how);
  void promote(const model::target_key& key);
  void end_run(const model::target_key& key);
  void on_folded(const model::target_key& key);
  void fold_published(bool published);
  void finish_fold();
  void commit(std::int64_t request);

  std::string id_;
  simulated_log& log_;
  dice& random_;
  commit_rule rule_;
  scanner::lease_fsm lease_;
  steady_time now_{};
  std::size_t read_;  ///< the next record to read
  std::size_t viewed_ = 0;
  std::map<model::target_key, task_pointer> view_;
  std::set<model::target_key> not_last_;  ///< keys whose last record the view does not show
  std::size_t catch_up_to_ = 0;           ///< records that the view must show before `hold`
  std::map<model::target_key, held_task> held_;
  std::deque<pending_write> writes_;
  std::set<model::target_key> overwritten_;  ///< to be written after `hold`
  std::int64_t next_request_ = 0;
  std::optional<open_fold> fold_;
  std::uint64_t term_ = 0;
  std::map<model::target_key, run> runs_;
};

}  // namespace sonde::test
