#include "daemon/configuration_file.hpp"

#include "daemon/former_settings.hpp"
#include "model/errc.hpp"
#include "model/scan/profile.hpp"
#include "model/text/json.hpp"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

/// Unit suffixes of setting names.
constexpr std::string_view units[] = {"s", "ms", "bytes", "percent", "days"};
/// Maximum number of settings in a hint. A name in more tables gives no hint.
constexpr std::size_t most_hinted = 3;

std::string place_of(const fs::path& file, const toml::source_region& at) {
  return fmt::format("{}:{}:{}", file.string(), at.begin.line, at.begin.column);
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
      if (!text) return fail(model::errc::invalid_field, "has an item that is not a string");
      out.push_back(*text);
    }
    return setting_value(std::move(out));
  }
  return fail(model::errc::invalid_field,
              "is not a string, a whole number, true or false, or a list");
}

/// Returns the last part of a key: `level` of `log.level`.
std::string_view name_of(std::string_view key) {
  auto dot = key.rfind('.');
  return dot == key.npos ? key : key.substr(dot + 1);
}

/// Returns true if `name` is `whole` without its unit, as `drain` is `drain_s`.
bool lacks_unit(std::string_view name, std::string_view whole) {
  return std::ranges::any_of(units, [&](std::string_view unit) {
    return whole.size() == name.size() + 1 + unit.size() && whole.starts_with(name) &&
           whole[name.size()] == '_' && whole.ends_with(unit);
  });
}

/// Returns the keys of the settings that `fits` accepts.
template <class Fits>
std::vector<std::string_view> settings_where(Fits fits) {
  std::vector<std::string_view> out;
  for (const auto& each : all_settings()) {
    if (fits(std::string_view(each.key))) out.push_back(each.key);
  }
  return out;
}

/// Names a setting of another table and says how to write it.
std::string placed(std::string_view key) {
  auto out = "\"" + std::string(key) + "\"";
  auto dot = key.rfind('.');
  if (dot == key.npos) return out + " (above the first table)";
  return out + " (" + std::string(key.substr(dot + 1)) + " below [" +
         std::string(key.substr(0, dot)) + "])";
}

/// Names several settings. Empty if there are none, or too many.
std::string placed(const std::vector<std::string_view>& keys) {
  if (keys.size() > most_hinted) return {};
  std::string out;
  for (auto key : keys)
    out += (out.empty() ? "" : " or ") + placed(key);
  return out;
}

/// Returns the setting that an unknown key may mean, quoted; empty if no key is similar.
std::string meant_by(const std::string& key) {
  auto name = name_of(key);
  auto with_unit = settings_where([&](std::string_view known) { return lacks_unit(key, known); });
  if (!with_unit.empty()) return "\"" + std::string(with_unit.front()) + "\"";
  auto elsewhere =
      placed(settings_where([&](std::string_view known) { return name_of(known) == name; }));
  if (!elsewhere.empty()) return elsewhere;
  std::vector<std::string_view> known;
  for (const auto& each : all_settings()) {
    std::string_view setting = each.key;
    known.push_back(setting);
    if (auto dot = setting.find('.'); dot != setting.npos) known.push_back(setting.substr(0, dot));
  }
  auto near = model::nearest_word(key, known);
  if (!near.empty()) return "\"" + std::string(near) + "\"";
  return placed(
      settings_where([&](std::string_view other) { return lacks_unit(name, name_of(other)); }));
}

std::string unknown_key(const std::string& key) {
  auto meant = meant_by(key);
  return "unknown key \"" + key + "\"" +
         (meant.empty() ? std::string("; docs/reference/configuration.md lists the keys")
                        : "; did you mean " + meant + "?");
}

bool is_section(const std::string& key) {
  return std::ranges::any_of(all_settings(),
                             [&](const setting& each) { return each.key.starts_with(key + "."); });
}

class file_reader {
 public:
  file_reader(configuration& config, fs::path file) : config_(config), file_(std::move(file)) {}

  result<> read() {
    try {
      read_table(toml::parse_file(file_.string()), "");
    } catch (const toml::parse_error& why) {
      return fail(model::errc::invalid_field,
                  place_of(file_, why.source()) + ": " + std::string(why.description()));
    }
    if (mistakes_.empty()) return {};
    return fail(model::errc::invalid_field, listed());
  }

 private:
  struct mistake {
    toml::source_position where;
    std::string line;
  };

  void note(const toml::key& at, std::string line) {
    // A value may contain line feeds, and one mistake is one line.
    std::ranges::replace(line, '\n', ' ');
    mistakes_.push_back({at.source().begin, std::move(line)});
  }
  void refuse(const toml::key& at, const std::string& what) {
    note(at, place_of(file_, at.source()) + ": " + what);
  }

  /// Returns the mistakes in the order of the file. toml++ sorts a table by its keys.
  std::string listed() {
    std::stable_sort(mistakes_.begin(), mistakes_.end(),
                     [](const mistake& a, const mistake& b) { return a.where < b.where; });
    std::string out;
    auto shown = std::min(mistakes_.size(), most_mistakes);
    for (std::size_t i = 0; i < shown; ++i)
      out += (i == 0 ? "" : "\n") + mistakes_[i].line;
    if (shown == mistakes_.size()) return out;
    return fmt::format("{}\n{}: {} more mistakes are not shown", out, file_.string(),
                       mistakes_.size() - shown);
  }

  void read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      auto key = prefix + std::string(name.str());
      const auto* what = find_setting(key);
      if (what == nullptr) what = find_former_setting(key);
      if (key == profiles_key && node.is_table()) {
        read_profiles(*node.as_table());
      } else if (key == kafka_key && node.is_table()) {
        read_kafka(*node.as_table(), "");
      } else if (what != nullptr) {
        auto set = apply_setting(config_, *what, value_of(node), place_of(file_, name.source()));
        if (!set) note(name, set.error().message());
      } else if (node.is_table() && is_section(key)) {
        read_table(*node.as_table(), key + ".");
      } else if (is_section(key)) {
        refuse(name, "\"" + key + "\" is a section; write [" + key + "] and its keys below");
      } else {
        refuse(name, unknown_key(key));
      }
    }
  }

  /// Reads librdkafka's properties. Their names have dots. In TOML, a name with dots and
  /// without quotes is a key in nested tables.
  void read_kafka(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      auto property = prefix + std::string(name.str());
      auto where = place_of(file_, name.source());
      if (node.is_table()) {
        read_kafka(*node.as_table(), property + ".");
      } else if (auto text = node.value_exact<std::string>()) {
        set_kafka(config_, property, *text, where);
      } else if (auto number = node.value_exact<std::int64_t>()) {
        set_kafka(config_, property, std::to_string(*number), where);
      } else if (auto yes = node.value_exact<bool>()) {
        set_kafka(config_, property, *yes ? "true" : "false", where);
      } else {
        refuse(name, "kafka." + property + " is not a string, a whole number, or true or false");
      }
    }
  }

  /// Reads the tables `[scan.profiles.NAME]` with `ports` and `depth`.
  void read_profiles(const toml::table& profiles) {
    for (const auto& [name, node] : profiles) {
      auto key = std::string(profiles_key) + "." + std::string(name.str());
      if (node.is_table()) {
        read_profile(name, key, *node.as_table());
      } else {
        refuse(name, key + " is not a table; write [" + key + "]");
      }
    }
  }

  void read_profile(const toml::key& name, const std::string& key, const toml::table& profile) {
    auto profile_name = std::string(name.str());
    for (const auto& [field, value] : profile) {
      auto text = value.value_exact<std::string>();
      if (field.str() == "ports" && text) {
        config_.scan.profiles[profile_name] = *text;
      } else if (field.str() == "depth" && text && model::read_depth(*text)) {
        config_.scan.profile_depths[profile_name] = *text;
      } else if (field.str() == "depth") {
        refuse(field, key + ".depth: is not one of light, standard, deep");
      } else {
        refuse(field, key + " has the keys ports, a text as in \"22,80-90\", and depth");
      }
    }
    bool deep_only = !profile.contains("ports") && profile.contains("depth");
    if (deep_only) refuse(name, key + " has a depth but no ports");
    config_.origins[key] = place_of(file_, name.source());
    auto known = model::profile_book::with(config_.scan.profiles);
    if (known) return;
    refuse(name, known.error().message());
    // Otherwise each later profile would be refused because of this one.
    config_.scan.profiles.erase(profile_name);
    config_.scan.profile_depths.erase(profile_name);
  }

  configuration& config_;
  fs::path file_;
  std::vector<mistake> mistakes_;
};

}  // namespace

result<> read_configuration_file(configuration& config, const fs::path& file) {
  return file_reader(config, file).read();
}

result<> apply_setting(configuration& config, const setting& what,
                       const result<setting_value>& value, const std::string& origin) {
  auto wrong = [&](const std::string& why) -> result<> {
    return fail(model::errc::invalid_field, origin + ": " + what.key + why);
  };
  if (!value) return wrong(" " + value.error().message());
  auto set = what.set(config, *value);
  if (!set) return wrong(": " + set.error().message());
  config.origins[what.key] = origin;
  return {};
}

void set_kafka(configuration& config, const std::string& property, const std::string& value,
               const std::string& origin) {
  config.kafka[property] = value;
  config.origins[std::string(kafka_key) + "." + property] = origin;
}

}  // namespace sonde::daemon
