#include "model/facts/comment.hpp"

#include "model/text/field_reader.hpp"

namespace sonde::model {
namespace {

constexpr std::uint32_t comment_depth = 4;

}  // namespace

comment make_comment(const entity_id& entity, std::string text, std::optional<comment_id> parent,
                     provenance from) {
  comment out;
  out.id = comment_id_of(entity, from.source, text, parent ? parent->str() : std::string());
  out.entity = entity;
  out.text = std::move(text);
  out.parent = std::move(parent);
  out.from = std::move(from);
  return out;
}

std::string to_json_text(const comment& comment) {
  json out = {
      {"id", comment.id.str()}, {"entityID", comment.entity.str()}, {"comment", comment.text}};
  if (comment.parent) out["parentID"] = comment.parent->str();
  put_provenance(out, comment.from);
  return to_text(out);
}

result<comment> parse_comment(std::string_view text) {
  auto object = parse_json(text, comment_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  comment out;
  out.id = comment_id(fields.text("id"));
  out.entity = entity_id(fields.text("entityID"));
  out.text = fields.text("comment");
  if (auto parent = fields.text_or("parentID", {}); !parent.empty()) {
    out.parent = comment_id(std::move(parent));
  }
  out.from = read_provenance(fields);
  if (!is_comment_id(out.id.str())) fields.refuse("id", "not a comment id");
  if (!is_entity_id(out.entity.str())) fields.refuse("entityID", "not an entity id");
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
