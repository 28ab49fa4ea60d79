#include "daemon/find_server.hpp"

#include "client/errc.hpp"
#include "client/http_client.hpp"
#include "daemon/control.hpp"
#include "daemon/own_key.hpp"
#include "model/ip_address.hpp"

#include <optional>

namespace sonde::daemon {
namespace {

using told_address = result<std::optional<own_address>>;

awaitable<void> ask(client::http_client& daemon, told_address& told) {
  auto answer = co_await daemon.get(address_path);
  if (!answer && answer.error().code == make_error_code(client::errc::untrusted)) {
    told = answer.error();
  }
  if (!answer || !answer->is_object()) co_return;
  told = own_address{answer->value("url", ""), answer->value("certificate", "")};
}

/// What the daemon of a data folder says of itself; nothing where none runs, or for who may not
/// ask. Fails where another user listens in its place.
told_address ask_daemon_of(const std::filesystem::path& data_dir) {
  auto here = control_address(data_dir);
  std::error_code ignored;
  if (!std::filesystem::exists(here.socket, ignored)) return std::optional<own_address>();
  told_address told{std::optional<own_address>()};
  asio::io_context loop(1);
  client::http_client daemon(loop.get_executor(), std::move(here));
  asio::co_spawn(loop, ask(daemon, told), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  loop.run();
  return told;
}

/// Whether two hosts are one address. `localhost` is whichever loopback address the daemon has.
bool same_host(const client::server_address& server, const client::server_address& its) {
  if (server.host == its.host) return true;
  if (server.host == "localhost") return its.is_this_machine();
  auto one = model::ip_address::parse(server.host);
  auto other = model::ip_address::parse(its.host);
  return one && other && *one == *other;
}

/// By the daemon of this machine's data folder, where it is that one or nothing was said. True: it
/// is that one, in its own words, and no other process that has taken its port. The whole address
/// counts: on another loopback address with the same port another user may listen.
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
  // A name could lead to an address that is not the daemon's. Over TLS the certificate tells.
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
    auto usable = client_tls::load(server->trust);
    if (!usable) return fail(client::errc::usage, usable.error().message());
  }
  auto known = add_credentials(*server, config.data_dir, its_own, variables);
  if (!known) return known.error();
  if (!its_own && !its_url.empty() && server->headers.empty()) {
    server->key_hint = "the key in " + config.data_dir.string() + " is shown to its daemon only, " +
                       its_url + "; " + server->key_hint;
  }
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
