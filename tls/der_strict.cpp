#include "tls/der.hpp"

#include <algorithm>

namespace sonde::tls::der {
namespace {

/// The maximum nesting depth, larger than that of any certificate. Deeper data do not count as DER.
constexpr int deepest = 32;

std::uint8_t octet(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// Checks that the length uses as few octets as possible (X.690, section 10.1), and so does a tag
/// number beyond 30 (section 8.1.2.4.2).
bool has_shortest_header(const element& e) {
  std::size_t header = e.whole.size() - e.content.size();
  std::size_t identifier = 1;
  if ((e.tag & 0x1FU) == 0x1F) {
    if (octet(e.whole, 1) == 0x80) return false;
    while ((octet(e.whole, identifier) & 0x80U) != 0)
      ++identifier;
    ++identifier;
    if (identifier == 2 && octet(e.whole, 1) < 0x1F) return false;
  }
  if (octet(e.whole, identifier) == 0x80) return false;  // the indefinite form
  std::size_t length = 1;
  if (e.content.size() >= 0x80) {
    for (std::size_t rest = e.content.size(); rest > 0; rest >>= 8U)
      ++length;
  }
  return header == identifier + length;
}

bool is_shortest_integer(std::string_view content) {
  if (content.empty()) return false;
  if (content.size() == 1) return true;
  bool negative = octet(content, 1) >= 0x80;
  return octet(content, 0) != (negative ? 0xFF : 0x00);
}

bool is_shortest_oid(std::string_view content) {
  if (content.empty() || octet(content, content.size() - 1) >= 0x80) return false;
  bool begins_arc = true;
  for (char byte : content) {
    if (begins_arc && static_cast<std::uint8_t>(byte) == 0x80) return false;
    begins_arc = static_cast<std::uint8_t>(byte) < 0x80;
  }
  return true;
}

bool is_strict_bit_string(std::string_view content) {
  if (content.empty()) return false;
  unsigned unused = octet(content, 0);
  if (unused == 0) return true;
  if (unused > 7 || content.size() == 1) return false;
  return (octet(content, content.size() - 1) & ((1U << unused) - 1)) == 0;
}

/// Checks a time (X.690, sections 11.7 and 11.8).
bool is_strict_time(std::string_view content, std::size_t digits) {
  return content.size() == digits + 1 && content.back() == 'Z' &&
         std::all_of(content.begin(), content.end() - 1,
                     [](char c) { return c >= '0' && c <= '9'; });
}

bool is_strict_primitive(const element& e) {
  switch (e.tag) {
    case boolean:
      return e.content.size() == 1 && (octet(e.content, 0) == 0 || octet(e.content, 0) == 0xFF);
    case integer:
    case enumerated: return is_shortest_integer(e.content);
    case object_identifier: return is_shortest_oid(e.content);
    case bit_string: return is_strict_bit_string(e.content);
    case utc_time: return is_strict_time(e.content, 12);
    case generalized_time: return is_strict_time(e.content, 14);
    default: return true;
  }
}

bool is_strict(std::string_view bytes, int depth) {
  if (depth > deepest) return false;
  reader elements(bytes);
  auto e = elements.next();
  if (!e || !elements.empty() || !has_shortest_header(*e)) return false;
  if ((e->tag & constructed) == 0) return is_strict_primitive(*e);
  bool universal = e->tag < 0x40;
  if (universal && e->tag != sequence && e->tag != set) return false;  // a string in pieces
  reader children(e->content);
  std::string_view previous;
  while (!children.empty()) {
    auto child = children.next();
    if (!child || !is_strict(child->whole, depth + 1)) return false;
    if (e->tag == set && child->whole < previous) return false;
    previous = child->whole;
  }
  return true;
}

}  // namespace

bool is_strict_der(std::string_view bytes) {
  return is_strict(bytes, 0);
}

}  // namespace sonde::tls::der
