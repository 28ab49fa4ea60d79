#include "daemon/front_door.hpp"

#include "daemon/control.hpp"
#include "daemon/private_files.hpp"
#include "daemon/webhook_secret.hpp"
#include "ingest/http_server.hpp"
#include "model/errc.hpp"

#include <sys/un.h>

namespace sonde::daemon {

result<std::shared_ptr<server_tls>> load_tls(const configuration& config) {
  if (config.http.tls_certificate.empty()) return std::shared_ptr<server_tls>();
  // One that is not there is named by what reads it.
  std::error_code ignored;
  if (std::filesystem::exists(config.http.tls_key, ignored)) {
    auto safe = check_secret_file(config.http.tls_key);
    if (!safe) {
      return fail(model::errc::invalid_field, "http.tls_key: " + safe.error().message());
    }
  }
  server_tls_settings settings{config.http.tls_certificate, config.http.tls_key,
                               config.http.gateway_ca, config.http.gateway_names,
                               config.limits.http_client_chain_bytes};
  auto loaded = server_tls::load(std::move(settings));
  if (!loaded) return loaded.error();
  return std::shared_ptr<server_tls>(std::move(*loaded));
}

namespace {

/// unix(7): with a NUL behind it.
result<> check_socket(const std::string& setting, const std::filesystem::path& socket) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.native().size() <= longest) return {};
  return fail(model::errc::invalid_field, setting + ": the path of the socket " + socket.string() +
                                              " has " + std::to_string(socket.native().size()) +
                                              " bytes; a UNIX socket's has at most " +
                                              std::to_string(longest) + ", so name a shorter one");
}

result<> check_brokers(const configuration& config) {
  const auto& named = config.kafka;
  bool any = named.contains("bootstrap.servers") || named.contains("bootstrap.servers.file");
  if (config.queue.backend != "kafka" || any) return {};
  return fail(model::errc::invalid_field,
              "kafka.bootstrap.servers: queue.backend is kafka, and no broker is named; write "
              "[kafka] and bootstrap.servers = \"host:port\"");
}

}  // namespace

result<> check_certificate_time(const configuration& config, wall_time now) {
  auto tls = load_tls(config);
  if (!tls) return tls.error();
  if (!*tls || (*tls)->expires() > now) return {};
  return fail(model::errc::invalid_field, "http.tls_certificate: " + config.http.tls_certificate +
                                              " has expired on " + to_rfc3339((*tls)->expires()) +
                                              "; put a valid one in its place");
}

result<> check_front_door(const configuration& config) {
  if (auto fine = check_brokers(config); !fine) return fine;
  bool has_folder = config.queue.backend != "memory";
  auto folder = has_folder ? check_socket("data_dir", control_socket(config.data_dir)) : result<>();
  if (!folder) return folder;
  if (auto fine = check_socket("http.gateway_socket", config.http.gateway_socket); !fine) {
    return fine;
  }
  auto tls = load_tls(config);
  if (!tls) return tls.error();
  auto where = parse_listen(config.http.listen);
  if (!where) return where.error();
  bool allowed = config.http.allow_plaintext || *tls;
  if (auto may = ingest::http_server::check_exposure(where->first, allowed); !may) return may;
  if (config.webhook.key_file.empty() && config.webhook.secret_file.empty()) return {};
  auto keys = load_webhook_keys(config, std::nullopt);
  if (!keys) return keys.error();
  return {};
}

}  // namespace sonde::daemon
