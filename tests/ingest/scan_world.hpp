#pragma once

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "ingest/facts/entity_service.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/scans/scan_service.hpp"
#include "queue/forwarding_backend.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/limits.hpp"
#include "tests/support/run.hpp"

#include <atomic>

namespace sonde::test {

/// A backend that forwards everything to another one. A test can make it refuse writes, or keep the
/// caller waiting.
class moody_queue final : public queue::forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;

  void refuse_with(std::optional<error> why) { refusal_ = std::move(why); }
  /// Refuses in the same way, after this number of successful batches.
  void refuse_after(std::size_t batches, error why) {
    refusal_ = std::move(why);
    good_ = batches;
  }
  /// Executes writes without reporting their end, until called with false.
  void keep_silent(bool silent) { silent_ = silent; }

  awaitable<result<std::vector<queue::position>>> produce(std::vector<record> batch) override;

 private:
  std::optional<error> refusal_;
  std::size_t good_ = 0;  ///< batches until it refuses
  std::atomic<bool> silent_ = false;
};

/// Returns a caller who may do everything, and whose scans are public.
[[nodiscard]] ingest::caller an_admin();

/// A scan service with the views it reads and a queue in memory, each on a separate loop as in the
/// daemon. A test can change its parts before `start`.
class scan_world {
 public:
  scan_world();
  ~scan_world();

  /// Returns the service; the first call starts it.
  ingest::scan_service& service();
  /// Returns the entity service.
  ingest::entity_service& facts();

  ingest::scan_order order(const std::string& json);
  std::string refusal(const std::string& json);
  result<ingest::scan_receipt> schedule(ingest::scan_order order,
                                        model::group_list groups = {"public"});
  result<ingest::scan_receipt> schedule(const std::string& json) { return schedule(order(json)); }
  result<ingest::scan_receipt> cancel(const std::string& id, model::group_list groups = {"public"});
  result<model::json> look_up(const model::task_id& id, model::group_list groups = {"public"},
                              std::chrono::milliseconds wait = std::chrono::milliseconds(0));

  /// Returns the request of an order, as it is on its topic.
  model::scan_request request_of(const std::string& json, std::uint64_t generation = 1);
  /// Writes a record to its topic, bypassing the service.
  queue::position put(record one);
  /// Publishes a snapshot of a task as a scheduler would, and waits until the view has it; each one
  /// supersedes those before.
  void publish(model::scan_task task);

  limits bounds;
  model::profile_book profiles;
  model::scope_rules scope;
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<moody_queue> queue;
  event_loop loop{"service"};

 private:
  event_loop task_loop_{"tasks"};
  event_loop entity_loop_{"entities"};
  std::unique_ptr<views::task_view> tasks_;
  std::unique_ptr<views::entity_view> entities_;
  std::unique_ptr<ingest::body_workers> workers_;
  std::unique_ptr<ingest::scan_service> service_;
  std::unique_ptr<ingest::entity_service> facts_;
  std::uint64_t revision_ = 0;
};

}  // namespace sonde::test
