#include "model/facts/entity_fields.hpp"

#include "model/errc.hpp"
#include "model/facts/entity.hpp"
#include "model/facts/value.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::model::entity_fields {
namespace {

constexpr std::size_t most_attributes = 200;
constexpr std::size_t most_list_values = 1000;

/// Returns the nearest known name, as the end of a sentence.
std::string meant(std::string_view word, const std::vector<std::string_view>& known) {
  auto near = nearest_word(word, known);
  return near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?";
}

/// Checks a text of a list. The text is not trimmed, and its length is bounded.
result<> check_word(const json& item, std::size_t longest, const std::string& where) {
  if (!item.is_string()) return refused(where, of_type(item) + "; it must be a string");
  const auto& text = item.get_ref<const std::string&>();
  if (is_blank(text)) return refused(where, "is blank; give a value or leave it out");
  if (text.size() <= longest) return {};
  return refused(where, fmt::format("is longer than {} bytes; shorten it", longest));
}

/// Converts a canonical value to its JSON type: numbers and booleans are not strings.
json typed(data_type type, const std::string& canonical) {
  if (type != data_type::integer && type != data_type::floating && type != data_type::boolean) {
    return canonical;
  }
  return parse_own(canonical);
}

/// Checks an attribute of this program's own types. These attributes have no data types.
result<> check_scalar(const json& value, const std::string& where) {
  if (value.is_number() || value.is_boolean()) return {};
  if (!value.is_string()) {
    return refused(where, of_type(value) + "; it must be a string, a number, true or false");
  }
  if (value.get_ref<const std::string&>().size() <= longest_value) return {};
  return refused(where, fmt::format("is longer than {} bytes; shorten it", longest_value));
}

result<json> own_attribute(const json& value, const std::string& where) {
  if (!value.is_array()) {
    if (auto fine = check_scalar(value, where); !fine) return fine.error();
    return value;
  }
  if (value.size() > most_list_values) {
    return refused(where, fmt::format("holds more than {} values", most_list_values));
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto fine = check_scalar(value[i], where + "[" + std::to_string(i) + "]");
    if (!fine) return fine.error();
  }
  return value;
}

/// Returns the work to check an attribute of this program's own types, in the units of
/// `value_work`.
std::uint64_t own_work(const json& value) {
  constexpr std::size_t bytes_of_unit = 16;
  if (value.is_string()) return 1 + value.get_ref<const std::string&>().size() / bytes_of_unit;
  return value.is_array() ? 1 + value.size() : 1;
}

struct attribute_context {
  const definition& what;
  const address_scope& scope;
  work_budget& budget;
};

result<json> attribute(const std::string& name, const json& value, const std::string& where,
                       const attribute_context& context, std::string& canonical) {
  const auto& what = context.what;
  bool listed = std::ranges::find(what.attributes, name) != what.attributes.end();
  const auto* known = find_definition(name);
  bool own = what.type == "service" || what.type == "banner" || what.type == "certificate";
  if (own && listed && name != what.type) {
    if (!context.budget.spend(own_work(value))) return too_much_work(where);
    return own_attribute(value, where);
  }
  if (known == nullptr) {
    std::vector<std::string_view> names = what.attributes;
    for (const auto& each : all_definitions())
      names.push_back(each.type);
    return refused(where, "is not an attribute that this server knows" + meant(name, names));
  }
  if (!context.budget.spend(value_work(known->main_value, value))) return too_much_work(where);
  auto made = canonical_value(known->main_value, value, context.scope);
  if (!made) return refused(where, made.error().message());
  canonical = *made;
  return typed(known->main_value, *made);
}

}  // namespace

error refused(const std::string& where, const std::string& what) {
  return fail(errc::invalid_value, where + ": " + what);
}

error too_much_work(const std::string& where) {
  return fail(errc::over_budget,
              where +
                  ": checking the request up to here exceeds the work limit of one request; send "
                  "less in one request, or shorter regular expressions");
}

std::string of_type(const json& value) {
  return "is of the JSON type " + std::string(value.type_name());
}

std::string shown(std::string_view word) {
  constexpr std::size_t most = 64;
  return "\"" + std::string(cut_at(word, most)) + "\"";
}

result<std::vector<std::string>> words(const json& list, std::size_t most, std::size_t longest,
                                       const std::string& where) {
  if (!list.is_array()) return refused(where, of_type(list) + "; it must be a list of strings");
  if (list.size() > most) {
    return refused(where, fmt::format("has more than {} texts; leave some out", most));
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto fine = check_word(list[i], longest, where + "[" + std::to_string(i) + "]");
    if (!fine) return fine.error();
    out.push_back(list[i].get<std::string>());
  }
  std::ranges::sort(out);
  auto twice = std::unique(out.begin(), out.end());
  out.erase(twice, out.end());
  return out;
}

result<const definition*> type_of(const json& body, const std::string& at) {
  auto found = body.find("type");
  if (found == body.end()) return refused(at + "type", "is missing; name the entity's type");
  if (!found->is_string()) return refused(at + "type", of_type(*found) + "; it must be a string");
  const auto& name = found->get_ref<const std::string&>();
  if (const auto* what = find_definition(name)) return what;
  std::vector<std::string_view> known;
  for (const auto& each : all_definitions())
    known.push_back(each.type);
  return refused(at + "type", "there is no " + shown(name) + meant(name, known) +
                                  (nearest_word(name, known).empty()
                                       ? "; GET /api/ingest/v1/definitions lists the types"
                                       : ""));
}

result<checked_attributes> attributes_of(const json& body, const definition& what,
                                         const std::string& at, const address_scope& scope,
                                         work_budget& budget) {
  auto where = at + "attributes";
  auto found = body.find("attributes");
  if (found == body.end()) return refused(where, "is missing; give an object");
  if (!found->is_object()) return refused(where, of_type(*found) + "; it must be an object");
  std::string type(what.type);
  if (!found->contains(type)) {
    return refused(where, "holds no \"" + type + "\", which is the main value of this type");
  }
  if (found->size() > most_attributes) {
    return refused(where, fmt::format("holds more than {} attributes", most_attributes));
  }
  checked_attributes out;
  attribute_context context{what, scope, budget};
  for (const auto& [name, value] : found->items()) {
    std::string canonical;
    auto made =
        attribute(name, value, where + "." + std::string(cut_at(name, 64)), context, canonical);
    if (!made) return made.error();
    if (name == type) out.main_value = std::move(canonical);
    out.values[name] = std::move(*made);
  }
  return out;
}

result<std::optional<int>> reputation_of(const json& body, const std::string& at) {
  auto word = body.find("reputation");
  if (word == body.end()) return std::optional<int>();
  bool fits = word->is_number_integer() && *word >= worst_reputation && *word <= best_reputation;
  if (fits) return std::optional(word->get<int>());
  return refused(at + "reputation",
                 "is not an integer from -3 (malicious) over 0 (neutral) to 3 (benign)");
}

}  // namespace sonde::model::entity_fields
