#include "base/ascii.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t ident_ports[] = {113};
constexpr std::size_t ident_longest = 512;

constexpr std::array<std::string_view, 4> ident_errors = {"INVALID-PORT", "NO-USER", "HIDDEN-USER",
                                                          "UNKNOWN-ERROR"};

bool is_ident_port(std::string_view text) {
  auto number = ascii::trimmed(text, " ");
  return !number.empty() && number.size() <= 5 &&
         number.find_first_not_of("0123456789") == std::string_view::npos;
}

/// `0 , 0 : ERROR : INVALID-PORT` (RFC 1413, section 4). A reply that names a user does not count:
/// the request has no valid port.
std::optional<recognition> recognise_ident(std::string_view said) {
  auto line = line_of(said);
  if (line.size() > ident_longest || said.find('\n') == std::string_view::npos) {
    return std::nullopt;
  }
  auto comma = line.find(',');
  auto first = line.find(':');
  if (comma == std::string_view::npos || first == std::string_view::npos || comma > first) {
    return std::nullopt;
  }
  auto second = line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  bool ports = is_ident_port(line.substr(0, comma)) &&
               is_ident_port(line.substr(comma + 1, first - comma - 1));
  auto kind = ascii::trimmed(line.substr(first + 1, second - first - 1), " ");
  auto error = ascii::trimmed(line.substr(second + 1), " ");
  bool known_error = std::ranges::find(ident_errors, error) != ident_errors.end();
  if (!ports || kind != "ERROR" || !known_error) return std::nullopt;
  auto out = text_service("ident", line);
  out.complete = true;
  return out;
}

/// No connection uses port 0, so every server refuses it.
talk_step read_ident(std::string_view response, const talk_context&) {
  constexpr std::string_view allowed = "0123456789 ,:";
  auto known = recognise_ident(response);
  if (known) {
    known->service.sure = model::confidence::proven;
    return talk_step::is(std::move(*known));
  }
  auto colon = std::min(response.find(':'), response.size());
  bool may_be = response.size() < ident_longest && !response.starts_with(' ') &&
                response.find('\n') == std::string_view::npos &&
                response.substr(0, colon).find_first_not_of(allowed) == std::string_view::npos;
  return may_be ? talk_step::incomplete() : talk_step::not_ours();
}

std::unique_ptr<protocol_talk> talk_ident(const talk_context& context) {
  return std::make_unique<one_exchange>("0, 0\r\n", read_ident, context);
}

}  // namespace

constinit const protocol_module ident_module{
    .name = "ident", .hinted_ports = ident_ports, .recognise = recognise_ident, .talk = talk_ident};

}  // namespace sonde::scanner::modules
