#pragma once

#include "base/result.hpp"
#include "model/auth/credential.hpp"

#include <string>
#include <string_view>

namespace sonde::admin {

/// A command `sonde key create`, `list` or `revoke`.
struct key_command {
  enum class verb { create, list, revoke } what = verb::list;
  model::key_order order;  ///< the key to create
  std::string id;          ///< the key to revoke
};

/// Serializes a command for a request to a daemon.
[[nodiscard]] std::string to_json_text(const key_command& command);
[[nodiscard]] result<key_command> parse_key_command(std::string_view text);

/// Returns the action for an audit entry; empty for a command that changes nothing.
[[nodiscard]] std::string_view action_of(key_command::verb what);

}  // namespace sonde::admin
