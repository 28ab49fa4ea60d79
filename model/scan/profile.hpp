#pragma once

#include "base/result.hpp"
#include "model/net/port_set.hpp"
#include "model/scan/scan_depth.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

inline constexpr const char* default_profile = "standard";

/// A group of ports, and the reason to probe them.
struct port_group {
  const char* ports;
  const char* reason;
};

/// The groups of the profile `standard`: about a thousand ports, selected from the IANA registry
/// and from the default ports of software. docs/reference/profiles.md is written from this table.
[[nodiscard]] const std::vector<port_group>& standard_groups();

/// Reports whether a text is a valid profile name: a lower-case letter, then letters, digits, - and
/// _, at most 64. A list of ports is never valid.
[[nodiscard]] bool is_profile_name(std::string_view text);

/// The profiles that a process has: `standard`, `full`, and the profiles of its configuration.
class profile_book {
 public:
  profile_book();
  /// Adds custom profiles. `custom` maps names to port lists. A name begins with a letter, so that
  /// it is never taken for ports.
  [[nodiscard]] static result<profile_book> with(const std::map<std::string, std::string>& custom);

  /// Sets the depth of scans with a profile of the configuration.
  void set_depth(std::string_view name, scan_depth depth);
  /// Returns nothing for a profile without a depth.
  [[nodiscard]] std::optional<scan_depth> depth_of(std::string_view name) const;

  [[nodiscard]] const port_set* find(std::string_view name) const;
  [[nodiscard]] bool is_built_in(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> names() const;

  /// Makes the error for an unknown name. It suggests a similar name.
  [[nodiscard]] error unknown(std::string_view name) const;

  /// Returns the ports of a task. `profile` is a list of ports or a built-in name, or `ports`
  /// contains the ports that the name had at the time of the request.
  [[nodiscard]] result<port_set> ports_of(std::string_view profile, std::string_view ports) const;

 private:
  std::map<std::string, port_set, std::less<>> profiles_;
  std::map<std::string, scan_depth, std::less<>> depths_;
};

}  // namespace sonde::model
