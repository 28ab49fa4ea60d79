#pragma once

#include "base/clock.hpp"
#include "base/named_id.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// Names a key: 24 lower-case hexadecimal digits. No secret.
using key_id = named_id<struct key_id_kind>;

/// What a caller can be. `admin` may do what all others may.
namespace roles {
inline constexpr const char* admin = "admin";
inline constexpr const char* user = "user";
inline constexpr const char* reporter = "reporter";
inline constexpr const char* trusted = "trusted";
inline constexpr const char* metrics = "metrics";  ///< reads what a process counts, and no more
}  // namespace roles

/// Everybody who may read sees what this group may see.
inline constexpr const char* public_group = "public";

/// What stands in `credentials`: a key, as much of it as this program keeps. The secret is not
/// among it, only its hash.
struct credential {
  key_id id;
  std::string hash;  ///< `secret_hash`, 64 hexadecimal digits
  std::string name;
  std::string user_id;
  std::string user_name;
  std::vector<std::string> roles;  ///< sorted, unique; one that is not known here gives nothing
  group_list groups;               ///< sorted, unique, never empty
  wall_time created{};
  std::optional<wall_time> expires;  ///< nothing: never
  std::optional<wall_time> revoked;
  key_id parent;  ///< the key that made it by HTTP, and bounds what it may do; empty: none

  [[nodiscard]] bool expired_at(wall_time now) const { return expires && *expires <= now; }
  bool operator==(const credential&) const = default;
};

[[nodiscard]] std::string to_json_text(const credential& key);
/// Refuses what no version of this program wrote.
[[nodiscard]] result<credential> parse_credential(std::string_view text);

/// When a key was last used. It stands beside the key under a key of the topic of its own, so that
/// it never takes the place of a revocation.
struct key_use {
  key_id id;
  wall_time at{};
  bool operator==(const key_use&) const = default;
};
[[nodiscard]] std::string to_json_text(const key_use& use);
[[nodiscard]] result<key_use> parse_key_use(std::string_view text);

/// The two halves of what a caller shows. `api-key` and `api-secret` are these two as they are.
struct key_parts {
  std::string id;
  std::string secret;
  bool operator==(const key_parts&) const = default;
};

/// Both in one word, as a bearer token: `sonde_<id>_<secret>`.
[[nodiscard]] std::string token_of(const key_parts& parts);
/// The inverse; nothing for any other text.
[[nodiscard]] std::optional<key_parts> parse_token(std::string_view token);

/// SHA-256 over the id, a colon and the secret. A secret is 256 random bits, so there is nothing to
/// guess that a slow hash would protect; the id in front makes each hash its key's own.
[[nodiscard]] std::string secret_hash(std::string_view id, std::string_view secret);

/// What a key is to be.
struct key_order {
  std::string name;
  std::string user_id;  ///< empty: a user of its own, called after the key's id
  std::string user_name;
  std::vector<std::string> roles;
  group_list groups;       ///< empty: the user's own group, `user:<user id>`
  std::uint32_t days = 0;  ///< zero: it does not expire
  key_id parent = {};      ///< the key that orders it; empty: the operator does
};

/// Fails where an order is none: it names a field, what is wrong and the mend.
[[nodiscard]] result<> check_order(const key_order& order, std::uint32_t most_days);
[[nodiscard]] result<> check_group(std::string_view name);
[[nodiscard]] result<> check_user_id(std::string_view id);

inline constexpr std::size_t key_id_bytes = 12;
inline constexpr std::size_t secret_bytes = 32;
using key_bytes = std::array<std::byte, key_id_bytes + secret_bytes>;

/// A key that has just been made. The secret exists here and in what its owner is told.
struct new_key {
  credential what;
  std::string secret;
};
/// From an order that has been checked, and bytes that nobody can guess.
[[nodiscard]] new_key make_key(key_order order, const key_bytes& random, wall_time now);

/// The response that creates a key, the only one with its secret: `apiKey, apiSecret, keyID,
/// keyName, expires, verified, verificationCodeID`, and the two halves as one `token`. `expireAt`
/// is `expires` in Unix seconds, 0 where the key does not expire: the name and form of earlier
/// versions.
[[nodiscard]] json to_json(const new_key& made);
/// What anybody else may be told of a key: never its secret, nor the hash of it. `last_used`: where
/// that is known. Times are RFC 3339; `expireAt`, `createdAt` and `lastUsed` have them in Unix
/// seconds, as in earlier versions.
[[nodiscard]] json describe(const credential& key, std::optional<wall_time> last_used);

/// `groups`, sorted and unique.
[[nodiscard]] group_list normal_groups(group_list groups);

}  // namespace sonde::model
