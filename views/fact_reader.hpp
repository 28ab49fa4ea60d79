#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/facts/entity.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::views {

/// An entity as its record reports it. Fields that the view only stores stay JSON text.
struct told_entity {
  model::entity_id id;
  std::string type;
  std::string value;         ///< the attribute whose name is the type
  std::string attributes;    ///< a JSON object
  std::string tags;          ///< a JSON list of strings
  bool has_details = false;  ///< has more attributes than its main value
  bool has_tags = false;
  std::optional<int> reputation;
  bool well_known = false;
  model::provenance from;  ///< without the task
};

struct told_association {
  model::entity_id from_entity;
  model::entity_id to_entity;
  model::association_mode mode = model::association_mode::association;
  std::string evidence;  ///< any JSON value
  model::provenance from;
};

/// Parses the values of `entities` and `associations` with Boost.JSON, in a buffer that it reuses:
/// the views fold every such record, so this is their hottest code. It accepts and refuses the same
/// values as `model::parse_entity` and `model::parse_association`, except for a duplicate field, of
/// which the last one counts. Used by one thread at a time.
class fact_reader {
 public:
  fact_reader();
  ~fact_reader();

  [[nodiscard]] result<told_entity> entity(std::string_view text);
  [[nodiscard]] result<told_association> association(std::string_view text);

 private:
  struct memory;
  std::unique_ptr<memory> memory_;
};

}  // namespace sonde::views
