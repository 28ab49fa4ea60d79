#pragma once

#include "base/clock.hpp"
#include "base/named_id.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/text/json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The id of a key: 24 lower-case hexadecimal digits. It is not secret.
using key_id = named_id<struct key_id_kind>;

/// The roles of a key. `admin` includes the rights of all other roles.
namespace roles {
inline constexpr const char* admin = "admin";
inline constexpr const char* user = "user";
inline constexpr const char* reporter = "reporter";
inline constexpr const char* trusted = "trusted";
inline constexpr const char* metrics = "metrics";  ///< may only read the metrics of a process
}  // namespace roles

/// The group whose data every reader sees.
inline constexpr const char* public_group = "public";

/// A record of `credentials`: the stored part of a key. It contains the hash of the secret, not the
/// secret.
struct credential {
  key_id id;
  std::string hash;  ///< `secret_hash`, 64 hexadecimal digits
  std::string name;
  std::string user_id;
  std::string user_name;
  std::vector<std::string> roles;  ///< sorted, unique; an unknown role gives no rights
  group_list groups;               ///< sorted, unique, never empty
  wall_time created{};
  std::optional<wall_time> expires;  ///< nullopt: never
  std::optional<wall_time> revoked;
  key_id parent;  ///< the key that created it by HTTP and bounds its rights; empty: none

  [[nodiscard]] bool expired_at(wall_time now) const { return expires && *expires <= now; }
  bool operator==(const credential&) const = default;
};

[[nodiscard]] std::string to_json_text(const credential& key);
/// Parses a record. Refuses a text that no version of this program wrote.
[[nodiscard]] result<credential> parse_credential(std::string_view text);

/// The time of a key's last use. It is stored in the same topic under a separate record key, so
/// that it never replaces a revocation.
struct key_use {
  key_id id;
  wall_time at{};
  bool operator==(const key_use&) const = default;
};
[[nodiscard]] std::string to_json_text(const key_use& use);
[[nodiscard]] result<key_use> parse_key_use(std::string_view text);

/// The id and the secret that a caller presents. `api-key` and `api-secret` contain them unchanged.
struct key_parts {
  std::string id;
  std::string secret;
  bool operator==(const key_parts&) const = default;
};

/// Joins both parts to a bearer token: `sonde_<id>_<secret>`.
[[nodiscard]] std::string token_of(const key_parts& parts);
/// The inverse of `token_of`. Returns nullopt for any other text.
[[nodiscard]] std::optional<key_parts> parse_token(std::string_view token);

/// SHA-256 over the id, a colon and the secret. A secret is 256 random bits, so a slow hash would
/// add no protection against guessing. The id makes the hash of each key unique.
[[nodiscard]] std::string secret_hash(std::string_view id, std::string_view secret);

/// An order for a new key.
struct key_order {
  std::string name;
  std::string user_id;  ///< empty: a separate user, named after the key's id
  std::string user_name;
  std::vector<std::string> roles;
  group_list groups;       ///< empty: the user's own group, `user:<user id>`
  std::uint32_t days = 0;  ///< zero: no expiry
  key_id parent = {};      ///< the key that orders it; empty: the operator orders it
};

/// Checks an order. The error names the field, the defect and the correction.
[[nodiscard]] result<> check_order(const key_order& order, std::uint32_t most_days);
[[nodiscard]] result<> check_group(std::string_view name);
[[nodiscard]] result<> check_user_id(std::string_view id);

inline constexpr std::size_t key_id_bytes = 12;
inline constexpr std::size_t secret_bytes = 32;
using key_bytes = std::array<std::byte, key_id_bytes + secret_bytes>;

/// A newly created key. The secret exists only here and in the response to its owner.
struct new_key {
  credential what;
  std::string secret;
};
/// Makes a key from a checked order and unpredictable bytes.
[[nodiscard]] new_key make_key(key_order order, const key_bytes& random, wall_time now);

/// The response that creates a key. Only this response contains the secret. Its fields are `apiKey,
/// apiSecret, keyID, keyName, expires, verified, verificationCodeID`, and `token`, which joins id
/// and secret. `expireAt` is `expires` in Unix seconds, or 0 if the key does not expire: the name
/// and form of earlier versions.
[[nodiscard]] json to_json(const new_key& made);
/// The description of a key for other readers. It never contains the secret or its hash.
/// `last_used` is nullopt if unknown. Times are RFC 3339; `expireAt`, `createdAt` and `lastUsed`
/// contain them in Unix seconds, as in earlier versions.
[[nodiscard]] json describe(const credential& key, std::optional<wall_time> last_used);

/// Returns `groups`, sorted and unique.
[[nodiscard]] group_list normal_groups(group_list groups);

}  // namespace sonde::model
