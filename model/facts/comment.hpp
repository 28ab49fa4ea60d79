#pragma once

#include "base/result.hpp"
#include "model/facts/entity.hpp"
#include "model/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sonde::model {

/// The limit of a comment's text, in bytes.
constexpr std::size_t longest_comment = 65'536;

/// A user's comment on an entity, or a reply to another comment on the same entity.
struct comment {
  comment_id id;
  entity_id entity;
  std::string text;
  std::optional<comment_id> parent;
  provenance from;
  bool operator==(const comment&) const = default;
};

/// Makes a comment and computes its id.
[[nodiscard]] comment make_comment(const entity_id& entity, std::string text,
                                   std::optional<comment_id> parent, provenance from);

[[nodiscard]] std::string to_json_text(const comment& comment);
[[nodiscard]] result<comment> parse_comment(std::string_view text);

}  // namespace sonde::model
