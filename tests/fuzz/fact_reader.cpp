// Reads any bytes as the views read entities and associations. The reader accepts exactly what the
// model's parser accepts, except for a duplicate field.

#include "views/fact_reader.hpp"

#include "model/facts/entity.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static views::fact_reader reader;
  auto text = fuzz::text_of(data, size);
  auto told = reader.entity(text);
  if (auto parsed = model::parse_entity(text)) {
    require(bool(told) == parsed->attributes.contains(parsed->type));
    if (told) {
      require(told->id == parsed->id && told->has_tags == !parsed->tags.empty());
      require(told->from.time == parsed->from.time);
    }
  }
  if (told) {
    require(model::parse_own(told->attributes).is_object());
    require(model::parse_own(told->tags).is_array());
  }
  auto edge = reader.association(text);
  if (auto parsed = model::parse_association(text)) {
    require(edge && edge->to_entity == parsed->to_entity && edge->mode == parsed->mode);
  }
  if (edge) require(!model::parse_own(edge->evidence).is_discarded());
  return 0;
}
