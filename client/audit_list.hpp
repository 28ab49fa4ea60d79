#pragma once

#include "base/async/asio.hpp"
#include "client/terminal.hpp"
#include "model/audit_entry.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sonde::client {

/// Which entries `sonde audit` lists: those that are all of what is said here.
struct audit_query {
  std::string key;
  std::string user;
  std::string target;
  std::string action;
  std::optional<wall_time> since = std::nullopt;
  std::optional<wall_time> until = std::nullopt;  ///< and before this
  bool refused = false;                           ///< nothing that was accepted
  std::uint32_t last = 1'000;                     ///< at most so many, the newest ones
};

[[nodiscard]] bool matches(const audit_query& query, const model::audit_entry& entry);

/// `sonde audit`: entries of the topic `audit`, the oldest first. Returns the exit code.
awaitable<int> list_audit(queue::backend& queue, terminal& out, audit_query query);

}  // namespace sonde::client
