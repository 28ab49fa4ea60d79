#pragma once

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "daemon/retention.hpp"
#include "model/address_scope.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// Everything that can be set, with its default. docs/configuration.md is written from the table of
/// settings in settings.cpp.
struct configuration {
  std::filesystem::path data_dir;
  std::string server = "http://127.0.0.1:8480";  ///< that the other verbs talk to
  std::string ca_file;                           ///< a PEM file: whom verbs believe to be a server
  std::vector<std::string> roles = {"ingest", "scanner", "view", "webhook"};
  std::uint32_t drain_s = 20;

  struct {
    std::string listen = "127.0.0.1:8480";
    std::vector<std::string> server_names;  ///< that `Host` may have, where it listens on loopback
    std::string tls_certificate;            ///< a PEM file; empty, as `tls_key` is then: no TLS
    std::string tls_key;
    std::string gateway_ca;                  ///< a PEM file; empty: certificates are not asked for
    std::vector<std::string> gateway_names;  ///< of its certificates, those of gateways
    bool allow_plaintext = false;            ///< beyond loopback, without TLS
    std::string metrics = "role";            ///< who may read them: or `everybody`; `auto`: role
    std::string gateway_socket;              ///< a file; its peers are believed who calls
  } http;
  struct {
    std::string level = "info";
    std::string format = "text";
    bool audit = false;  ///< the audit trail stands in the log too
  } log;
  struct {
    std::string backend = "embedded";
    std::string prefix = "sonde";
    std::uint32_t partitions = 64;  ///< of each topic, on Kafka
    std::uint32_t replicas = 0;     ///< zero: three, or as many as there are brokers
    std::uint32_t in_sync = 0;      ///< zero: one fewer
    std::string instance;           ///< empty: kept in the data folder
  } queue;
  retention_table topics = default_retention();
  /// librdkafka's properties, passed through; `NAME.file` holds the file that has the value.
  std::map<std::string, std::string> kafka;
  struct {
    std::uint32_t threads = 0;  ///< zero: one a processor
    std::vector<std::string> resolvers;
    std::uint32_t addresses_per_name = 8;
    std::uint32_t rate_per_address = 200;
    std::uint32_t rate_per_network = 2000;
    std::string contact;
    std::map<std::string, std::string> profiles;
  } scan;
  model::scope_rules scope;
  struct {
    std::vector<std::string> allow;
    std::string key_file;     ///< empty: made in the data folder, but for Kafka
    std::string secret_file;  ///< of earlier versions: receivers know what is in it
    std::string ca_file;
    std::vector<std::string> retry_s = {"0",     "5",     "300",   "1800",  "7200",
                                        "18000", "36000", "50400", "72000", "86400"};
  } webhook;
  sonde::limits limits;

  /// Where each value came from, by its key: `default`, `/etc/sonde.toml:3:1`, `SONDE_LOG_LEVEL`,
  /// `--listen`.
  std::map<std::string, std::string> origins;
};

/// Where values come from besides the file. Passed in: nothing else reads the environment.
using environment = std::map<std::string, std::string>;
/// Of the command line: a setting's key, the flag's name, the value.
struct flag_value {
  std::string key;
  std::string flag;
  std::string value;
};

/// Flags beat the environment, the environment beats the file, the file beats the defaults. The
/// file is `file`, or `SONDE_CONFIG`, or /etc/sonde/sonde.toml where there is one. Errors name the
/// file, line and column, or the variable or flag, and what may stand there.
[[nodiscard]] result<configuration> load_configuration(
    const std::optional<std::filesystem::path>& file, const environment& variables,
    const std::vector<flag_value>& flags);

/// The configuration as a file that would give the same, each value with its origin.
[[nodiscard]] std::string to_toml(const configuration& config);
[[nodiscard]] std::string to_json_text(const configuration& config);

[[nodiscard]] log_level level_of(const configuration& config);
[[nodiscard]] log_format format_of(const configuration& config);

/// How we name ourselves to those we ask or tell something (RFC 9110, section 10.1.5).
[[nodiscard]] std::string user_agent(const configuration& config);

/// `127.0.0.1:8480` or `[::1]:8480`, taken apart.
[[nodiscard]] result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& text);

}  // namespace sonde::daemon
