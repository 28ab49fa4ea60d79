#include "scanner/modules/http_facts.hpp"

#include "base/ascii.hpp"
#include "scanner/modules/http_products.hpp"
#include "scanner/modules/http_response.hpp"
#include "scanner/modules/text_match.hpp"

#include <array>

namespace sonde::scanner {
namespace {

constexpr std::size_t longest_http_page = 16 * 1024;  // of a body, where the facts are looked for
constexpr std::size_t longest_html_title = 200;
constexpr std::size_t longest_html_tag = 512;
constexpr std::size_t most_http_schemes = 8;

struct http_fact {
  std::string_view field;
  const char* fact;
};
constexpr std::array<http_fact, 5> http_facts = {{{"server", "server"},
                                                  {"x-powered-by", "powered-by"},
                                                  {"x-aspnet-version", "asp-net"},
                                                  {"x-generator", "generator"},
                                                  {"via", "via"}}};

void add_http_fact(model::service_observation& service, const char* name, std::string_view value) {
  if (!value.empty()) service.facts.push_back({name, std::string(value)});
}

/// The schemes of all challenges and the first realm (RFC 9110, section 11.6.1).
void note_http_challenges(std::string_view head, model::service_observation& service) {
  constexpr std::string_view realm_start = "realm=\"";
  std::string schemes;
  std::string_view realm;
  std::size_t count = 0;
  http_field_reader fields(head);
  for (http_field field; count < most_http_schemes && fields.next(field);) {
    if (!ascii::equal_ignoring_case(field.name, "www-authenticate")) continue;
    if (count++ > 0) schemes += ", ";
    schemes += field.value.substr(0, field.value.find(' '));
    auto begin = field.value.find(realm_start);
    if (begin == std::string_view::npos || !realm.empty()) continue;
    realm = field.value.substr(begin + realm_start.size());
    realm = realm.substr(0, realm.find('"'));
  }
  add_http_fact(service, "authentication", schemes);
  add_http_fact(service, "realm", realm);
}

/// Returns the text after the next `<name` of an HTML page; empty: there is no more. The name's
/// case does not matter. `page` continues there.
std::string_view next_html_tag(std::string_view& page, std::string_view name) {
  for (auto at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    auto word = page.substr(at + 1, name.size());
    if (!ascii::equal_ignoring_case(word, name)) continue;
    page.remove_prefix(at + 1 + name.size());
    return page;
  }
  page = {};
  return {};
}

std::string_view first_http_page(std::string_view body) {
  return body.substr(0, longest_http_page);
}

}  // namespace

std::string html_title(std::string_view body) {
  auto page = first_http_page(body);
  auto tag = next_html_tag(page, "title");
  auto begin = tag.find('>');
  if (begin == std::string_view::npos) return {};
  auto end = tag.find('<', begin);
  if (end == std::string_view::npos) return {};
  std::string out;
  for (char c : tag.substr(begin + 1, end - begin - 1)) {
    bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
    if (out.size() >= longest_html_title) break;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string_view html_generator(std::string_view body) {
  constexpr std::string_view content = "content=\"";
  constexpr int most_tags = 64;
  auto page = first_http_page(body);
  for (int i = 0; i < most_tags && !page.empty(); ++i) {
    auto tag = next_html_tag(page, "meta").substr(0, longest_html_tag);
    tag = tag.substr(0, tag.find('>'));
    if (!ascii::contains_ignoring_case(tag, "name=\"generator\"")) continue;
    auto begin = tag.find(content);
    if (begin == std::string_view::npos) return {};
    auto value = tag.substr(begin + content.size());
    return value.substr(0, value.find('"'));
  }
  return {};
}

void note_http_facts(std::string_view response, model::service_observation& service) {
  auto status = http_status(response);
  add_http_fact(service, "status", status);
  if (!is_http_head_complete(response)) return;
  auto head = http_head(response);
  auto body = http_body(response);
  if (status.starts_with('3')) add_http_fact(service, "location", http_value(head, "location"));
  note_http_challenges(head, service);
  for (const auto& each : http_facts)
    add_http_fact(service, each.fact, http_value(head, each.field));
  if (http_value(head, "x-generator").empty()) {
    add_http_fact(service, "generator", html_generator(body));
  }
  add_http_fact(service, "title", html_title(body));
  note_http_product(head, body, service);
}

}  // namespace sonde::scanner
