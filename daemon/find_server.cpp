#include "daemon/find_server.hpp"

#include "client/errc.hpp"
#include "client/http_client.hpp"
#include "daemon/control.hpp"
#include "daemon/own_key.hpp"

#include <optional>

namespace sonde::daemon {
namespace {

awaitable<void> ask(client::http_client& daemon, std::optional<own_address>& told) {
  auto answer = co_await daemon.get(address_path);
  if (!answer || !answer->is_object()) co_return;
  told = own_address{answer->value("url", ""), answer->value("certificate", "")};
}

/// What the daemon of a data folder says of itself; nothing where none runs, or for who may not
/// ask.
std::optional<own_address> ask_daemon_of(const std::filesystem::path& data_dir) {
  client::server_address here;
  here.socket = control_socket(data_dir).string();
  std::error_code ignored;
  if (!std::filesystem::exists(here.socket, ignored)) return std::nullopt;
  std::optional<own_address> told;
  asio::io_context loop(1);
  client::http_client daemon(loop.get_executor(), std::move(here));
  asio::co_spawn(loop, ask(daemon, told), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  loop.run();
  return told;
}

/// By the daemon of this machine's data folder, where it is that one or nothing was said. True: it
/// is that one, in its own words, and no other process that has taken its port.
bool complete(client::server_address& server, const configuration& config) {
  bool chosen = config.origins.contains("server");
  if (chosen && !server.is_this_machine()) return false;
  auto daemon = ask_daemon_of(config.data_dir);
  if (!daemon) return false;
  auto its = client::parse_server(daemon->url);
  if (!its) return false;
  if (!chosen) server = *its;
  bool the_same = server.port == its->port && server.tls == its->tls;
  if (the_same && config.ca_file.empty()) server.trust.certificate = daemon->certificate;
  return the_same;
}

}  // namespace

result<client::server_address> find_server(const configuration& config,
                                           const environment& variables) {
  auto server = client::parse_server(config.server);
  if (!server) return server.error();
  bool its_own = complete(*server, config);
  if (server->tls && server->trust.certificate.empty()) {
    server->trust.ca_file = config.ca_file;
    auto usable = client_tls::load(server->trust);
    if (!usable) return fail(client::errc::usage, usable.error().message());
  }
  auto known = add_credentials(*server, config.data_dir, its_own, variables);
  if (!known) return known.error();
  bool in_the_clear = !server->tls && !server->is_this_machine() && !server->headers.empty();
  if (in_the_clear && !config.http.allow_plaintext) {
    return fail(client::errc::usage,
                "the key would go to " + server->authority() +
                    " in the clear, and could be read on the way; name the server as https://" +
                    server->authority() +
                    ", or, where the network itself is trusted, set "
                    "SONDE_HTTP_ALLOW_PLAINTEXT=true");
  }
  return server;
}

}  // namespace sonde::daemon
