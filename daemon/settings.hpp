#pragma once

#include "daemon/configuration.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sonde::daemon {

/// A value as a file or the environment can give it.
using setting_value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

/// One thing that can be set: its name, what it is for, and how it is put into the configuration.
struct setting {
  std::string key;          ///< as in the file: `http.listen`
  std::string description;  ///< one line, for docs/configuration.md
  std::function<result<>(configuration&, const setting_value&)> set;
  std::function<setting_value(const configuration&)> get;
  enum class kind { text, number, flag, list } type = kind::text;

  /// `SONDE_HTTP_LISTEN`.
  [[nodiscard]] std::string variable() const;
};

/// All settings, in the order in which they are shown.
[[nodiscard]] const std::vector<setting>& all_settings();
[[nodiscard]] const setting* find_setting(const std::string& key);

}  // namespace sonde::daemon
