#pragma once

#include "base/async/asio.hpp"
#include "client/terminal.hpp"
#include "model/audit_entry.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sonde::client {

/// The filters of `sonde audit`. An entry is listed if it matches all of them; an empty text
/// matches every entry.
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

[[nodiscard]] bool matches(const audit_query& query, const model::audit_entry& entry);

/// `sonde audit`: entries of the topic `audit`, the oldest first. Returns the exit code.
awaitable<int> list_audit(queue::backend& queue, terminal& out, audit_query query);

}  // namespace sonde::client
