#include "daemon/find_server.hpp"

#include "client/api_client.hpp"
#include "client/errc.hpp"
#include "daemon/control.hpp"
#include "daemon/own_key.hpp"
#include "model/net/ip_address.hpp"

#include <optional>

namespace sonde::daemon {
namespace {

using told_address = result<std::optional<own_address>>;

awaitable<void> ask(client::api_client& daemon, told_address& told) {
  auto answer = co_await daemon.get(address_path);
  if (!answer && answer.error().code == make_error_code(client::errc::untrusted)) {
    told = answer.error();
  }
  if (!answer || !answer->is_object()) co_return;
  told = own_address{answer->value("url", ""), answer->value("certificate", "")};
}

/// Queries the daemon of a data folder for its address. No value if none runs or if the caller may
/// not connect. Fails if another user listens in its place.
told_address ask_daemon_of(const std::filesystem::path& data_dir) {
  auto here = control_address(data_dir);
  std::error_code ignored;
  if (!std::filesystem::exists(here.socket, ignored)) return std::optional<own_address>();
  told_address told{std::optional<own_address>()};
  asio::io_context loop(1);
  client::api_client daemon(loop.get_executor(), std::move(here));
  asio::co_spawn(loop, ask(daemon, told), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  loop.run();
  return told;
}

/// Returns true if two hosts are one address. `localhost` matches any loopback address of the
/// daemon.
bool same_host(const client::server_address& server, const client::server_address& its) {
  if (server.host == its.host) return true;
  if (server.host == "localhost") return its.is_this_machine();
  auto one = model::ip_address::parse(server.host);
  auto other = model::ip_address::parse(its.host);
  return one && other && *one == *other;
}

/// Completes `server` from the daemon of this machine's data folder, if `server` is that daemon or
/// was not configured. Returns true if the daemon itself reports this address, so that no other
/// process can have taken its port. The whole address is compared: another user may listen on
/// another loopback address with the same port.
result<bool> complete(client::server_address& server, const configuration& config,
                      std::string& its_url) {
  bool chosen = config.origins.contains("server");
  if (chosen && !server.is_this_machine()) return false;
  auto told = ask_daemon_of(config.data_dir);
  if (!told) return told.error();
  const auto& daemon = *told;
  if (!daemon) return false;
  auto its = client::parse_server(daemon->url);
  if (!its) return false;
  its_url = daemon->url;
  if (!chosen) server = *its;
  bool the_same = server.port == its->port && server.tls == its->tls && same_host(server, *its);
  if (!the_same) return false;
  // A name could resolve to an address that is not the daemon's. Over TLS the certificate proves
  // it.
  if (!server.tls) server.host = its->host;
  if (config.ca_file.empty()) server.trust.certificate = daemon->certificate;
  return true;
}

}  // namespace

result<client::server_address> find_server(const configuration& config,
                                           const environment& variables) {
  auto server = client::parse_server(config.server);
  if (!server) return server.error();
  std::string its_url;
  auto completed = complete(*server, config, its_url);
  if (!completed) return completed.error();
  bool its_own = *completed;
  if (server->tls && server->trust.certificate.empty()) {
    server->trust.ca_file = config.ca_file;
    auto usable = tls_client::load(server->trust);
    if (!usable) return fail(client::errc::usage, usable.error().message());
  }
  auto holder = its_own ? folder_holder::server : folder_holder::another;
  auto credentials = find_credentials(*server, holder, config.data_dir, variables);
  if (!credentials) return credentials.error();
  server->headers = std::move(credentials->headers);
  server->key_hint = std::move(credentials->hint);
  if (!its_own && !its_url.empty() && server->headers.empty()) {
    server->key_hint += "; the daemon of that folder is " + its_url;
  }
  bool in_the_clear = !server->tls && !server->is_this_machine() && !server->headers.empty();
  if (in_the_clear && !config.http.allow_plaintext) {
    return fail(client::errc::usage,
                "the key would be sent to " + server->authority() +
                    " without encryption; name the server as https://" + server->authority() +
                    ", or, if the network itself is trusted, set SONDE_HTTP_ALLOW_PLAINTEXT=true");
  }
  return server;
}

}  // namespace sonde::daemon
