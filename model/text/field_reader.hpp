#pragma once

#include "base/clock.hpp"
#include "model/text/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sonde::model {

/// Reads the fields of one JSON object of a record, and stores the first error. A parser reads all
/// fields and then checks once for an error.
///
/// Unknown fields are skipped, because a newer version of this program may have written them.
class field_reader {
 public:
  explicit field_reader(const json& object);

  [[nodiscard]] std::string text(const char* name);
  [[nodiscard]] std::string text_or(const char* name, std::string otherwise);
  [[nodiscard]] std::uint64_t number(const char* name);
  [[nodiscard]] std::uint32_t small_number(const char* name);
  [[nodiscard]] std::uint32_t small_number_or(const char* name, std::uint32_t otherwise);
  [[nodiscard]] std::int64_t signed_number(const char* name);
  [[nodiscard]] bool boolean_or(const char* name, bool otherwise);
  [[nodiscard]] wall_time time(const char* name);
  [[nodiscard]] std::optional<wall_time> time_if_any(const char* name);
  [[nodiscard]] std::vector<std::string> texts(const char* name);
  /// Returns the value of a field, or null if the field is missing.
  [[nodiscard]] const json& any(const char* name) const;

  void refuse(const char* name, std::string_view why);
  [[nodiscard]] bool failed() const { return !first_error_.empty(); }
  /// Returns the first error, as an error of this folder.
  [[nodiscard]] error first_error() const;

 private:
  const json& object_;
  std::string first_error_;
};

/// Reads each item of a list with `read_one`. A missing list is empty.
template <class Read>
[[nodiscard]] auto read_list(field_reader& fields, const char* name, Read read_one)
    -> std::vector<typename std::invoke_result_t<Read, const json&>::value_type> {
  std::vector<typename std::invoke_result_t<Read, const json&>::value_type> out;
  const auto& list = fields.any(name);
  if (list.is_null()) return out;
  if (!list.is_array()) fields.refuse(name, "not a list");
  for (const auto& item : list) {
    auto one = read_one(item);
    if (one) {
      out.push_back(std::move(*one));
    } else {
      fields.refuse(name, one.error().message());
    }
  }
  return out;
}

}  // namespace sonde::model
