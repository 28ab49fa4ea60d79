#include "model/text/field_reader.hpp"

#include "model/errc.hpp"

#include <limits>

namespace sonde::model {
namespace {

const json nothing;

}  // namespace

field_reader::field_reader(const json& object) : object_(object) {
  if (!object.is_object()) first_error_ = "not a JSON object";
}

const json& field_reader::any(const char* name) const {
  if (!object_.is_object()) return nothing;
  auto found = object_.find(name);
  return found == object_.end() ? nothing : *found;
}

void field_reader::refuse(const char* name, std::string_view why) {
  if (first_error_.empty()) first_error_ = std::string(name) + ": " + std::string(why);
}

std::string field_reader::text(const char* name) {
  const auto& value = any(name);
  if (value.is_string()) return value.get<std::string>();
  refuse(name, "missing, or not a string");
  return {};
}

std::string field_reader::text_or(const char* name, std::string otherwise) {
  return any(name).is_null() ? std::move(otherwise) : text(name);
}

std::uint64_t field_reader::number(const char* name) {
  const auto& value = any(name);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  refuse(name, "missing, or not a number from 0 up");
  return 0;
}

std::uint32_t field_reader::small_number(const char* name) {
  auto value = number(name);
  if (value > std::numeric_limits<std::uint32_t>::max()) refuse(name, "too large");
  return static_cast<std::uint32_t>(value);
}

std::uint32_t field_reader::small_number_or(const char* name, std::uint32_t otherwise) {
  return any(name).is_null() ? otherwise : small_number(name);
}

std::int64_t field_reader::signed_number(const char* name) {
  const auto& value = any(name);
  bool fits = value.is_number_integer() &&
              (!value.is_number_unsigned() ||
               value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max());
  if (fits) return value.get<std::int64_t>();
  refuse(name, "missing, or not an integer");
  return 0;
}

bool field_reader::boolean_or(const char* name, bool otherwise) {
  const auto& value = any(name);
  if (value.is_null()) return otherwise;
  if (value.is_boolean()) return value.get<bool>();
  refuse(name, "not true or false");
  return otherwise;
}

wall_time field_reader::time(const char* name) {
  auto parsed = from_rfc3339(text(name));
  if (!parsed) refuse(name, "not a time in UTC with milliseconds");
  return parsed.value_or(wall_time{});
}

std::optional<wall_time> field_reader::time_if_any(const char* name) {
  if (any(name).is_null()) return std::nullopt;
  return time(name);
}

std::vector<std::string> field_reader::texts(const char* name) {
  std::vector<std::string> out;
  const auto& value = any(name);
  if (!value.is_array()) {
    refuse(name, "missing, or not a list");
    return out;
  }
  for (const auto& item : value) {
    if (item.is_string()) {
      out.push_back(item.get<std::string>());
    } else {
      refuse(name, "has an item that is not a string");
    }
  }
  return out;
}

error field_reader::first_error() const {
  return fail(errc::invalid_record, first_error_);
}

}  // namespace sonde::model
