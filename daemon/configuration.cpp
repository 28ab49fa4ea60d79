#include "daemon/configuration.hpp"

#include "daemon/backend.hpp"
#include "daemon/limit_rules.hpp"
#include "daemon/settings.hpp"
#include "daemon/topic_settings.hpp"
#include "daemon/variables.hpp"
#include "model/errc.hpp"
#include "model/ip_address.hpp"
#include "model/json.hpp"
#include "model/profile.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* usual_file = "/etc/sonde/sonde.toml";
constexpr const char* profiles_key = "scan.profiles";
constexpr const char* kafka_key = "kafka";
constexpr const char* hidden = "********";

error wrong(const std::string& where, const std::string& what) {
  return fail(model::errc::invalid_field, where + ": " + what);
}

std::string place_of(const fs::path& file, const toml::source_region& at) {
  return file.string() + ":" + std::to_string(at.begin.line) + ":" +
         std::to_string(at.begin.column);
}

/// Root's daemon keeps its data where daemons do; anybody else's in their own folder (XDG Base
/// Directory Specification). systemd names a folder of its own.
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

result<setting_value> value_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return setting_value(*text);
  if (auto number = node.value_exact<std::int64_t>()) return setting_value(*number);
  if (auto yes = node.value_exact<bool>()) return setting_value(*yes);
  if (const auto* array = node.as_array()) {
    std::vector<std::string> out;
    for (const auto& item : *array) {
      auto text = item.value_exact<std::string>();
      if (auto number = item.value_exact<std::int64_t>()) text = std::to_string(*number);
      if (!text) return fail(model::errc::invalid_field, "holds something that is no text");
      out.push_back(*text);
    }
    return setting_value(std::move(out));
  }
  return fail(model::errc::invalid_field,
              "is neither a text, nor a whole number, nor true or false, nor a list");
}

/// The text of a variable or a flag as the value that the setting wants.
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
    return fail(model::errc::invalid_field, "\"" + text + "\" is no whole number");
  }
  std::vector<std::string> items;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = std::min(text.find(',', begin), text.size());
    auto item = text.substr(begin, end - begin);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    if (!item.empty()) items.push_back(std::move(item));
    begin = end + 1;
  }
  return setting_value(std::move(items));
}

result<> apply(configuration& config, const setting& what, const result<setting_value>& value,
               const std::string& origin) {
  if (!value) return wrong(origin, what.key + " " + value.error().message());
  auto set = what.set(config, *value);
  if (!set) return wrong(origin, what.key + ": " + set.error().message());
  config.origins[what.key] = origin;
  return {};
}

error unknown_key(const std::string& where, const std::string& key) {
  std::vector<std::string_view> known;
  for (const auto& each : all_settings()) {
    std::string_view setting = each.key;
    known.push_back(setting);
    if (auto dot = setting.find('.'); dot != setting.npos) known.push_back(setting.substr(0, dot));
  }
  auto meant = model::nearest_word(key, known);
  auto mend = meant.empty() ? std::string("; docs/configuration.md lists what there is")
                            : "; did you mean \"" + std::string(meant) + "\"?";
  return wrong(where, "unknown key \"" + key + "\"" + mend);
}

void set_kafka(configuration& config, const std::string& property, const std::string& value,
               const std::string& origin) {
  config.kafka[property] = value;
  config.origins[std::string(kafka_key) + "." + property] = origin;
}

void read_kafka_variables(configuration& config, const environment& variables) {
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(kafka_variables)) continue;
    std::string property;
    for (char c : name.substr(kafka_variables.size())) {
      property += c == '_' ? '.' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    set_kafka(config, property, value, name);
  }
}

class file_reader {
 public:
  file_reader(configuration& config, fs::path file) : config_(config), file_(std::move(file)) {}

  result<> read() {
    try {
      return read_table(toml::parse_file(file_.string()), "");
    } catch (const toml::parse_error& why) {
      return wrong(place_of(file_, why.source()), std::string(why.description()));
    }
  }

 private:
  result<> read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      auto key = prefix + std::string(name.str());
      auto where = place_of(file_, name.source());
      if (key == profiles_key && node.is_table()) {
        if (auto read = read_profiles(*node.as_table()); !read) return read;
      } else if (key == kafka_key && node.is_table()) {
        if (auto read = read_kafka(*node.as_table(), ""); !read) return read;
      } else if (const auto* what = find_setting(key)) {
        if (auto set = apply(config_, *what, value_of(node), where); !set) return set;
      } else if (node.is_table() && is_section(key)) {
        if (auto read = read_table(*node.as_table(), key + "."); !read) return read;
      } else if (is_section(key)) {
        return wrong(where, "\"" + key + "\" is a section; write [" + key + "] and its keys below");
      } else {
        return unknown_key(where, key);
      }
    }
    return {};
  }

  static bool is_section(const std::string& key) {
    return std::ranges::any_of(
        all_settings(), [&](const setting& each) { return each.key.starts_with(key + "."); });
  }

  /// librdkafka's names have dots; written without quotes they are tables in TOML.
  result<> read_kafka(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      auto property = prefix + std::string(name.str());
      auto where = place_of(file_, name.source());
      if (node.is_table()) {
        if (auto read = read_kafka(*node.as_table(), property + "."); !read) return read;
      } else if (auto text = node.value_exact<std::string>()) {
        set_kafka(config_, property, *text, where);
      } else if (auto number = node.value_exact<std::int64_t>()) {
        set_kafka(config_, property, std::to_string(*number), where);
      } else if (auto yes = node.value_exact<bool>()) {
        set_kafka(config_, property, *yes ? "true" : "false", where);
      } else {
        return wrong(where, "kafka." + property +
                                " is neither a text, nor a whole number, nor "
                                "true or false");
      }
    }
    return {};
  }

  /// `[scan.profiles.NAME]` with `ports`.
  result<> read_profiles(const toml::table& profiles) {
    for (const auto& [name, node] : profiles) {
      auto where = place_of(file_, name.source());
      auto key = std::string(profiles_key) + "." + std::string(name.str());
      if (!node.is_table()) return wrong(where, key + " is no table; write [" + key + "]");
      for (const auto& [field, value] : *node.as_table()) {
        auto ports = value.value_exact<std::string>();
        if (field.str() != "ports" || !ports) {
          return wrong(place_of(file_, field.source()),
                       key + " has one key, ports, a text as in \"22,80-90\"");
        }
        config_.scan.profiles[std::string(name.str())] = *ports;
      }
      config_.origins[key] = where;
      if (auto known = model::profile_book::with(config_.scan.profiles); !known) {
        return wrong(where, known.error().message());
      }
    }
    return {};
  }

  configuration& config_;
  fs::path file_;
};

/// What has to be set together.
result<> check_tls(const configuration& config) {
  const auto& http = config.http;
  auto refuse = [](const char* why) -> result<> { return fail(model::errc::invalid_field, why); };
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    return refuse(
        "http.tls_certificate and http.tls_key: one of them is missing; set both or none");
  }
  if (!http.gateway_ca.empty() && http.tls_certificate.empty()) {
    return refuse(
        "http.gateway_ca: gateways show their certificates over TLS, which this server does not "
        "speak; set http.tls_certificate and http.tls_key, or use http.gateway_socket");
  }
  if (!http.gateway_ca.empty() && http.gateway_names.empty()) {
    return refuse(
        "http.gateway_names: names nobody, and a gateway may call in anybody's name; list the "
        "names in its certificates, or write [\"*\"] where http.gateway_ca vouches for nobody "
        "else");
  }
  if (http.gateway_ca.empty() && !http.gateway_names.empty()) {
    return refuse("http.gateway_names: is of no use without http.gateway_ca; set both or none");
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
    if (auto read = file_reader(config, *chosen).read(); !read) return read.error();
  }
  for (const auto& what : all_settings()) {
    auto found = variables.find(what.variable());
    if (found == variables.end()) continue;
    auto set = apply(config, what, value_of(what, found->second), what.variable());
    if (!set) return set.error();
  }
  read_kafka_variables(config, variables);
  if (auto known = check_kafka(config); !known) return known.error();
  if (auto fine = check_tls(config); !fine) return fine.error();
  if (auto fine = check_retention(config); !fine) return fine.error();
  for (const auto& flag : flags) {
    const auto* what = find_setting(flag.key);
    auto set = apply(config, *what, value_of(*what, flag.value), flag.flag);
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
  for (const auto& [property, value] : config.kafka) {
    auto key = std::string(kafka_key) + "." + property;
    auto shown = is_kafka_secret(property) ? hidden : value;
    out.push_back({{"key", key}, {"value", shown}, {"origin", origin_of(config, key)}});
  }
  return model::to_text(out);
}

log_level level_of(const configuration& config) {
  if (config.log.level == "debug") return log_level::debug;
  if (config.log.level == "warning") return log_level::warning;
  if (config.log.level == "error") return log_level::error;
  return log_level::info;
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
  return fail(model::errc::invalid_field,
              "\"" + text +
                  "\" is no address and port; write it as in 127.0.0.1:8480 or "
                  "[::1]:8480");
}

}  // namespace sonde::daemon
