#pragma once

#include "base/result.hpp"
#include "model/address_scope.hpp"
#include "model/definitions.hpp"
#include "model/json.hpp"
#include "model/work_budget.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The fields of an entity in a request's body, one by one. Included by this folder's sources only.
///
/// `at` begins the name of a field in an error's sentence: `associations[0].`, or nothing.
namespace sonde::model::entity_fields {

/// `errc::invalid_value`, in a sentence that begins with the place.
[[nodiscard]] error refused(const std::string& where, const std::string& what);
/// `errc::over_budget`, in such a sentence.
[[nodiscard]] error too_much_work(const std::string& where);
/// "is of the JSON type …", of a value that should have been of another.
[[nodiscard]] std::string of_type(const json& value);
/// A word from outside as it may stand in a sentence: quoted and cut.
[[nodiscard]] std::string shown(std::string_view word);

/// The words of a list, sorted and unique, each neither blank nor longer than `longest` bytes.
[[nodiscard]] result<std::vector<std::string>> words(const json& list, std::size_t most,
                                                     std::size_t longest, const std::string& where);

[[nodiscard]] result<const definition*> type_of(const json& body, const std::string& at);

struct checked_attributes {
  json values = json::object();  ///< in canonical form, each of its own JSON type
  std::string main_value;        ///< as text
};
/// `attributes`, which has to hold the main value of the type. An attribute that is named like a
/// type is of that type's data type; those of our own types may be any scalars or lists of them.
[[nodiscard]] result<checked_attributes> attributes_of(const json& body, const definition& what,
                                                       const std::string& at,
                                                       const address_scope& scope,
                                                       work_budget& budget);

/// `reputation`, where it is given.
[[nodiscard]] result<std::optional<int>> reputation_of(const json& body, const std::string& at);

}  // namespace sonde::model::entity_fields
