#pragma once

#include "base/async/event_loop.hpp"
#include "base/async/hop.hpp"
#include "ingest/entity_service.hpp"
#include "ingest/http_message.hpp"
#include "ingest/scan_service.hpp"
#include "queue/forwarding_backend.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <atomic>

namespace sonde::test {

/// A backend that hands everything on to another one, but can be told to refuse what is produced,
/// or to keep its caller waiting.
class moody_queue final : public queue::forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;

  void refuse_with(std::optional<error> why) { refusal_ = std::move(why); }
  /// The same, after so many batches that go well.
  void refuse_after(std::size_t batches, error why) {
    refusal_ = std::move(why);
    good_ = batches;
  }
  /// What is produced is done, but nobody hears of it, until called with false.
  void keep_silent(bool silent) { silent_ = silent; }

  awaitable<result<std::vector<queue::position>>> produce(std::vector<record> batch) override;

 private:
  std::optional<error> refusal_;
  std::size_t good_ = 0;  ///< batches, until it refuses
  std::atomic<bool> silent_ = false;
};

/// Who may do everything, and whose scans everybody sees.
[[nodiscard]] ingest::caller an_admin();

/// A scan service with the views it reads and a queue in memory, each on its own loop as in the
/// daemon. What it is made of can be changed before `start`.
class scan_world {
 public:
  scan_world();
  ~scan_world();

  /// The service, started when it is asked for first.
  ingest::scan_service& service();
  /// The one for entities, beside it.
  ingest::entity_service& facts();

  ingest::scan_order order(const std::string& json);
  std::string refusal(const std::string& json);
  result<ingest::scan_receipt> schedule(ingest::scan_order order,
                                        model::group_list groups = {"public"});
  result<ingest::scan_receipt> schedule(const std::string& json) { return schedule(order(json)); }
  result<model::json> look_up(const model::task_id& id, model::group_list groups = {"public"},
                              std::chrono::milliseconds wait = std::chrono::milliseconds(0));

  /// The request of an order, as it stands on its topic.
  model::scan_request request_of(const std::string& json, std::uint64_t generation = 1);
  /// Puts a record on its topic, past the service.
  queue::position put(record one);
  /// Publishes a snapshot of a task as a scheduler would, and waits until the view knows it; each
  /// one supersedes those before.
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
