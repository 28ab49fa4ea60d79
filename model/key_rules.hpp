#pragma once

#include "base/result.hpp"
#include "model/credential.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The rules by which keys are made and used. Pure; HTTP and the command line follow the same ones.

/// `admin` and `sonde`, in any letter case: sources of that name are the daemon's own. No key is
/// made for them but the first one and what derives from it.
[[nodiscard]] bool is_reserved_user(std::string_view id);

/// What a key may do now.
struct key_rights {
  std::vector<std::string> roles;
  group_list groups;
  std::optional<wall_time> expires;  ///< the earliest expiry on the way to the first key
  key_id first;                      ///< the key that all of them derive from; itself, mostly
  std::size_t depth = 1;             ///< keys from this one to the first, both counted
};

enum class key_state { valid, expired, revoked };

/// `rights` is filled in where the key is valid.
struct checked_key {
  key_state state = key_state::valid;
  key_rights rights;
};

/// Checks a key together with the keys that it derives from. `chain`: the key, its parent, and so
/// on, to the first one. A derived key has those of its roles and groups that every key before it
/// has, and ends with the first of them that ends. It is `revoked` where one of them is revoked or
/// missing, belongs to another user, or where no group is left.
[[nodiscard]] checked_key check_chain(std::span<const credential* const> chain, wall_time now);

/// Fails where an order asks for more than the key that orders it may do. `most_depth`:
/// `limits::key_depth`.
[[nodiscard]] result<> check_derived(const key_order& order, const key_rights& parent,
                                     std::size_t most_depth);

/// Fails where an order names a reserved user and no key orders it.
[[nodiscard]] result<> check_reserved_user(const key_order& order);

}  // namespace sonde::model
