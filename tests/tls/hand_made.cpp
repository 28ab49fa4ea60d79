#include "tests/tls/hand_made.hpp"

#include "tls/der.hpp"

#include <charconv>

namespace sonde::test {
namespace der = tls::der;

std::string tlv(std::uint8_t tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    std::string length;
    for (std::size_t rest = content.size(); rest > 0; rest >>= 8U)
      length.insert(0, 1, static_cast<char>(rest & 0xFFU));
    out += static_cast<char>(0x80U | length.size());
    out += length;
  }
  return out.append(content);
}

std::string sequence(std::initializer_list<std::string> elements) {
  std::string content;
  for (const auto& element : elements)
    content += element;
  return tlv(der::sequence, content);
}

std::string oid(std::string_view dotted) {
  std::vector<std::uint64_t> arcs;
  while (!dotted.empty()) {
    std::uint64_t arc = 0;
    auto end = std::from_chars(dotted.data(), dotted.data() + dotted.size(), arc).ptr;
    arcs.push_back(arc);
    dotted.remove_prefix(static_cast<std::size_t>(end - dotted.data()));
    if (!dotted.empty()) dotted.remove_prefix(1);
  }
  arcs[1] += arcs[0] * 40;
  std::string content;
  for (std::size_t i = 1; i < arcs.size(); ++i) {
    std::string groups;
    for (auto rest = arcs[i]; groups.empty() || rest > 0; rest >>= 7U) {
      auto more = groups.empty() ? 0U : 0x80U;
      groups.insert(0, 1, static_cast<char>(more | (rest & 0x7FU)));
    }
    content += groups;
  }
  return tlv(der::object_identifier, content);
}

std::string from_hex(std::string_view digits) {
  std::string out;
  std::string pair;
  for (char digit : digits) {
    if (digit == ' ') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    out += static_cast<char>(std::stoi(pair, nullptr, 16));
    pair.clear();
  }
  return out;
}

std::string name(std::initializer_list<attribute> attributes) {
  std::string content;
  for (const auto& one : attributes)
    content += tlv(der::set, sequence({oid(one.type), tlv(one.tag, one.content)}));
  return tlv(der::sequence, content);
}

std::string extension(std::string_view id, const std::string& value, bool critical) {
  std::string said = critical ? tlv(der::boolean, "\xFF") : std::string();
  return sequence({oid(id), said, tlv(der::octet_string, value)});
}

hand_made::hand_made()
    : version(tlv(der::context_constructed(0), tlv(der::integer, "\x02"))),
      serial(tlv(der::integer, "\x01")),
      algorithm(sequence({oid("1.2.840.113549.1.1.11"), from_hex("0500")})),
      issuer(name({{"2.5.4.3", der::utf8_string, "issuer"}})),
      validity(
          sequence({tlv(der::utc_time, "260101000000Z"), tlv(der::utc_time, "261231235959Z")})),
      subject(name({{"2.5.4.3", der::utf8_string, "subject"}})) {
  std::string modulus = std::string(1, '\0') + std::string(256, '\xFF');
  auto numbers = sequence({tlv(der::integer, modulus), tlv(der::integer, from_hex("010001"))});
  key = sequence({sequence({oid("1.2.840.113549.1.1.1"), from_hex("0500")}),
                  tlv(der::bit_string, std::string(1, '\0') + numbers)});
}

std::string hand_made::der() const {
  std::string list;
  for (const auto& one : extensions)
    list += one;
  if (!list.empty()) list = tlv(der::context_constructed(3), tlv(der::sequence, list));
  auto tbs = sequence({version, serial, algorithm, issuer, validity, subject, key, list});
  return sequence({tbs, algorithm, tlv(der::bit_string, std::string(257, '\0'))});
}

}  // namespace sonde::test
