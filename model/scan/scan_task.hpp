#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/scan/scan_request.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

enum class task_state { queued, running, done, failed, cancelled };

[[nodiscard]] std::string_view name_of(task_state state);
/// Returns nothing for any other text.
[[nodiscard]] std::optional<task_state> read_task_state(std::string_view name);
[[nodiscard]] bool is_terminal(task_state state);

/// The outcome of a scan. The first four belong to `done`, the last to `cancelled`, the others to
/// `failed`.
enum class outcome_kind {
  complete,      ///< every port of every address has a verdict
  no_answer,     ///< no port responded, open or closed
  tarpit,        ///< the host accepts every connection, so its ports prove nothing
  partial,       ///< the time ran out, or an address could not be scanned
  nxdomain,      ///< the name does not exist (RFC 8020)
  no_data,       ///< the name exists but has no address (RFC 2308)
  servfail,      ///< its name servers failed
  dns_timeout,   ///< no name server responded
  out_of_scope,  ///< none of its addresses may be scanned from here
  excluded,      ///< the operator has excluded it
  attempts,      ///< too many attempts without progress
  cancelled,     ///< a user cancelled it
};

[[nodiscard]] std::string_view name_of(outcome_kind kind);
[[nodiscard]] std::optional<outcome_kind> read_outcome_kind(std::string_view name);
[[nodiscard]] task_state state_after(outcome_kind kind);

/// An outcome with its reason. Every ended task has a reason that a person can read.
struct outcome {
  outcome_kind kind = outcome_kind::complete;
  std::string reason;
  bool operator==(const outcome&) const = default;
};

/// One scan of a target: the current one or a past one.
struct task_generation {
  std::uint64_t number = 0;
  task_id id;
  task_state state = task_state::queued;
  wall_time requested{};
  std::optional<wall_time> started;
  std::optional<wall_time> ended;
  std::optional<model::outcome> outcome;
  bool operator==(const task_generation&) const = default;
};

/// The progress of the sweep of one address, from which another process can continue.
struct sweep_cursor {
  std::uint32_t index = 0;  ///< ports before it, in the order of the sweep, were probed
  std::string open;         ///< the open ones among these ports, as a `number_list`
  std::string silent;       ///< places from 1 of ports without a response, as a `number_list`
  bool answered = false;    ///< some port was open or closed, so that silence is significant
  bool operator==(const sweep_cursor&) const = default;
};

struct task_progress {
  std::uint32_t planned = 0;  ///< probes; known once the target is resolved
  std::uint32_t done = 0;
  std::uint32_t open = 0;
  std::uint32_t identified = 0;  ///< open ports whose conversation has ended
  bool operator==(const task_progress&) const = default;
};

/// One connection of the conversation with an open port: the request and its result.
struct request_result {
  std::string module;      ///< `greeting` if Sonde only listened, `tls`, or the module that sent
  std::string outcome;     ///< `answered`, `silent`, `closed`, `reset` or `refused`
  std::uint32_t sent = 0;  ///< bytes
  std::uint32_t received = 0;  ///< bytes
  std::uint32_t time_ms = 0;   ///< from the start of the connection to its last result
  bool operator==(const request_result&) const = default;
};

/// The result for one endpoint, for a table. The entities contain the complete result.
struct endpoint_result {
  std::string endpoint;  ///< `203.0.113.1:443/tcp`
  entity_id service;
  std::string name;  ///< of the service, from evidence; empty if unknown
  std::string product;
  std::string version;
  std::string confidence;  ///< in the name: `likely`, `said`, `proven`; empty without a name
  bool tls = false;
  std::string banner;       ///< the first line of the banner
  std::string certificate;  ///< SHA-256 of the leaf; empty if none was presented
  std::string subject;
  std::string not_after;
  bool self_signed = false;  ///< the leaf
  std::string detail;        ///< why less is known than usual; a fixed sentence, otherwise empty
  std::vector<request_result> requests;  ///< in the order in which they were sent
  bool operator==(const endpoint_result&) const = default;
};

/// An endpoint that an earlier scan of the task found open and the current one did not.
struct past_endpoint {
  std::string endpoint;
  entity_id service;
  wall_time last_open{};  ///< end of the last scan that found it open
  bool closed = false;    ///< the current scan probed it; false: its state is unknown
  bool operator==(const past_endpoint&) const = default;
};
/// The limit for one task. The endpoints that were open last are kept.
inline constexpr std::size_t most_past_endpoints = 100;

/// The position of a published record. `done` is true for a reader of this task only when the
/// reader has reached this position.
struct produced_position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool operator==(const produced_position&) const = default;
};

/// A webhook message of an ended scan that is not yet published (outbox).
struct pending_delivery {
  std::uint64_t generation = 0;
  task_id task;
  webhook hook;

  [[nodiscard]] delivery_id id() const { return delivery_id_of(task, hook.id); }
  bool operator==(const pending_delivery&) const = default;
};

/// Orders the snapshots of one task: those of a former owner precede those of a later owner.
struct task_version {
  std::uint64_t epoch = 0;     ///< offset of the owner's lease
  std::uint64_t revision = 0;  ///< continues to count across owners
  auto operator<=>(const task_version&) const = default;
};

/// A snapshot, as a record of `scan.tasks` contains it: the complete state of K.
struct scan_task {
  target_key key;
  model::target target;
  std::string profile;
  std::string ports;
  std::optional<scan_depth> depth;  ///< of the current generation; absent if its request has none
  group_list visibility;
  int priority = 0;
  std::string traceparent;

  task_version version;
  std::int64_t folded = -1;  ///< offset of the last folded request

  task_generation current;
  std::optional<scan_request> next;      ///< requested while `current` was unfinished
  std::vector<task_generation> history;  ///< newest first

  std::uint32_t attempt = 0;  ///< starts of the current generation
  std::uint32_t stalled = 0;  ///< consecutive starts without progress
  task_progress progress;
  std::map<std::string, sweep_cursor> cursors;  ///< by address

  std::vector<endpoint_result> results;
  std::uint32_t results_total = 0;  ///< open endpoints, including those that `results` omits
  bool requests_omitted = false;    ///< the requests of `results` did not fit the record
  std::vector<past_endpoint> past;
  std::vector<produced_position> produced;

  /// Webhooks of the current generation. One with an empty `encrypted` was already moved to
  /// `pending`.
  std::vector<webhook> webhooks;
  /// The outbox: messages of any generation.
  std::vector<pending_delivery> pending;
  /// The user who cancelled the running scan. Empty: not cancelled.
  std::string cancelled_by;

  bool operator==(const scan_task&) const = default;
};

[[nodiscard]] std::string to_json_text(const scan_task& task);
[[nodiscard]] result<scan_task> parse_scan_task(std::string_view text);

}  // namespace sonde::model
