#pragma once

#include "daemon/configuration.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sonde::daemon {

/// Value of a setting, as a file or the environment gives it.
using setting_value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

/// A setting: its name, its purpose, and the functions that write and read its value.
struct setting {
  std::string key;          ///< as in the file: `http.listen`
  std::string description;  ///< one line, for docs/reference/configuration.md
  std::function<result<>(configuration&, const setting_value&)> set;
  std::function<setting_value(const configuration&)> get;
  enum class kind { text, number, flag, list } type = kind::text;

  /// Returns the name of its variable, such as `SONDE_HTTP_LISTEN`.
  [[nodiscard]] std::string variable() const;
};

/// Returns all settings, in the order in which they are shown.
[[nodiscard]] const std::vector<setting>& all_settings();
[[nodiscard]] const setting* find_setting(const std::string& key);

}  // namespace sonde::daemon
