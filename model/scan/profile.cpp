#include "model/scan/profile.hpp"

#include "model/errc.hpp"
#include "model/text/json.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

constexpr const char* full_profile = "full";

port_set standard_ports() {
  std::string all;
  for (const auto& group : standard_groups()) {
    if (!all.empty()) all += ',';
    all += group.ports;
  }
  return port_set::parse(all).value();
}

}  // namespace

bool is_profile_name(std::string_view text) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 64 && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(text, allowed);
}

profile_book::profile_book() {
  static const port_set standard = standard_ports();
  profiles_.emplace(default_profile, standard);
  profiles_.emplace(full_profile, port_set::all());
}

result<profile_book> profile_book::with(const std::map<std::string, std::string>& custom) {
  profile_book out;
  for (const auto& [name, text] : custom) {
    if (out.is_built_in(name)) {
      return fail(errc::invalid_ports, "the profile " + name + " is built in");
    }
    if (!is_profile_name(name)) {
      return fail(errc::invalid_ports,
                  "a profile's name is a lower-case letter, then letters, "
                  "digits, - and _, at most 64; this one is \"" +
                      name + "\"");
    }
    auto ports = port_set::parse(text);
    if (!ports) return fail(errc::invalid_ports, "profile " + name + ": " + ports.error().detail);
    out.profiles_.emplace(name, std::move(*ports));
  }
  return out;
}

void profile_book::set_depth(std::string_view name, scan_depth depth) {
  depths_.insert_or_assign(std::string(name), depth);
}

std::optional<scan_depth> profile_book::depth_of(std::string_view name) const {
  auto found = depths_.find(name);
  return found == depths_.end() ? std::nullopt : std::optional(found->second);
}

const port_set* profile_book::find(std::string_view name) const {
  auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

bool profile_book::is_built_in(std::string_view name) const {
  return name == default_profile || name == full_profile;
}

std::vector<std::string_view> profile_book::names() const {
  std::vector<std::string_view> out;
  for (const auto& [name, ports] : profiles_)
    out.emplace_back(name);
  return out;
}

error profile_book::unknown(std::string_view name) const {
  std::string mend;
  if (auto meant = nearest_word(name, names()); !meant.empty()) {
    mend = "; did you mean \"" + std::string(meant) + "\"?";
  } else {
    mend = "; known:";
    const char* between = " ";
    for (auto known : names()) {
      mend += between + std::string(known);
      between = ", ";
    }
  }
  return fail(errc::invalid_ports,
              "there is no profile \"" + std::string(name.substr(0, 64)) + "\"" + mend);
}

result<port_set> profile_book::ports_of(std::string_view profile, std::string_view ports) const {
  if (!ports.empty()) return port_set::parse(ports);
  if (const auto* known = find(profile)) return *known;
  if (!is_profile_name(profile)) return port_set::parse(profile);
  return unknown(profile);
}

}  // namespace sonde::model
