#pragma once

#include "base/record.hpp"
#include "model/audit_entry.hpp"
#include "model/comment.hpp"
#include "model/credential.hpp"
#include "model/entity.hpp"
#include "model/kept_answer.hpp"
#include "model/scan_request.hpp"
#include "model/scan_task.hpp"
#include "model/webhook_delivery.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// Short names of the topics. The queue adds prefix and version.
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

/// `number`: the request's place among those of one HTTP request.
[[nodiscard]] record to_record(const scan_request& request, const std::string& request_id,
                               std::size_t number = 0);
[[nodiscard]] record to_record(const scan_task& task, wall_time now);
/// What a scan finds. `attempt` makes the event's id differ from that of an earlier, abandoned run.
[[nodiscard]] record to_record(const entity& entity, std::uint32_t attempt,
                               const std::string& traceparent);
[[nodiscard]] record to_record(const association& association, std::uint32_t attempt,
                               const std::string& traceparent);

/// What a caller submits. `event_id`: of the request and the place within it.
[[nodiscard]] record to_record(const entity& entity, std::string event_id,
                               const std::string& traceparent);
[[nodiscard]] record to_record(const association& association, std::string event_id,
                               const std::string& traceparent);
[[nodiscard]] record to_record(const comment& comment, std::string event_id,
                               const std::string& traceparent);
/// A key that was made, or revoked: `credentials`.
[[nodiscard]] record to_record(const credential& key);
[[nodiscard]] record to_record(const key_use& use);
/// Whether a record of `credentials` tells of a use and not of a key.
[[nodiscard]] bool is_key_use(const record& record);
/// Who has asked for a change: `audit`.
[[nodiscard]] record to_record(const audit_entry& entry);
/// An answer that is given again: `idempotency`.
[[nodiscard]] record to_record(const kept_answer& answer);
[[nodiscard]] record to_record(const webhook_message& message, const std::string& traceparent);
[[nodiscard]] record to_record(const webhook_delivery& delivery, wall_time now);

/// How far a running task has come: `scan.progress`.
struct progress_event {
  target_key key;
  task_id id;
  task_progress progress;
  wall_time time{};
};
[[nodiscard]] record to_record(const progress_event& event);
[[nodiscard]] result<progress_event> parse_progress_event(std::string_view text);

/// An owner's claim on a partition of `scan.tasks`. Its offset is the owner's epoch.
struct claim {
  std::string owner;  ///< a process's own id, different at each start
  std::int32_t partition = 0;
  wall_time time{};
};
[[nodiscard]] record to_record(const claim& claim);
/// Whether a record of `scan.tasks` is a claim and no snapshot.
[[nodiscard]] bool is_claim(const record& record);
[[nodiscard]] result<claim> parse_claim(std::string_view text);

/// The header that says, without parsing the value, which owner published a snapshot.
inline constexpr const char* epoch_header = "sonde_epoch";

}  // namespace sonde::model
