#include "model/facts/entity.hpp"

#include "base/enum_names.hpp"
#include "model/errc.hpp"
#include "model/text/field_reader.hpp"

namespace sonde::model {

BOOST_DESCRIBE_ENUM(association_mode, aggregation, association)

namespace {

constexpr std::uint32_t fact_depth = 16;

int read_reputation(field_reader& fields) {
  auto value = fields.signed_number("reputation");
  if (value >= worst_reputation && value <= best_reputation) return static_cast<int>(value);
  fields.refuse("reputation", "not between -3 and 3");
  return 0;
}

}  // namespace

void put_provenance(json& out, const provenance& from) {
  out["visibleBy"] = from.visible_by;
  out["source"] = from.source;
  out["time"] = to_rfc3339(from.time);
  if (from.task) out["task"] = from.task->str();
}

provenance read_provenance(field_reader& fields) {
  provenance out;
  out.visible_by = fields.texts("visibleBy");
  out.source = fields.text("source");
  out.time = fields.time("time");
  if (auto task = fields.text_or("task", {}); !task.empty()) out.task = task_id(task);
  return out;
}

std::string_view name_of(association_mode mode) {
  return enum_name(mode);
}

std::optional<association_mode> read_association_mode(std::string_view name) {
  return enum_named<association_mode>(name);
}

entity make_entity(std::string type, const std::string& value, json attributes, provenance from) {
  entity out;
  out.id = entity_id_of(type, value);
  out.attributes = std::move(attributes);
  out.attributes[type] = value;
  out.type = std::move(type);
  out.from = std::move(from);
  return out;
}

association make_association(const entity_id& from_entity, association_mode mode,
                             const entity_id& to_entity, json evidence, provenance from) {
  association out;
  out.id = association_id_of(from_entity, name_of(mode), to_entity);
  out.from_entity = from_entity;
  out.mode = mode;
  out.to_entity = to_entity;
  out.evidence = std::move(evidence);
  out.from = std::move(from);
  return out;
}

std::string to_json_text(const entity& entity) {
  json out = {{"id", entity.id.str()},
              {"type", entity.type},
              {"attributes", entity.attributes},
              {"tags", entity.tags}};
  if (entity.reputation) out["reputation"] = *entity.reputation;
  if (entity.well_known) out["wellKnown"] = true;
  if (!entity.correlate.empty()) out["correlate"] = entity.correlate;
  put_provenance(out, entity.from);
  return to_text(out);
}

std::string to_json_text(const association& association) {
  json out = {{"id", association.id.str()},
              {"entityID", association.from_entity.str()},
              {"mode", name_of(association.mode)},
              {"relatedEntityID", association.to_entity.str()}};
  if (!association.evidence.is_null()) out["evidence"] = association.evidence;
  put_provenance(out, association.from);
  return to_text(out);
}

result<entity> parse_entity(std::string_view text) {
  auto object = parse_json(text, fact_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  entity out;
  out.id = entity_id(fields.text("id"));
  out.type = fields.text("type");
  out.attributes = fields.any("attributes");
  out.tags = fields.texts("tags");
  out.from = read_provenance(fields);
  if (!fields.any("reputation").is_null()) out.reputation = read_reputation(fields);
  out.well_known = fields.boolean_or("wellKnown", false);
  if (!fields.any("correlate").is_null()) out.correlate = fields.texts("correlate");
  if (!out.attributes.is_object()) fields.refuse("attributes", "missing, or not an object");
  if (!is_entity_id(out.id.str())) fields.refuse("id", "not an entity id");
  if (fields.failed()) return fields.first_error();
  return out;
}

result<association> parse_association(std::string_view text) {
  auto object = parse_json(text, fact_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  association out;
  out.id = association_id(fields.text("id"));
  out.from_entity = entity_id(fields.text("entityID"));
  out.to_entity = entity_id(fields.text("relatedEntityID"));
  auto mode = read_association_mode(fields.text("mode"));
  if (!mode) fields.refuse("mode", "neither aggregation nor association");
  out.mode = mode.value_or(association_mode::association);
  out.evidence = fields.any("evidence");
  out.from = read_provenance(fields);
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
