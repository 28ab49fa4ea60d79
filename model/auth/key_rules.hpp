#pragma once

#include "base/result.hpp"
#include "model/auth/credential.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The rules for creating and using keys. Pure. HTTP and the command line use the same rules.

/// Returns true for `admin` and `sonde`, in any letter case. These sources are reserved for the
/// daemon. Only the first key and the keys derived from it belong to them.
[[nodiscard]] bool is_reserved_user(std::string_view id);

/// The present rights of a key.
struct key_rights {
  std::vector<std::string> roles;
  group_list groups;
  std::optional<wall_time> expires;  ///< the earliest expiry in the chain to the first key
  key_id first;                      ///< the first key of the chain; often the key itself
  std::size_t depth = 1;             ///< keys from this one to the first, both included
};

enum class key_state { valid, expired, revoked };

/// The result of a check. `rights` is set if the key is valid.
struct checked_key {
  key_state state = key_state::valid;
  key_rights rights;
};

/// Checks a key together with the keys that it derives from. `chain`: the key, its parent, and so
/// on to the first key. A derived key has only roles and groups that every key before it has, and
/// it ends with the earliest of them. It is `revoked` if one of them is revoked or missing, if one
/// belongs to another user, or if no group is left.
[[nodiscard]] checked_key check_chain(std::span<const credential* const> chain, wall_time now);

/// Fails if an order asks for more than the rights of the key that orders it. `most_depth`:
/// the limit `key_depth`.
[[nodiscard]] result<> check_derived(const key_order& order, const key_rights& parent,
                                     std::size_t most_depth);

/// Fails if an order names a reserved user and no key orders it.
[[nodiscard]] result<> check_reserved_user(const key_order& order);

}  // namespace sonde::model
