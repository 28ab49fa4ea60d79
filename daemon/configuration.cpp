#include "daemon/configuration.hpp"

#include "base/ascii.hpp"
#include "daemon/backend.hpp"
#include "daemon/configuration_file.hpp"
#include "daemon/former_settings.hpp"
#include "daemon/limit_rules.hpp"
#include "daemon/settings.hpp"
#include "daemon/topic_settings.hpp"
#include "daemon/variables.hpp"
#include "model/errc.hpp"
#include "model/net/ip_address.hpp"
#include "model/text/json.hpp"

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* usual_file = "/etc/sonde/sonde.toml";
constexpr const char* hidden = "********";

error wrong(const std::string& where, const std::string& what) {
  return fail(model::errc::invalid_field, where + ": " + what);
}

/// Returns the default data folder: the one that systemd names, /var/lib/sonde for root, or a
/// folder of the user (XDG Base Directory Specification).
fs::path usual_data_dir(const environment& variables) {
  auto value = [&](const char* name) {
    auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  if (auto given = value("STATE_DIRECTORY"); !given.empty()) return given;
  if (geteuid() == 0) return "/var/lib/sonde";
  if (auto state = value("XDG_STATE_HOME"); !state.empty()) return fs::path(state) / "sonde";
  if (auto home = value("HOME"); !home.empty()) return fs::path(home) / ".local/state/sonde";
  return "sonde-data";
}

/// Converts the text of a variable or a flag to the type of the setting.
result<setting_value> value_of(const setting& what, const std::string& text) {
  if (what.type == setting::kind::text) return setting_value(text);
  if (what.type == setting::kind::flag) {
    if (text == "true" || text == "false") return setting_value(text == "true");
    return fail(model::errc::invalid_field, "\"" + text + "\" is neither true nor false");
  }
  if (what.type == setting::kind::number) {
    std::int64_t number = 0;
    auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) {
      return setting_value(number);
    }
    return fail(model::errc::invalid_field, "\"" + text + "\" is not a whole number");
  }
  std::vector<std::string> items;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = std::min(text.find(',', begin), text.size());
    auto item = ascii::trimmed(std::string_view(text).substr(begin, end - begin), " ");
    if (!item.empty()) items.emplace_back(item);
    begin = end + 1;
  }
  return setting_value(std::move(items));
}

void read_kafka_variables(configuration& config, const environment& variables) {
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(kafka_variables)) continue;
    std::string property;
    for (char c : name.substr(kafka_variables.size())) {
      property += c == '_' ? '.' : ascii::to_lower(c);
    }
    set_kafka(config, property, value, name);
  }
}

/// Checks settings of HTTP that depend on each other.
result<> check_tls(const configuration& config) {
  const auto& http = config.http;
  auto refuse = [](const char* why) -> result<> { return fail(model::errc::invalid_field, why); };
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    return refuse(
        "http.tls_certificate and http.tls_key: one of them is missing; set both or none");
  }
  if (!http.gateway_ca.empty() && http.tls_certificate.empty()) {
    return refuse(
        "http.gateway_ca: gateways present their certificates over TLS, which is not enabled; set "
        "http.tls_certificate and http.tls_key, or use http.gateway_socket");
  }
  if (!http.gateway_ca.empty() && http.gateway_names.empty()) {
    return refuse(
        "http.gateway_names: is empty, and a gateway can act for every user; list the names in its "
        "certificates, or write [\"*\"] if http.gateway_ca signs certificates of gateways only");
  }
  if (http.gateway_ca.empty() && !http.gateway_names.empty()) {
    return refuse("http.gateway_names: has no effect without http.gateway_ca; set both or none");
  }
  return {};
}

result<> read_variable(configuration& config, const setting& what, const environment& variables) {
  auto found = variables.find(what.variable());
  if (found == variables.end()) return {};
  return apply_setting(config, what, value_of(what, found->second), found->first);
}

/// Reads the variables of all settings, also those of former keys.
result<> read_variables(configuration& config, const environment& variables) {
  for (const auto& what : all_settings()) {
    if (auto set = read_variable(config, what, variables); !set) return set;
  }
  for (const auto& what : former_settings()) {
    if (auto set = read_variable(config, what.old, variables); !set) return set;
  }
  return {};
}

std::optional<fs::path> choose_file(const std::optional<fs::path>& named,
                                    const environment& variables) {
  if (named) return named;
  if (auto found = variables.find("SONDE_CONFIG"); found != variables.end()) return found->second;
  std::error_code ignored;
  if (fs::exists(usual_file, ignored)) return usual_file;
  return std::nullopt;
}

std::string toml_text(const setting_value& value) {
  auto quoted = [](const std::string& text) { return model::to_text(text); };
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  std::string out = "[";
  for (const auto& item : std::get<std::vector<std::string>>(value)) {
    out += (out.size() > 1 ? ", " : "") + quoted(item);
  }
  return out + "]";
}

std::string origin_of(const configuration& config, const std::string& key) {
  auto found = config.origins.find(key);
  return found == config.origins.end() ? "default" : found->second;
}

}  // namespace

result<configuration> load_configuration(const std::optional<fs::path>& file,
                                         const environment& variables,
                                         const std::vector<flag_value>& flags) {
  configuration config;
  config.data_dir = usual_data_dir(variables);
  if (auto known = check_variables(variables); !known) return known.error();
  if (auto chosen = choose_file(file, variables)) {
    std::error_code ignored;
    if (!fs::exists(*chosen, ignored)) {
      return wrong(chosen->string(), "there is no such configuration file");
    }
    if (fs::is_directory(*chosen, ignored)) {
      return wrong(chosen->string(), "is a folder; name the configuration file in it");
    }
    if (auto read = read_configuration_file(config, *chosen); !read) return read.error();
  }
  if (auto set = read_variables(config, variables); !set) return set.error();
  if (auto once = accept_former_keys(config); !once) return once.error();
  read_kafka_variables(config, variables);
  if (auto known = check_kafka(config); !known) return known.error();
  if (auto fine = check_tls(config); !fine) return fine.error();
  if (auto fine = check_retention(config); !fine) return fine.error();
  for (const auto& flag : flags) {
    const auto* what = find_setting(flag.key);
    auto set = apply_setting(config, *what, value_of(*what, flag.value), flag.flag);
    if (!set) return set.error();
  }
  if (auto fine = check_limits(config); !fine) return fine.error();
  return config;
}

std::string to_toml(const configuration& config) {
  std::string out;
  std::string section;
  for (const auto& each : all_settings()) {
    auto dot = each.key.find('.');
    auto its = dot == std::string::npos ? std::string() : each.key.substr(0, dot);
    if (its != section) {
      out += "\n[" + its + "]\n";
      section = its;
    }
    auto name = dot == std::string::npos ? each.key : each.key.substr(dot + 1);
    auto line = name + " = " + toml_text(each.get(config));
    line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
    out += line + "# " + origin_of(config, each.key) + "\n";
  }
  for (const auto& [name, ports] : config.scan.profiles) {
    auto key = std::string(profiles_key) + "." + name;
    out += "\n[" + key + "]\nports = " + model::to_text(ports) + "  # " + origin_of(config, key) +
           "\n";
    auto depth = config.scan.profile_depths.find(name);
    if (depth == config.scan.profile_depths.end()) continue;
    out += "depth = " + model::to_text(depth->second) + "  # " + origin_of(config, key) + "\n";
  }
  if (!config.kafka.empty()) out += "\n[kafka]\n";
  for (const auto& [property, value] : config.kafka) {
    auto shown = is_kafka_secret(property) ? hidden : value;
    auto line = model::to_text(property) + " = " + model::to_text(shown);
    line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
    out += line + "# " + origin_of(config, std::string(kafka_key) + "." + property) + "\n";
  }
  return out;
}

std::string to_json_text(const configuration& config) {
  model::json out = model::json::array();
  for (const auto& each : all_settings()) {
    model::json value;
    std::visit([&](const auto& v) { value = v; }, each.get(config));
    out.push_back({{"key", each.key},
                   {"value", std::move(value)},
                   {"origin", origin_of(config, each.key)},
                   {"variable", each.variable()}});
  }
  for (const auto& [name, ports] : config.scan.profiles) {
    auto key = std::string(profiles_key) + "." + name;
    out.push_back({{"key", key}, {"value", ports}, {"origin", origin_of(config, key)}});
  }
  for (const auto& [name, depth] : config.scan.profile_depths) {
    auto key = std::string(profiles_key) + "." + name;
    out.push_back({{"key", key + ".depth"}, {"value", depth}, {"origin", origin_of(config, key)}});
  }
  for (const auto& [property, value] : config.kafka) {
    auto key = std::string(kafka_key) + "." + property;
    auto shown = is_kafka_secret(property) ? hidden : value;
    out.push_back({{"key", key}, {"value", shown}, {"origin", origin_of(config, key)}});
  }
  return model::to_text(out);
}

log_level level_of(const configuration& config) {
  return log_level_named(config.log.level).value_or(log_level::info);
}

log_format format_of(const configuration& config) {
  return config.log.format == "json" ? log_format::json : log_format::text;
}

std::string user_agent(const configuration& config) {
  std::string out = "Sonde/" SONDE_VERSION;
  if (!config.scan.contact.empty()) out += " (" + config.scan.contact + ")";
  return out;
}

result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& text) {
  auto colon = text.rfind(':');
  auto host = text.substr(0, colon == std::string::npos ? 0 : colon);
  bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto address = model::ip_address::parse(host);
  std::uint16_t port = 0;
  auto digits = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  bool whole =
      !digits.empty() && parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
  if (whole && address && address->is_v4() != bracketed) return std::pair(host, port);
  return fail(
      model::errc::invalid_field,
      "\"" + text + "\" is not an address and port; write it as in 127.0.0.1:8480 or [::1]:8480");
}

}  // namespace sonde::daemon
