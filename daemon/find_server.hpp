#pragma once

#include "client/server_address.hpp"
#include "daemon/configuration.hpp"

namespace sonde::daemon {

/// The server that a verb asks, with what it is shown and who it has to be. Blocks.
///
/// A daemon that holds the data folder is asked, through its socket there, where it listens and
/// what certificate it shows: the folder's owner believes it without any authority, and finds it
/// where nothing was said of a server. Fails, as the words of the command do, where an address, a
/// file or a variable is wrong, and where a key would be sent in the clear to another machine and
/// `http.allow_plaintext` does not say that the network is trusted.
[[nodiscard]] result<client::server_address> find_server(const configuration& config,
                                                         const environment& variables);

}  // namespace sonde::daemon
