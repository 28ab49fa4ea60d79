#pragma once

#include "admin/key_changes.hpp"
#include "base/clock.hpp"
#include "client/server_address.hpp"
#include "daemon/limits.hpp"
#include "ingest/http/router.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace sonde::daemon {

/// Returns the control socket of a daemon that holds this data folder. A process that may open it
/// has the rights of the folder's owner and may do everything.
[[nodiscard]] std::filesystem::path control_socket(const std::filesystem::path& data_dir);
/// Returns the control socket as an address for a client. The client sends nothing unless the
/// folder's owner or root listens there.
[[nodiscard]] client::server_address control_address(const std::filesystem::path& data_dir);

/// Adds the routes for verbs if a daemon holds the queue. The interface is not public: both sides
/// are of one version.
inline constexpr const char* redrive_path = "/control/redrive";
void add_control_routes(ingest::router& to, queue::backend& queue, const clock& clock);

/// Address of this daemon on this machine, and its certificate as text.
struct own_address {
  std::string url;
  std::string certificate;  ///< PEM; empty: no TLS
};
inline constexpr const char* address_path = "/control/address";
void add_address_control_route(ingest::router& to, std::function<own_address()> ask);

/// Adds the route that executes an `admin::key_command`. The view contains the change before the
/// response is sent.
inline constexpr const char* keys_path = "/control/keys";
void add_key_control_route(ingest::router& to, admin::key_changes& changes,
                           views::credential_view& credentials, const limits& limits,
                           const clock& clock);

}  // namespace sonde::daemon
