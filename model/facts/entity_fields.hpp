#pragma once

#include "base/result.hpp"
#include "model/facts/definitions.hpp"
#include "model/facts/work_budget.hpp"
#include "model/net/address_scope.hpp"
#include "model/text/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reads the fields of an entity in a request body. Only the sources of this folder include it.
///
/// `at` is the prefix of a field's name in an error message: `associations[0].`, or empty.
namespace sonde::model::entity_fields {

/// Makes an error `errc::invalid_value`. Its sentence begins with the place.
[[nodiscard]] error refused(const std::string& where, const std::string& what);
/// Makes an error `errc::over_budget`. Its sentence begins with the place.
[[nodiscard]] error too_much_work(const std::string& where);
/// Returns "is of the JSON type …", for a value of the wrong type.
[[nodiscard]] std::string of_type(const json& value);
/// Returns a word from outside for use in a sentence: quoted and cut.
[[nodiscard]] std::string shown(std::string_view word);

/// Reads a list of words, sorted and unique. No word may be blank or longer than `longest` bytes.
[[nodiscard]] result<std::vector<std::string>> words(const json& list, std::size_t most,
                                                     std::size_t longest, const std::string& where);

[[nodiscard]] result<const definition*> type_of(const json& body, const std::string& at);

struct checked_attributes {
  json values = json::object();  ///< in canonical form, each of its JSON type
  std::string main_value;        ///< as text
};
/// Reads `attributes`, which must contain the main value of the type. An attribute with the name of
/// a type has the data type of that type. The attributes of this program's own types may be any
/// scalars or lists of scalars.
[[nodiscard]] result<checked_attributes> attributes_of(const json& body, const definition& what,
                                                       const std::string& at,
                                                       const address_scope& scope,
                                                       work_budget& budget);

/// Reads `reputation`, if it is present.
[[nodiscard]] result<std::optional<int>> reputation_of(const json& body, const std::string& at);

}  // namespace sonde::model::entity_fields
