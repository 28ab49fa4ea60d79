#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/scan_request.hpp"

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
[[nodiscard]] bool is_terminal(task_state state);

/// How a scan ended. The first four belong to `done`, the last to `cancelled`, the others to
/// `failed`.
enum class outcome_kind {
  complete,      ///< every port of every address has a verdict
  no_answer,     ///< not one port answered, neither yes nor no
  tarpit,        ///< the host accepts whatever is asked of it, so its ports say nothing
  partial,       ///< the time ran out, or an address could not be scanned
  nxdomain,      ///< the name does not exist (RFC 8020)
  no_data,       ///< the name exists and has no address (RFC 2308)
  servfail,      ///< its name servers failed
  dns_timeout,   ///< no name server answered
  out_of_scope,  ///< no address of it may be scanned from here
  excluded,      ///< the operator has excluded it
  attempts,      ///< it was begun too often without getting anywhere
  cancelled,     ///< somebody asked for its end
};

[[nodiscard]] std::string_view name_of(outcome_kind kind);
[[nodiscard]] task_state state_after(outcome_kind kind);

/// There is no ended task without a reason that a person can read.
struct outcome {
  outcome_kind kind = outcome_kind::complete;
  std::string reason;
  bool operator==(const outcome&) const = default;
};

/// One scan of a target: the current one, or one of the past.
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

/// How far the sweep of one address has come, so that another process can go on from there.
struct sweep_cursor {
  std::uint32_t index = 0;  ///< ports before it, in the sweep's own order, have been asked
  std::string open;         ///< of these: those that accepted, a `number_list` of ports
  std::string silent;       ///< and those that owe an answer: a `number_list` of places, from 1
  bool answered = false;    ///< some port has said yes or no, so that silence means something
  bool operator==(const sweep_cursor&) const = default;
};

struct task_progress {
  std::uint32_t planned = 0;  ///< probes; known once the target is resolved
  std::uint32_t done = 0;
  std::uint32_t open = 0;
  bool operator==(const task_progress&) const = default;
};

/// What was found on one endpoint, for a table. The whole of it is in the entities.
struct endpoint_result {
  std::string endpoint;  ///< `203.0.113.1:443/tcp`
  entity_id service;
  std::string name;  ///< of the service, from evidence; empty where there is none
  std::string product;
  std::string version;
  bool tls = false;
  std::string banner;       ///< its first line
  std::string certificate;  ///< SHA-256 of the leaf; empty where none was presented
  std::string subject;
  std::string not_after;
  std::string detail;  ///< why less is known than usual; a fixed sentence, empty otherwise
  bool operator==(const endpoint_result&) const = default;
};

/// An endpoint that an earlier scan of the task found open and the current one did not.
struct past_endpoint {
  std::string endpoint;
  entity_id service;
  wall_time last_open{};  ///< when the last scan that found it open ended
  bool closed = false;    ///< the current scan probed it; false: its state is unknown
  bool operator==(const past_endpoint&) const = default;
};
/// The limit for one task. The endpoints that were open last are kept.
inline constexpr std::size_t most_past_endpoints = 100;

/// Where a record went, as far as readers of this task must have come before `done` is true for
/// them.
struct produced_position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool operator==(const produced_position&) const = default;
};

/// A message that a webhook is owed, because its scan has ended, and that has not been handed to
/// the senders yet.
struct pending_delivery {
  std::uint64_t generation = 0;
  task_id task;
  webhook hook;

  [[nodiscard]] delivery_id id() const { return delivery_id_of(task, hook.id); }
  bool operator==(const pending_delivery&) const = default;
};

/// Orders the snapshots of one task: a former owner's come before a later owner's.
struct task_version {
  std::uint64_t epoch = 0;     ///< offset of the owner's claim
  std::uint64_t revision = 0;  ///< counts on, from owner to owner
  auto operator<=>(const task_version&) const = default;
};

/// A whole snapshot, as it stands in `scan.tasks`: everything about K that anyone needs to know.
struct scan_task {
  target_key key;
  model::target target;
  std::string profile;
  std::string ports;
  group_list scope;
  int priority = 0;
  std::string traceparent;

  task_version version;
  std::int64_t folded = -1;  ///< offset of the last request that is part of this

  task_generation current;
  std::optional<scan_request> next;      ///< asked for while `current` was unfinished
  std::vector<task_generation> history;  ///< newest first

  std::uint32_t attempt = 0;  ///< starts of the current generation
  std::uint32_t stalled = 0;  ///< of these, the last ones in a row that brought no progress
  task_progress progress;
  std::map<std::string, sweep_cursor> cursors;  ///< by address

  std::vector<endpoint_result> results;
  std::uint32_t results_total = 0;  ///< open endpoints, also where `results` is cut short
  std::vector<past_endpoint> past;
  std::vector<produced_position> produced;

  std::vector<webhook> webhooks;          ///< of the current generation; unsealed ones are owed
  std::vector<pending_delivery> pending;  ///< of any generation
  std::string cancelled_by;               ///< it is running, and to be ended

  bool operator==(const scan_task&) const = default;
};

[[nodiscard]] std::string to_json_text(const scan_task& task);
[[nodiscard]] result<scan_task> parse_scan_task(std::string_view text);

}  // namespace sonde::model
