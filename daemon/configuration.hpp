#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "daemon/limits.hpp"
#include "daemon/retention.hpp"
#include "model/net/address_scope.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// All settings with their defaults. settings.cpp has the table of settings, and a test compares
/// docs/reference/configuration.md with it.
struct configuration {
  std::filesystem::path data_dir;
  std::string server = "http://127.0.0.1:8480";  ///< server that the other verbs use
  std::string ca_file;                           ///< PEM file: CAs that verbs trust
  std::vector<std::string> roles = {"ingest", "scanner", "view", "webhook"};
  std::uint32_t drain_s = 20;

  struct http_section {
    std::string listen = "127.0.0.1:8480";
    std::vector<std::string> server_names;  ///< accepted in `Host` if it listens on loopback
    std::string tls_certificate;            ///< PEM file; empty, like `tls_key`: no TLS
    std::string tls_key;
    std::string gateway_ca;                  ///< PEM file; empty: no certificate is requested
    std::vector<std::string> gateway_names;  ///< names of gateways in certificates of that CA
    bool allow_plaintext = false;            ///< allows HTTP without TLS beyond loopback
    std::string metrics = "role";            ///< or `everybody`; `auto` is `role`
    std::string gateway_socket;              ///< a file; its peers are trusted to name the caller
  } http;
  struct log_section {
    std::string level = "info";
    std::string format = "text";
    bool audit = false;  ///< the audit trail also goes to the log
  } log;
  struct queue_section {
    std::string backend = "embedded";
    std::string prefix = "sonde";
    std::uint32_t partitions = 64;  ///< per topic, on Kafka
    std::uint32_t replicas = 0;     ///< zero: three, or the number of brokers
    std::uint32_t in_sync = 0;      ///< zero: one less than `replicas`
    std::string instance;           ///< empty: stored in the data folder
  } queue;
  retention_table topics = default_retention();
  /// Properties that are passed to librdkafka. `NAME.file` names the file that contains the value.
  std::map<std::string, std::string> kafka;
  struct scan_section {
    std::uint32_t threads = 0;  ///< zero: one per processor
    std::vector<std::string> resolvers;
    std::uint32_t addresses_per_name = 8;
    std::uint32_t rate_per_address = 200;
    std::uint32_t rate_per_network = 2000;
    std::string contact;
    std::string depth = "standard";
    bool industrial = false;
    std::string recog_dir;  ///< folder with Recog files; empty: none
    std::map<std::string, std::string> profiles;
    std::map<std::string, std::string> profile_depths;  ///< of profiles that have one
  } scan;
  model::scope_rules scope;
  struct webhook_section {
    std::vector<std::string> allow;
    std::string key_file;     ///< empty: created in the data folder, except with Kafka
    std::string secret_file;  ///< of earlier versions; receivers know its content
    std::string ca_file;
    std::vector<std::string> retry_s = {"0",     "5",     "300",   "1800",  "7200",
                                        "18000", "36000", "50400", "72000", "86400"};
  } webhook;
  daemon::limits limits;

  /// Origin of each value, by its key: `default`, `/etc/sonde.toml:3:1`, `SONDE_LOG_LEVEL`,
  /// `--listen`.
  std::map<std::string, std::string> origins;
};

/// Environment variables by name. They are passed in: no other code reads the environment.
using environment = std::map<std::string, std::string>;
/// Value from the command line: the setting's key, the flag's name, the value.
struct flag_value {
  std::string key;
  std::string flag;
  std::string value;
};

/// Loads the configuration. Flags override the environment, the environment overrides the file, the
/// file overrides the defaults. The file is `file`, or `SONDE_CONFIG`, or /etc/sonde/sonde.toml if
/// it exists. Errors name the file, line and column, or the variable or flag, and what is accepted.
/// An error in a file has one line for each mistake.
[[nodiscard]] result<configuration> load_configuration(
    const std::optional<std::filesystem::path>& file, const environment& variables,
    const std::vector<flag_value>& flags);

/// Formats the configuration as a file that gives the same configuration. Each value has its
/// origin.
[[nodiscard]] std::string to_toml(const configuration& config);
[[nodiscard]] std::string to_json_text(const configuration& config);

[[nodiscard]] log_level level_of(const configuration& config);
[[nodiscard]] log_format format_of(const configuration& config);

/// Returns the User-Agent of requests to other hosts (RFC 9110, section 10.1.5).
[[nodiscard]] std::string user_agent(const configuration& config);

/// Splits `127.0.0.1:8480` or `[::1]:8480` into address and port.
[[nodiscard]] result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& text);

}  // namespace sonde::daemon
