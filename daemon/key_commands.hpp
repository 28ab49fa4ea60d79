#pragma once

#include "client/keys.hpp"
#include "views/credential_view.hpp"
#include "views/key_changes.hpp"

namespace sonde::daemon {

/// Does a key command on the loop of the view. Errors: `client::errc::usage` where the order is
/// none, `not_found` where there is no such key, else `try_later`. Gives the new key as its owner
/// is told it, once; a list of keys; an acknowledgement.
awaitable<result<model::json>> do_key_command(views::key_changes& changes,
                                              views::credential_view& credentials,
                                              client::key_command command, steady_time until);

/// The same without a daemon: reads the keys first, on the calling coroutine's loop.
awaitable<result<model::json>> do_key_command_here(queue::backend& queue,
                                                   client::key_command command,
                                                   const limits& limits, const clock& clock);

}  // namespace sonde::daemon
