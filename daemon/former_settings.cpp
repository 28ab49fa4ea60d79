#include "daemon/former_settings.hpp"

#include "model/errc.hpp"

#include <algorithm>
#include <utility>

namespace sonde::daemon {
namespace {

/// A renaming: the key of the version before, and the key of this version.
struct renaming {
  const char* former;
  const char* key;
};

constexpr renaming renamings[] = {
    {"limits.queued_per_scope", "limits.queued_per_tenant"},
};

std::vector<former_setting> make_former_settings() {
  std::vector<former_setting> out;
  for (const auto& each : renamings) {
    auto old = *find_setting(each.key);
    old.key = each.former;
    out.push_back({std::move(old), each.key});
  }
  return out;
}

}  // namespace

std::string former_use::sentence() const {
  return origin + ": " + former + " is now " + key +
         "; rename it, because the next version refuses the former key";
}

const std::vector<former_setting>& former_settings() {
  static const std::vector<former_setting> settings = make_former_settings();
  return settings;
}

const setting* find_former_setting(const std::string& key) {
  auto found = std::ranges::find_if(former_settings(),
                                    [&](const auto& each) { return each.old.key == key; });
  return found == former_settings().end() ? nullptr : &found->old;
}

result<> accept_former_keys(configuration& config) {
  for (const auto& use : former_keys_in(config)) {
    auto [current, first] = config.origins.try_emplace(use.key, use.origin);
    if (first) continue;
    return fail(model::errc::invalid_field,
                use.origin + ": " + use.former + " is the former key of " + use.key + ", which " +
                    current->second + " sets too; remove " + use.former);
  }
  return {};
}

std::vector<former_use> former_keys_in(const configuration& config) {
  std::vector<former_use> out;
  for (const auto& each : former_settings()) {
    auto found = config.origins.find(each.old.key);
    if (found != config.origins.end()) out.push_back({each.old.key, each.key, found->second});
  }
  return out;
}

}  // namespace sonde::daemon
