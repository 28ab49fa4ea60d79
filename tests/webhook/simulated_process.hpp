#pragma once

#include "base/clock.hpp"
#include "webhook/delivery_table.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sonde::test {

/// Thrown when an invariant does not hold.
struct broken_invariant {
  std::string what;
};

/// A random number generator with a small state (SplitMix64).
class seeded_random {
 public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }
  /// Returns true `percent` times out of a hundred.
  bool chance(unsigned percent) { return next() % 100 < percent; }

 private:
  std::uint64_t state_;
};

/// States on their way to the queue, which become durable in one step. A state that gives its
/// message up has a dead letter before it.
struct simulated_batch {
  std::int32_t partition = 0;
  std::vector<model::webhook_delivery> states;
  std::int64_t commit = 0;  ///< the offset to commit after an intake
};

struct simulated_partition {
  std::vector<model::delivery_id> requests;
  std::vector<model::webhook_delivery> states;
  std::int64_t committed = 0;
  std::size_t owner = 0;  ///< the process that the group has chosen
};

/// The topics, the receivers and the clock: everything that outlives a process.
struct simulated_world {
  explicit simulated_world(std::uint64_t seed);

  /// Makes a batch durable.
  void write(const simulated_batch& batch);
  /// Passes an attempt to the receiver, and returns what the process sees.
  webhook::attempt_outcome respond(const model::delivery_id& id);
  [[nodiscard]] bool has_state(std::int32_t partition, const model::delivery_id& id) const;

  webhook::limits bounds;
  seeded_random random;
  wall_time now{std::chrono::seconds(1'000'000)};
  std::vector<simulated_partition> partitions;
  std::set<model::delivery_id> delivered;  ///< a receiver has accepted them
  std::set<model::delivery_id> refused;    ///< a receiver has responded 410
  std::set<model::delivery_id> dead_letters;
  std::set<model::delivery_id> ended;  ///< a state on the topic says so
  std::size_t attempts = 0;
  /// Attempts for messages that had ended, by processes that could not know it.
  std::size_t repeated = 0;
  std::size_t late_writes = 0;  ///< batches of processes that had lost the partition
};

/// One process: a `delivery_table`, and the I/O of its dispatcher in separate steps.
class simulated_process {
 public:
  simulated_process(simulated_world& world, std::size_t index) : world_(world), index_(index) {}

  [[nodiscard]] bool running() const { return table_.has_value(); }
  void start();
  /// Changes its partitions. The process learns it later.
  void assign(std::set<std::int32_t> partitions) { assignment_ = std::move(partitions); }
  /// Ends the process. Returns the batches that were on their way.
  std::vector<simulated_batch> crash();
  /// Ends the process in order: cancels its attempts, writes nothing more.
  void shut_down();
  /// Fails the replay in progress, if any; it begins again.
  void fail_replay();
  /// Takes one step, chosen at random. Returns false if no step is possible.
  bool work();
  [[nodiscard]] std::optional<wall_time> next_due() const;

 private:
  struct attempt {
    model::delivery_id id;
    webhook::attempt_source source;
    std::optional<webhook::attempt_outcome> outcome;  ///< set once the receiver has responded
  };

  bool learn_assignment();
  void begin_replay(std::set<std::int32_t> partitions);
  bool replay_some();
  bool read_some();
  bool accept(std::int32_t partition, std::int64_t offset, simulated_batch& into);
  bool finish_intake();
  void commit(const simulated_batch& batch);
  bool start_attempt();
  bool respond();
  bool end_attempt();
  bool finish_record();
  void land(const simulated_batch& batch);
  void forget();

  simulated_world& world_;
  std::size_t index_;
  std::optional<webhook::delivery_table> table_;
  std::optional<std::set<std::int32_t>> assignment_;  ///< that the process does not know yet
  bool gave_back_ = false;
  bool replaying_ = false;
  std::map<std::int32_t, std::size_t> replayed_;  ///< the next state to read
  std::map<std::int32_t, std::size_t> replay_ends_;
  std::map<std::int32_t, std::int64_t> next_request_;  ///< the position of the consumer
  std::optional<simulated_batch> intake_;
  std::vector<simulated_batch> records_;  ///< of attempts
  std::vector<attempt> attempts_;
  std::set<model::delivery_id> known_ends_;  ///< read, or written and acknowledged
  std::set<model::delivery_id> done_;        ///< ended by this process
};

}  // namespace sonde::test
