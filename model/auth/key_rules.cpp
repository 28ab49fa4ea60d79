#include "model/auth/key_rules.hpp"

#include "model/errc.hpp"
#include "model/text/letter_case.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::model {
namespace {

constexpr const char* reserved_users[] = {"admin", "sonde"};

bool holds_name(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool covers_role(const std::vector<std::string>& roles, const std::string& role) {
  return holds_name(roles, role) || holds_name(roles, roles::admin);
}

/// Reduces rights to those of a parent key.
void cut_rights(key_rights& rights, const credential& parent) {
  std::erase_if(rights.roles,
                [&](const std::string& role) { return !covers_role(parent.roles, role); });
  std::erase_if(rights.groups,
                [&](const std::string& group) { return !holds_name(parent.groups, group); });
  if (parent.expires && (!rights.expires || *parent.expires < *rights.expires)) {
    rights.expires = parent.expires;
  }
}

}  // namespace

bool is_reserved_user(std::string_view id) {
  auto lower = lower_case(id);
  return std::ranges::any_of(reserved_users, [&](const char* user) { return lower == user; });
}

checked_key check_chain(std::span<const credential* const> chain, wall_time now) {
  checked_key out;
  out.state = key_state::revoked;
  if (chain.empty() || !chain.back()->parent.empty()) return out;
  const auto& key = *chain.front();
  auto& rights = out.rights;
  rights = {key.roles, key.groups, key.expires, chain.back()->id, chain.size()};
  for (const auto* each : chain) {
    if (each->revoked || each->user_id != key.user_id) return out;
    if (each != &key) cut_rights(rights, *each);
  }
  if (rights.groups.empty()) return out;
  bool over = rights.expires && *rights.expires <= now;
  out.state = over ? key_state::expired : key_state::valid;
  return out;
}

result<> check_derived(const key_order& order, const key_rights& parent, std::size_t most_depth) {
  if (parent.depth + 1 > most_depth) {
    return fail(errc::invalid_field,
                fmt::format("this key is derived from another one, {} levels deep, which is the "
                            "limit (limits.key_depth); use a key nearer to the first one",
                            parent.depth));
  }
  for (const auto& role : order.roles) {
    if (covers_role(parent.roles, role)) continue;
    return fail(errc::invalid_field, "roles: the calling key does not have the role " + role +
                                         "; a derived key has no more rights than its parent");
  }
  for (const auto& group : order.groups) {
    if (holds_name(parent.groups, group)) continue;
    return fail(errc::invalid_field, "groups: the calling key is not in the group " + group +
                                         "; a derived key has no more rights than its parent");
  }
  return {};
}

result<> check_reserved_user(const key_order& order) {
  if (!order.parent.empty() || !is_reserved_user(order.user_id)) return {};
  return fail(errc::invalid_field,
              "user: \"" + order.user_id + "\" is reserved for Sonde itself; name another user");
}

}  // namespace sonde::model
