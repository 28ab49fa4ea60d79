#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "client/server_address.hpp"
#include "daemon/configuration.hpp"
#include "queue/io.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// Returns the file of the key that a first start creates. Only its owner can read it.
[[nodiscard]] std::filesystem::path admin_key_file(const std::filesystem::path& data_dir);

/// Creates a key for the admin and writes it to its file, unless a key was ever created. Blocks.
/// Returns the file, or no value if no key was needed.
[[nodiscard]] result<std::optional<std::filesystem::path>> make_first_key(
    queue::backend& queue, const std::filesystem::path& data_dir, const random_source& random,
    const clock& clock);

/// Credentials that a verb sends to a server.
struct sent_credentials {
  std::vector<std::pair<std::string, std::string>> headers;  ///< empty: the request has no key
  std::string hint;  ///< key that is sent, or where it was searched and how to provide one
};

/// Relation of a server to the data folder of a verb.
enum class folder_holder {
  server,   ///< the server is the daemon that holds the folder
  another,  ///< the server is another program
};

/// Finds the credentials for `server`: `SONDE_TOKEN`, or `SONDE_API_KEY` and `SONDE_API_SECRET`,
/// or else the key in the data folder, which is sent only to the daemon that holds the folder.
/// Fails with `client::errc::usage` if the variables contradict each other.
[[nodiscard]] result<sent_credentials> find_credentials(const client::server_address& server,
                                                        folder_holder holder,
                                                        const std::filesystem::path& data_dir,
                                                        const environment& variables);

}  // namespace sonde::daemon
