#pragma once

#include "admin/key_changes.hpp"
#include "admin/key_command.hpp"
#include "model/text/json.hpp"
#include "views/credential_view.hpp"
#include "views/limits.hpp"

#include <vector>

namespace sonde::admin {

/// Executes a key command on the loop of the view. Errors: `errc::invalid` if the order breaks a
/// rule, `not_found` if there is no such key, otherwise transient ones. Returns the new key with
/// its secret, which is shown once; a list of keys; or an acknowledgement.
awaitable<result<model::json>> do_key_command(key_changes& changes,
                                              views::credential_view& credentials,
                                              key_command command, steady_time until);

/// Executes a key command without a daemon: reads the keys first, on the calling coroutine's loop,
/// and writes the audit entry of a change itself.
awaitable<result<model::json>> do_key_command_here(queue::backend& queue, key_command command,
                                                   const views::limits& limits, const clock& clock);

/// Reads every key on the topic `credentials`, ordered by id. Includes revoked keys.
awaitable<result<std::vector<model::credential>>> read_keys(queue::backend& queue);

}  // namespace sonde::admin
