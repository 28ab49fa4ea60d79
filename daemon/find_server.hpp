#pragma once

#include "client/server_address.hpp"
#include "daemon/configuration.hpp"

namespace sonde::daemon {

/// Returns the server of a verb, with the credentials to send and the identity to expect. Blocks.
///
/// A daemon that holds the data folder is queried through its socket for its address and its
/// certificate. The folder's owner trusts that certificate without any CA. If no server is
/// configured, the verb uses that daemon. Errors: `client::errc::usage` if an address, a file or a
/// variable is wrong, or if a key would be sent in plain text to another machine and
/// `http.allow_plaintext` does not declare the network trusted; `client::errc::untrusted` if
/// another user listens on the socket.
[[nodiscard]] result<client::server_address> find_server(const configuration& config,
                                                         const environment& variables);

}  // namespace sonde::daemon
