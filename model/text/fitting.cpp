#include "model/text/fitting.hpp"

#include "base/utf8.hpp"
#include "model/text/text.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace sonde::model {
namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::size_t replacement_bytes = 3;
constexpr std::size_t escaped_bytes = 6;

/// Returns the number of bytes that nlohmann's serialiser writes for one byte of ASCII.
std::size_t encoded_byte(unsigned char c) {
  switch (c) {
    case '"':
    case '\\':
    case '\b':
    case '\f':
    case '\n':
    case '\r':
    case '\t': return 2;
    default: return c < ' ' ? escaped_bytes : 1;
  }
}

/// Returns the length of the code point at the start of a text, or zero if it is not valid.
std::size_t point_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && size < 4 &&
         (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
    ++size;
  while (size > 0 && !is_utf8(text.substr(0, size)))
    --size;
  return size;
}

}  // namespace

std::size_t encoded_size(std::string_view text) {
  std::size_t size = 0;
  bool ascii = true;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    ascii = ascii && byte < 0x80U;
    size += encoded_byte(byte);
  }
  if (ascii || is_utf8(text)) return size;
  auto beyond = std::ranges::count_if(text, [](char c) { return (c & 0x80) != 0; });
  return size + static_cast<std::size_t>(beyond) * (replacement_bytes - 1);
}

std::string_view cut_encoded(std::string_view text, std::size_t most_bytes) {
  std::size_t end = 0;
  std::size_t size = 0;
  while (end < text.size()) {
    auto bytes = point_size(text.substr(end));
    auto encoded = bytes == 0   ? replacement_bytes
                   : bytes == 1 ? encoded_byte(static_cast<unsigned char>(text[end]))
                                : bytes;
    if (size + encoded > most_bytes) break;
    size += encoded;
    end += std::max<std::size_t>(1, bytes);
  }
  return text.substr(0, end);
}

std::string shortened(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes && encoded_size(text) <= most_bytes) return std::string(text);
  auto room = most_bytes - std::min(most_bytes, ellipsis.size());
  return std::string(cut_encoded(text, room)) + std::string(room > 0 ? ellipsis : "");
}

namespace {

/// The largest value that is not halved.
constexpr std::size_t least_halved = 64;
constexpr std::string_view total_suffix = "-total";
/// The bytes of a number of any size and of the characters around a field.
constexpr std::size_t longest_number = 26;

std::size_t size_of_value(const json& value) {
  return to_text(value).size();
}

/// Halves a value. Returns true if the rest is not worth keeping.
bool halve(json& value) {
  if (value.is_array() && value.size() > 1) {
    auto& items = value.get_ref<json::array_t&>();
    items.resize(items.size() / 2);
    return false;
  }
  if (!value.is_string()) return true;
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() <= least_halved) return true;
  auto half = std::string(cut_at(text, text.size() / 2));
  value = std::move(half);
  return false;
}

std::size_t total_of(const json& value) {
  return value.is_string() ? value.get_ref<const std::string&>().size() : value.size();
}

}  // namespace

void shorten_attributes(json& attributes, std::string_view main_name, std::size_t most_bytes) {
  auto size = size_of_value(attributes);
  if (size <= most_bytes) return;
  attributes["truncated"] = true;
  size = size_of_value(attributes);
  std::map<std::string, std::size_t> sizes;
  for (const auto& [name, value] : attributes.items()) {
    if (name != main_name && name != "truncated") sizes[name] = size_of_value(value);
  }
  // Sizes are updated in place. Serialising a long list at each step would take time by the square
  // of its length.
  while (size > most_bytes && !sizes.empty()) {
    auto largest =
        std::ranges::max_element(sizes, {}, [](const auto& each) { return each.second; });
    const auto& name = largest->first;
    const auto& value = attributes[name];
    auto total = name + std::string(total_suffix);
    bool counts = value.is_array() || value.is_string();
    if (counts && largest->second > least_halved && !attributes.contains(total)) {
      attributes[total] = total_of(value);
      size += total.size() + longest_number;
    }
    bool gone = halve(attributes[name]);
    auto left = gone ? 0 : size_of_value(attributes[name]);
    size -= largest->second - left;
    largest->second = left;
    if (!gone) continue;
    attributes.erase(name);
    sizes.erase(largest);
  }
  if (size <= most_bytes) return;
  json whole = {{"truncated", true}};
  if (auto main = attributes.find(main_name); main != attributes.end()) {
    whole[std::string(main_name)] = *main;
  }
  attributes = std::move(whole);
}

}  // namespace sonde::model
