#pragma once

#include "client/terminal.hpp"
#include "model/credential.hpp"
#include "model/json.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sonde::client {

/// One of `sonde key create`, `list` and `revoke`.
struct key_command {
  enum class verb { create, list, revoke } what = verb::list;
  model::key_order order;  ///< of what is to be made
  std::string id;          ///< of what is to be revoked
};

/// As it stands in a request to a daemon.
[[nodiscard]] std::string to_json_text(const key_command& command);
[[nodiscard]] result<key_command> parse_key_command(std::string_view text);

/// Every key that stands on `credentials`, by its id; revoked ones too.
awaitable<result<std::vector<model::credential>>> read_keys(queue::backend& queue);

/// The verb, to its exit code. `ask` does it, here or in a daemon.
using key_function = std::function<awaitable<result<model::json>>(key_command)>;
awaitable<int> run_key_command(key_function ask, key_command command, terminal& out);

}  // namespace sonde::client
