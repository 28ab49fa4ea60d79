#pragma once

#include "base/clock.hpp"
#include "model/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// Reads the fields of one JSON object of a record, and remembers the first that is not as it
/// should be, so that a parser asks for all fields in a row and looks once whether it worked.
///
/// Unknown fields are skipped: a newer version of this program may have written them.
class field_reader {
 public:
  explicit field_reader(const json& object);

  [[nodiscard]] std::string text(const char* name);
  [[nodiscard]] std::string text_or(const char* name, std::string otherwise);
  [[nodiscard]] std::uint64_t number(const char* name);
  [[nodiscard]] std::uint32_t small_number(const char* name);
  [[nodiscard]] std::int64_t signed_number(const char* name);
  [[nodiscard]] bool boolean_or(const char* name, bool otherwise);
  [[nodiscard]] wall_time time(const char* name);
  [[nodiscard]] std::optional<wall_time> time_if_any(const char* name);
  [[nodiscard]] std::vector<std::string> texts(const char* name);
  /// The field's value, or null where there is none.
  [[nodiscard]] const json& any(const char* name) const;

  void refuse(const char* name, std::string_view why);
  [[nodiscard]] bool failed() const { return !trouble_.empty(); }
  /// The first trouble, as an error of this folder.
  [[nodiscard]] error trouble() const;

 private:
  const json& object_;
  std::string trouble_;
};

}  // namespace sonde::model
