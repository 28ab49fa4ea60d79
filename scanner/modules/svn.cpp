#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t svn_ports[] = {3690};

/// The number in front, at most four digits, and the space after it, are taken from `text`.
std::string_view take_svn_number(std::string_view& text) {
  auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > 4 || !text.substr(digits).starts_with(' ')) return {};
  auto number = text.substr(0, digits);
  text.remove_prefix(digits + 1);
  return number;
}

/// The end of the list that begins the text, or zero.
std::size_t svn_list_end(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1;
  }
  return 0;
}

/// `( success ( 2 2 ( ) ( edit-pipeline … ) ) )`: oldest and newest version, mechanisms,
/// capabilities (Subversion's libsvn_ra_svn/protocol, section 3.1).
std::optional<recognition> recognise_svn(std::string_view said) {
  constexpr std::string_view start = "( success ( ";
  if (!said.starts_with(start)) return std::nullopt;
  auto rest = said.substr(start.size());
  auto oldest = take_svn_number(rest);
  auto newest = take_svn_number(rest);
  if (oldest.empty() || newest.empty() || !rest.starts_with("( ")) return std::nullopt;
  auto end = svn_list_end(said);
  auto out = text_service("svn", end == 0 ? said : said.substr(0, end));
  out.complete = end > 0;
  out.service.sure = model::confidence::proven;
  auto versions = std::string(oldest);
  if (newest != oldest) versions += "-" + std::string(newest);
  out.service.facts.push_back({"protocol-version", std::move(versions)});
  auto list = rest.find(") ( ");
  if (list != std::string_view::npos) {
    auto capabilities = rest.substr(list + 4);
    capabilities = capabilities.substr(0, capabilities.find(" )"));
    out.service.facts.push_back({"capabilities", std::string(capabilities)});
  }
  return out;
}

}  // namespace

constinit const protocol_module svn_module{
    .name = "svn", .hinted_ports = svn_ports, .recognise = recognise_svn};

}  // namespace sonde::scanner::modules
