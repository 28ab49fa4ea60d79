#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "client/server_address.hpp"
#include "daemon/configuration.hpp"
#include "queue/io.hpp"

#include <filesystem>
#include <optional>

namespace sonde::daemon {

/// Where the key lies that a first start makes: for its owner's eyes only.
[[nodiscard]] std::filesystem::path admin_key_file(const std::filesystem::path& data_dir);

/// Makes a key for the admin and writes it to its file, unless a key was ever made. Blocks.
/// Gives the file, or nothing where there was no need.
[[nodiscard]] result<std::optional<std::filesystem::path>> make_first_key(
    queue::backend& queue, const std::filesystem::path& data_dir, const random_source& random,
    const clock& clock);

/// What a verb shows to a server: `SONDE_TOKEN`, or `SONDE_API_KEY` and `SONDE_API_SECRET`, or
/// else, to the daemon that holds the data folder (`its_own`), the key in there. Where there is
/// none of these the server is asked all the same, and its refusal says what to do. Fails where the
/// variables contradict each other.
[[nodiscard]] result<> add_credentials(client::server_address& to,
                                       const std::filesystem::path& data_dir, bool its_own,
                                       const environment& variables);

}  // namespace sonde::daemon
