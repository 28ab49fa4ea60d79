#include "tls/oid.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cstdint>

namespace sonde::tls {

std::string dotted(std::string_view oid_content) {
  auto undecodable = [&] { return "#" + to_hex(oid_content); };
  if (oid_content.empty()) return undecodable();
  std::string out;
  std::uint64_t arc = 0;
  bool inside_arc = false;
  for (char byte : oid_content) {
    if (arc >> 57U != 0) return undecodable();
    auto bits = static_cast<std::uint8_t>(byte);
    arc = arc << 7U | (bits & 0x7FU);
    inside_arc = bits >= 0x80;
    if (inside_arc) continue;
    if (out.empty()) {
      std::uint64_t root = std::min<std::uint64_t>(arc / 40, 2);
      out = std::to_string(root);
      arc -= root * 40;
    }
    out += '.';
    out += std::to_string(arc);
    arc = 0;
  }
  return inside_arc ? undecodable() : out;
}

std::string name_or_oid(std::span<const named_oid> table, std::string_view oid) {
  auto found = std::ranges::find(table, oid, &named_oid::oid);
  return std::string(found == table.end() ? oid : found->name);
}

}  // namespace sonde::tls
