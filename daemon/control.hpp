#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "client/server_address.hpp"
#include "ingest/router.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"
#include "views/key_changes.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace sonde::daemon {

/// The socket of a daemon that holds this data folder. Whoever may open it may do everything: its
/// rights are those of the folder's owner.
[[nodiscard]] std::filesystem::path control_socket(const std::filesystem::path& data_dir);
/// The same for a client, who sends nothing unless the folder's owner or root listens there.
[[nodiscard]] client::server_address control_address(const std::filesystem::path& data_dir);

/// What verbs ask of a daemon that has the queue in its hands. Not a public interface: both sides
/// are of one version.
inline constexpr const char* redrive_path = "/control/redrive";
void add_control_routes(ingest::router& to, queue::backend& queue, const clock& clock);

/// Where this daemon is reached on this machine, and the certificate that it shows there, as text.
struct own_address {
  std::string url;
  std::string certificate;  ///< PEM; empty: no TLS
};
inline constexpr const char* address_path = "/control/address";
void add_address_control_route(ingest::router& to, std::function<own_address()> ask);

/// A `client::key_command`. What it has changed is known to the view when it is answered.
inline constexpr const char* keys_path = "/control/keys";
void add_key_control_route(ingest::router& to, views::key_changes& changes,
                           views::credential_view& credentials, const limits& limits,
                           const clock& clock);

}  // namespace sonde::daemon
