// Parses any bytes as the body of a submitted entity.

#include "model/facts/submission.hpp"

#include "model/errc.hpp"
#include "model/events.hpp"
#include "model/text/json.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::uint32_t depth = 32;

/// An accepted submission can be written and read back, and is within its limits.
void check(const model::submission& made, const model::submission_context& context) {
  require(!made.entities.empty() && made.entities.size() <= context.entities);
  require(made.entities.front().id == made.id);
  for (const auto& entity : made.entities) {
    require(model::is_entity_id(entity.id.str()) && entity.attributes.contains(entity.type));
    auto again = model::parse_entity(to_record(entity, std::string("r/0"), "").value);
    require(again && *again == entity);
  }
  for (const auto& edge : made.associations) {
    auto again = model::parse_association(to_record(edge, std::string("r/0"), "").value);
    require(again && again->id == edge.id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const model::address_scope scope;
  model::submission_context context{"fuzz", {"public"}, {"public", "blue"}, false, {}, scope,
                                    4,      50};
  auto body = model::parse_json(fuzz::text_of(data, size), depth);
  if (!body) return 0;
  for (bool well_known : {false, true}) {
    auto made = well_known ? model::parse_well_known(*body, context)
                           : model::parse_submission(*body, context);
    auto thrifty = context;
    thrifty.work = 100;
    auto cheap = well_known ? model::parse_well_known(*body, thrifty)
                            : model::parse_submission(*body, thrifty);
    if (!cheap && cheap.error().code == make_error_code(model::errc::over_budget)) {
      require(made || !made.error().message().empty());
    } else {
      require(cheap.has_value() == made.has_value());
    }
    if (made) {
      check(*made, context);
    } else {
      require(!made.error().message().empty() && made.error().message().size() < 4'000);
    }
  }
  return 0;
}
