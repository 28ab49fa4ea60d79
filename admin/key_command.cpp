#include "admin/key_command.hpp"

#include "model/text/field_reader.hpp"
#include "model/text/json.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace sonde::admin {
namespace {

using model::json;
using verb = key_command::verb;

constexpr std::uint32_t command_depth = 4;
constexpr const char* names_of_verbs[] = {"create", "list", "revoke"};

}  // namespace

std::string to_json_text(const key_command& command) {
  const auto& order = command.order;
  json out = {{"verb", names_of_verbs[static_cast<int>(command.what)]},
              {"id", command.id},
              {"name", order.name},
              {"user", order.user_id},
              {"roles", order.roles},
              {"groups", order.groups},
              {"days", order.days}};
  return model::to_text(out);
}

result<key_command> parse_key_command(std::string_view text) {
  auto parsed = model::parse_json(text, command_depth);
  if (!parsed) return parsed.error();
  model::field_reader fields(*parsed);
  key_command out;
  auto name = fields.text("verb");
  auto found = std::ranges::find(names_of_verbs, name);
  if (found == std::end(names_of_verbs)) {
    fields.refuse("verb", "there is no such verb");
  } else {
    out.what = static_cast<verb>(found - std::begin(names_of_verbs));
  }
  out.id = fields.text("id");
  out.order.name = fields.text("name");
  out.order.user_id = fields.text("user");
  out.order.roles = fields.texts("roles");
  out.order.groups = fields.texts("groups");
  out.order.days = fields.small_number("days");
  if (fields.failed()) return fields.first_error();
  return out;
}

std::string_view action_of(verb what) {
  switch (what) {
    case verb::create: return "key.create";
    case verb::revoke: return "key.revoke";
    case verb::list: break;
  }
  return {};
}

}  // namespace sonde::admin
