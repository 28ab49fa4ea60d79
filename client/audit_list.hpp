#pragma once

#include "base/async/asio.hpp"
#include "client/terminal.hpp"
#include "model/auth/audit_entry.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sonde::client {

/// Filters of `sonde audit`. An entry is listed if it matches all of them; an empty text matches
/// every entry.
struct audit_query {
  std::string key;
  std::string user;
  std::string target;
  std::string action;
  std::optional<wall_time> since = std::nullopt;
  std::optional<wall_time> until = std::nullopt;  ///< exclusive
  bool refused = false;                           ///< list refused requests only
  std::uint32_t last = 1'000;  ///< the largest number of entries; older ones are left out
};

/// Returns every action that an entry can have, in alphabetical order.
[[nodiscard]] std::span<const std::string_view> audit_actions();

[[nodiscard]] bool matches(const audit_query& query, const model::audit_entry& entry);

/// Runs `sonde audit`: prints the entries of the topic `audit`, oldest first. Returns the exit
/// code.
awaitable<int> list_audit(queue::backend& queue, terminal& out, audit_query query);

}  // namespace sonde::client
