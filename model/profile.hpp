#pragma once

#include "base/result.hpp"
#include "model/port_set.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

inline constexpr const char* default_profile = "standard";

/// A reason to look at some ports.
struct port_group {
  const char* ports;
  const char* reason;
};

/// What `standard` is made of. About a thousand ports, chosen from the IANA registry and from what
/// software listens on by default; docs/profiles.md is written from this table.
[[nodiscard]] const std::vector<port_group>& standard_groups();

/// Whether a text may be a profile's name: a lower-case letter, then letters, digits, - and _, at
/// most 64. No list of ports is one.
[[nodiscard]] bool is_profile_name(std::string_view text);

/// The profiles a process knows: `standard`, `full`, and those of its configuration.
class profile_book {
 public:
  profile_book();
  /// `custom` maps names to port lists. A name begins with a letter, so that it is never taken for
  /// ports.
  [[nodiscard]] static result<profile_book> with(const std::map<std::string, std::string>& custom);

  [[nodiscard]] const port_set* find(std::string_view name) const;
  [[nodiscard]] bool is_built_in(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> names() const;

  /// The error for a name that is no profile here: which one may have been meant.
  [[nodiscard]] error unknown(std::string_view name) const;

  /// What a task's `profile` and `ports` stand for: ports written out, a built-in name, or the
  /// ports that the name had when it was asked for.
  [[nodiscard]] result<port_set> ports_of(std::string_view profile, std::string_view ports) const;

 private:
  std::map<std::string, port_set, std::less<>> profiles_;
};

}  // namespace sonde::model
