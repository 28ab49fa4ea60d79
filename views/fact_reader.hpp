#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/entity.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::views {

/// An entity as its record tells it. What the view only stores stays the JSON text that it is.
struct told_entity {
  model::entity_id id;
  std::string type;
  std::string value;         ///< the attribute that is called like the type
  std::string attributes;    ///< an object
  std::string tags;          ///< a list of texts
  bool has_details = false;  ///< it has more attributes than its main value
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

/// Reads the values of `entities` and `associations`, with Boost.JSON, in memory of its own that it
/// uses again: the views fold each of these records, so this is their hottest code. It takes and
/// refuses what `model::parse_entity` and `model::parse_association` do, but for a field that
/// stands twice: the last one counts. Used by one thread at a time.
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
