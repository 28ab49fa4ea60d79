#include "model/scan/number_list.hpp"

#include "base/hash.hpp"
#include "model/net/port_set.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

constexpr std::string_view bitmap_prefix = "bits:";
constexpr std::size_t largest_number = 65'535;
constexpr unsigned bits_of_byte = 8;
/// The size of `{"answered":false,"index":65535,"open":"","silent":""}`.
constexpr std::size_t cursor_names_bytes = 56;

std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

std::size_t bitmap_bytes(std::size_t largest) {
  return (largest + bits_of_byte - 1) / bits_of_byte;
}

std::string bitmap(const std::vector<std::uint16_t>& numbers) {
  std::string bytes(bitmap_bytes(numbers.back()), '\0');
  for (auto number : numbers) {
    auto place = number - 1U;
    auto& byte = bytes[place / bits_of_byte];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (place % bits_of_byte)));
  }
  return std::string(bitmap_prefix) + to_base64(bytes);
}

std::optional<std::vector<std::uint16_t>> parse_bitmap(std::string_view text) {
  auto bytes = from_base64(text);
  if (!bytes || bytes->size() > bitmap_bytes(largest_number)) return std::nullopt;
  std::vector<std::uint16_t> out;
  for (std::size_t place = 0; place < bytes->size() * bits_of_byte; ++place) {
    auto byte = static_cast<unsigned char>((*bytes)[place / bits_of_byte]);
    bool set = ((byte >> (place % bits_of_byte)) & 1U) != 0;
    if (!set) continue;
    if (place >= largest_number) return std::nullopt;
    out.push_back(static_cast<std::uint16_t>(place + 1));
  }
  return out;
}

}  // namespace

std::string number_list(std::vector<std::uint16_t> numbers) {
  std::erase(numbers, 0);
  if (numbers.empty()) return {};
  std::ranges::sort(numbers);
  auto as_bitmap = bitmap_prefix.size() + base64_size(bitmap_bytes(numbers.back()));
  auto list = port_set::of(numbers).text();
  return list.size() <= as_bitmap ? list : bitmap(numbers);
}

std::optional<std::vector<std::uint16_t>> parse_number_list(std::string_view text) {
  if (text.empty()) return std::vector<std::uint16_t>();
  if (text.starts_with(bitmap_prefix)) return parse_bitmap(text.substr(bitmap_prefix.size()));
  auto ports = port_set::parse(text);
  if (!ports) return std::nullopt;
  std::vector<std::uint16_t> out;
  out.reserve(ports->size());
  for (std::uint32_t i = 0; i < ports->size(); ++i)
    out.push_back(ports->at(i));
  return out;
}

sweep_cursor coarser(sweep_cursor cursor, std::size_t most_bytes) {
  // Neither list contains a character that JSON escapes, unless the list is invalid.
  auto open = parse_number_list(cursor.open);
  auto silent = parse_number_list(cursor.silent);
  sweep_cursor start;
  start.answered = cursor.answered;
  if (!open || !silent) return start;
  cursor.open = number_list(std::move(*open));
  cursor.silent = number_list(*silent);
  auto fixed = cursor_names_bytes + cursor.open.size();
  if (fixed + cursor.silent.size() <= most_bytes) return cursor;
  if (fixed + bitmap_prefix.size() >= most_bytes) return start;
  // This number of places fits a bitmap. A list is used only if it is shorter.
  auto bytes = (most_bytes - fixed - bitmap_prefix.size()) / 4 * 3;
  auto places = std::min<std::size_t>(cursor.index, bytes * bits_of_byte);
  cursor.index = static_cast<std::uint32_t>(places);
  std::erase_if(*silent, [places](std::uint16_t place) { return place > places; });
  cursor.silent = number_list(std::move(*silent));
  return cursor;
}

}  // namespace sonde::model
