#include "daemon/front_door.hpp"

#include "daemon/control.hpp"
#include "daemon/private_files.hpp"
#include "daemon/webhook_secret.hpp"
#include "ingest/http/http_server.hpp"
#include "model/errc.hpp"

#include <fmt/core.h>

#include <sys/un.h>

namespace sonde::daemon {

result<std::shared_ptr<tls_server>> load_tls(const configuration& config) {
  if (config.http.tls_certificate.empty()) return std::shared_ptr<tls_server>();
  // The code that reads the file reports a missing one.
  std::error_code ignored;
  if (std::filesystem::exists(config.http.tls_key, ignored)) {
    auto safe = check_secret_file(config.http.tls_key);
    if (!safe) {
      return fail(model::errc::invalid_field, "http.tls_key: " + safe.error().message());
    }
  }
  tls_server_settings settings{config.http.tls_certificate, config.http.tls_key,
                               config.http.gateway_ca, config.http.gateway_names,
                               config.limits.http_client_chain_bytes};
  auto loaded = tls_server::load(std::move(settings));
  if (!loaded) return loaded.error();
  return std::shared_ptr<tls_server>(std::move(*loaded));
}

namespace {

/// Checks the length of a socket's path, which ends with a NUL (unix(7)).
result<> check_socket(const std::string& setting, const std::filesystem::path& socket) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.native().size() <= longest) return {};
  return fail(model::errc::invalid_field,
              fmt::format("{}: the path of the socket {} has {} bytes; a UNIX socket's has at most "
                          "{}, so name a shorter one",
                          setting, socket.string(), socket.native().size(), longest));
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
                                              " expired on " + to_rfc3339((*tls)->expires()) +
                                              "; replace it with a valid one");
}

ingest::http_server::exposure exposure_of(const configuration& config, const tls_server* tls) {
  using exposure = ingest::http_server::exposure;
  bool anywhere = config.http.allow_plaintext || tls != nullptr;
  return anywhere ? exposure::any_address : exposure::loopback_only;
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
  auto allowed = exposure_of(config, tls->get());
  if (auto may = ingest::http_server::check_exposure(where->first, allowed); !may) return may;
  if (config.webhook.key_file.empty() && config.webhook.secret_file.empty()) return {};
  auto keys = load_webhook_keys(config, std::nullopt);
  if (!keys) return keys.error();
  return {};
}

}  // namespace sonde::daemon
