#include "tls/der.hpp"

#include <bit>
#include <utility>

namespace sonde::tls::der {
namespace {

constexpr std::uint8_t long_form_tag = 0x1F;
constexpr std::uint8_t indefinite_form = 0x80;
constexpr std::string_view end_of_contents{"\0\0", 2};
/// The maximum nesting of elements in the indefinite form; deeper elements are rejected.
constexpr int deepest_indefinite = 32;

struct header {
  std::uint8_t tag = 0;
  std::size_t size = 0;  ///< of the header itself
  std::size_t length = 0;
  bool indefinite = false;
};

std::optional<header> read_header(std::string_view bytes) {
  auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  if (bytes.empty()) return std::nullopt;
  header out{octet(0), 1};
  if ((out.tag & long_form_tag) == long_form_tag) {
    while (out.size < bytes.size() && (octet(out.size) & 0x80U) != 0)
      ++out.size;
    ++out.size;
  }
  if (out.size >= bytes.size()) return std::nullopt;
  std::uint8_t first = octet(out.size++);
  out.length = first & 0x7FU;
  if (first < 0x80) return out;
  out.indefinite = first == indefinite_form;
  if (out.indefinite && (out.tag & constructed) == 0) return std::nullopt;
  std::size_t count = std::exchange(out.length, 0);
  if (count > sizeof(std::uint32_t) || count > bytes.size() - out.size) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i)
    out.length = out.length << 8U | octet(out.size++);
  return out;
}

/// Returns the number of bytes before the end-of-contents of an element in the indefinite form.
std::optional<std::size_t> length_until_end(std::string_view bytes, int depth) {
  if (depth > deepest_indefinite) return std::nullopt;
  auto rest = bytes;
  while (!rest.starts_with(end_of_contents)) {
    auto next = read_header(rest);
    if (!next) return std::nullopt;
    std::size_t trailer = 0;
    if (next->indefinite) {
      auto length = length_until_end(rest.substr(next->size), depth + 1);
      if (!length) return std::nullopt;
      next->length = *length;
      trailer = end_of_contents.size();
    }
    if (next->length > rest.size() - next->size) return std::nullopt;
    rest.remove_prefix(next->size + next->length + trailer);
  }
  return bytes.size() - rest.size();
}

}  // namespace

std::optional<element> reader::next() {
  auto head = read_header(rest_);
  if (!head) return std::nullopt;
  std::size_t trailer = 0;
  if (head->indefinite) {
    auto length = length_until_end(rest_.substr(head->size), 0);
    if (!length) return std::nullopt;
    head->length = *length;
    trailer = end_of_contents.size();
  }
  if (head->length > rest_.size() - head->size) return std::nullopt;
  auto whole = rest_.substr(0, head->size + head->length + trailer);
  rest_.remove_prefix(whole.size());
  return element{head->tag, whole.substr(head->size, head->length), whole};
}

std::optional<element> reader::next(std::uint8_t tag) {
  if (rest_.empty() || static_cast<std::uint8_t>(rest_[0]) != tag) return std::nullopt;
  return next();
}

std::optional<element> only(std::string_view bytes, std::uint8_t tag) {
  reader elements(bytes);
  auto found = elements.next(tag);
  if (!elements.empty()) return std::nullopt;
  return found;
}

std::string_view magnitude(std::string_view integer) {
  while (!integer.empty() && integer.front() == '\0')
    integer.remove_prefix(1);
  return integer;
}

std::uint32_t bit_length(std::string_view integer) {
  auto bytes = magnitude(integer);
  if (bytes.empty()) return 0;
  auto first = static_cast<std::uint8_t>(bytes.front());
  return static_cast<std::uint32_t>((bytes.size() - 1) * 8) +
         static_cast<std::uint32_t>(std::bit_width(first));
}

std::optional<std::uint32_t> to_uint32(std::string_view integer) {
  if (integer.empty() || static_cast<std::uint8_t>(integer.front()) >= 0x80) return std::nullopt;
  if (bit_length(integer) > 32) return std::nullopt;
  std::uint32_t out = 0;
  for (char byte : magnitude(integer))
    out = out << 8U | static_cast<std::uint8_t>(byte);
  return out;
}

}  // namespace sonde::tls::der
