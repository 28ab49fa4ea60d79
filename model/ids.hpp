#pragma once

#include "base/hash.hpp"
#include "base/named_id.hpp"
#include "model/net/target.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// K: target, profile and visibility of a scan. 64 hexadecimal digits.
using target_key = named_id<struct target_key_kind>;
/// One scan of K. A UUID (RFC 9562, version 8) in its usual text form.
using task_id = named_id<struct task_id_kind>;
/// The id of an entity: `<type>-<64 hexadecimal digits>`.
using entity_id = named_id<struct entity_id_kind>;
/// The id of an association: 64 hexadecimal digits.
using association_id = named_id<struct association_id_kind>;

/// The id of a comment: 64 hexadecimal digits.
using comment_id = named_id<struct comment_id_kind>;

/// A set of groups, sorted and unique: the visibility of an object.
using group_list = std::vector<std::string>;

/// SHA-256 over the canonical target, the profile and each group, every field preceded by its
/// length as an unsigned 32-bit big-endian number.
[[nodiscard]] target_key key_of(const target& target, std::string_view profile,
                                const group_list& visibility);

/// UUIDv8 from SHA-256 over the key's 32 bytes and the generation as an unsigned 64-bit big-endian
/// number. Every process that sees the same state derives the same id.
[[nodiscard]] task_id task_id_of(const target_key& key, std::uint64_t generation);

/// Returns `<type>-` and the SHA3-256 of the canonical main value.
[[nodiscard]] entity_id entity_id_of(std::string_view type, std::string_view canonical_value);

/// SHA3-256 over `from`, the mode and `to`, with a line feed between them.
[[nodiscard]] association_id association_id_of(const entity_id& from, std::string_view mode,
                                               const entity_id& to);

/// SHA3-256 over the entity's id, the author, the text and the id of the parent comment (empty if
/// there is none), every field preceded by its length as an unsigned 32-bit big-endian number. A
/// repeated comment has the same id.
[[nodiscard]] comment_id comment_id_of(const entity_id& entity, std::string_view author,
                                       std::string_view text, std::string_view parent);
/// A UUIDv8 (RFC 9562, section 5.8) from a digest's first bytes, as text.
[[nodiscard]] std::string uuid_text(sha256_digest digest);

/// Returns true for the text form that `task_id_of` produces. A scan with another id cannot exist.
[[nodiscard]] bool is_task_id(std::string_view text);
/// Reads the id of a scan from a caller. Its digits may be upper case (RFC 9562, section 4).
[[nodiscard]] std::optional<task_id> read_task_id(std::string text);
/// Returns true for `<type>-<64 hexadecimal digits>`.
[[nodiscard]] bool is_entity_id(std::string_view text);
/// Returns true for 64 hexadecimal digits.
[[nodiscard]] bool is_comment_id(std::string_view text);

}  // namespace sonde::model
