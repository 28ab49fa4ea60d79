#include "daemon/front_door.hpp"

#include "daemon/private_files.hpp"
#include "daemon/webhook_secret.hpp"
#include "ingest/http_server.hpp"
#include "model/errc.hpp"

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

result<> check_front_door(const configuration& config) {
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
