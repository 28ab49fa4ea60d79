#pragma once

#include "base/record.hpp"
#include "model/auth/audit_entry.hpp"
#include "model/auth/credential.hpp"
#include "model/cached_response.hpp"
#include "model/facts/comment.hpp"
#include "model/facts/entity.hpp"
#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"
#include "model/webhook/webhook_delivery.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// The short names of the topics. The queue adds prefix and version.
namespace topics {
inline constexpr const char* scan_requests = "scan.requests";
inline constexpr const char* scan_requests_dead = "scan.requests.dlq";
inline constexpr const char* scan_tasks = "scan.tasks";
inline constexpr const char* scan_progress = "scan.progress";
inline constexpr const char* entities = "entities";
inline constexpr const char* associations = "associations";
inline constexpr const char* comments = "comments";
inline constexpr const char* credentials = "credentials";
inline constexpr const char* idempotency = "idempotency";
inline constexpr const char* webhook_requests = "webhook.requests";
inline constexpr const char* webhook_requests_dead = "webhook.requests.dlq";
inline constexpr const char* webhook_deliveries = "webhook.deliveries";
inline constexpr const char* audit = "audit";
}  // namespace topics

/// The records of every topic: key, value, and CloudEvents 1.0 headers in binary mode (CloudEvents
/// Kafka protocol binding, section 3.2).

/// Makes a record of `scan.requests`. `number`: the position of the request within one HTTP
/// request.
[[nodiscard]] record to_record(const scan_request& request, const std::string& request_id,
                               std::size_t number = 0);
[[nodiscard]] record to_record(const scan_task& task, wall_time now);
/// Makes the record of a fact that a scan found. `attempt` distinguishes the event's id from the id
/// of an earlier, abandoned run.
[[nodiscard]] record to_record(const entity& entity, std::uint32_t attempt,
                               const std::string& traceparent);
[[nodiscard]] record to_record(const association& association, std::uint32_t attempt,
                               const std::string& traceparent);

/// Makes the record of a fact that a caller submitted. `event_id`: the request and the position
/// within it.
[[nodiscard]] record to_record(const entity& entity, std::string event_id,
                               const std::string& traceparent);
[[nodiscard]] record to_record(const association& association, std::string event_id,
                               const std::string& traceparent);
[[nodiscard]] record to_record(const comment& comment, std::string event_id,
                               const std::string& traceparent);
/// Makes a record of `credentials` for a created or revoked key.
[[nodiscard]] record to_record(const credential& key);
[[nodiscard]] record to_record(const key_use& use);
/// Reports whether a record of `credentials` contains a use of a key, not a key.
[[nodiscard]] bool is_key_use(const record& record);
/// Makes a record of `audit`.
[[nodiscard]] record to_record(const audit_entry& entry);
/// Makes a record of `idempotency` for a cached response (`cached_response`).
[[nodiscard]] record to_record(const cached_response& answer);
[[nodiscard]] record to_record(const webhook_message& message, const std::string& traceparent);
[[nodiscard]] record to_record(const webhook_delivery& delivery, wall_time now);

/// The progress of a running task: a record of `scan.progress`.
struct progress_event {
  target_key key;
  task_id id;
  task_progress progress;
  wall_time time{};
};
[[nodiscard]] record to_record(const progress_event& event);
[[nodiscard]] result<progress_event> parse_progress_event(std::string_view text);

/// An owner's lease (`claim`) on a partition of `scan.tasks`. Its offset is the owner's epoch.
struct lease {
  std::string owner;  ///< the id of a process, different at each start
  std::int32_t partition = 0;
  wall_time time{};
};
[[nodiscard]] record to_record(const lease& lease);
/// Reports whether a record of `scan.tasks` is a lease, not a snapshot.
[[nodiscard]] bool is_lease(const record& record);
[[nodiscard]] result<lease> parse_lease(std::string_view text);

/// The header with the epoch of the owner that published a snapshot. It is readable without parsing
/// the value.
inline constexpr const char* epoch_header = "sonde_epoch";

}  // namespace sonde::model
