#include "base/ascii.hpp"
#include "model/facts/value_rules.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>

namespace sonde::model::value_rules {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

/// Suggests a correction for a value that is not hexadecimal.
std::string mend_of(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return "; leave the 0x out";
  if (text.find(':') != std::string_view::npos) return "; leave the colons out";
  return {};
}

}  // namespace

result<std::string> uuid(std::string_view text) {
  static const RE2 form(
      "(?:(?i:urn:uuid:)([0-9A-Fa-f-]{36})|\\{([0-9A-Fa-f-]{36})\\}|([0-9A-Fa-f-]{36})|"
      "([0-9A-Fa-f]{32}))");
  static const RE2 groups("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  re2::StringPiece urn;
  re2::StringPiece braced;
  re2::StringPiece plain;
  re2::StringPiece bare;
  if (RE2::FullMatch(text, form, &urn, &braced, &plain, &bare)) {
    auto out = ascii::lower_case(urn.as_string() + braced.as_string() + plain.as_string());
    if (!bare.empty()) {
      out = ascii::lower_case(bare.as_string());
      for (std::size_t hyphen : {8U, 13U, 18U, 23U})
        out.insert(hyphen, 1, '-');
    }
    if (RE2::FullMatch(out, groups)) return out;
  }
  return refuse(text, "is not a UUID; write it as in 123e4567-e89b-12d3-a456-426614174000");
}

result<std::string> md5(std::string_view text) {
  if ((text.size() == 32 || text.size() == 16) && is_hex(text)) return ascii::lower_case(text);
  return refuse(text, "is not an MD5: that is 32 or 16 hexadecimal digits" + mend_of(text));
}

result<std::string> digest(std::string_view text, std::size_t bits) {
  auto digits = bits / 4;
  if (text.size() == digits && is_hex(text)) return ascii::lower_case(text);
  return refuse(text, fmt::format("is not a digest of {} bits: that is {} hexadecimal digits{}",
                                  bits, digits, mend_of(text)));
}

result<std::string> file_id(std::string_view text) {
  if (auto out = md5(text)) return out;
  if (auto out = digest(text, 256)) return out;
  if (auto out = uuid(text)) return out;
  return refuse(text,
                "is neither an MD5 (32 or 16 hexadecimal digits) nor a SHA3-256 (64) nor a UUID" +
                    mend_of(text));
}

result<std::string> hexadecimal(std::string_view text) {
  if (!is_hex(text)) return refuse(text, "is not hexadecimal" + mend_of(text));
  if (text.size() % 2 != 0) {
    return refuse(text, "has an odd number of hexadecimal digits; a byte has two");
  }
  return ascii::lower_case(text);
}

result<std::string> base64(std::string_view text) {
  static const RE2 form("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?");
  if (RE2::FullMatch(text, form)) return std::string(text);
  return refuse(text,
                "is not Base64: write groups of four of A-Z, a-z, 0-9, + and /, the last one "
                "filled up with =");
}

}  // namespace sonde::model::value_rules
