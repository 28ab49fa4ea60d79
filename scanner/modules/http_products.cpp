#include "scanner/modules/http_products.hpp"

#include "base/ascii.hpp"
#include "scanner/modules/http_facts.hpp"
#include "scanner/modules/http_product_table.hpp"
#include "scanner/modules/http_response.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace sonde::scanner {
namespace {

constexpr std::size_t longest_http_version = 40;
constexpr std::size_t longest_http_clue = 16 * 1024;  // of a body, where words are looked for

/// The version that follows a word at once: `/9.3`, ` v1.23`, ` (2.13`. Empty: none does.
std::string_view http_version_behind(std::string_view text) {
  constexpr std::size_t most_signs = 3;
  auto digit = text.find_first_not_of(" /(v:=");
  if (digit > most_signs || digit >= text.size()) return {};
  auto version = text.substr(digit, longest_http_version);
  if (!starts_with_digits(version, 1)) return {};
  return version.substr(0, version.find_first_of(" \t,;()<>\"'&"));
}

bool is_http_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A product with its version, as far as a response shows them.
struct http_application {
  std::string_view product;
  std::string_view version;
};

/// The row of lowest number whose field is in the head: of two, the first one says more.
http_application http_application_by_field(std::string_view head,
                                           std::span<const http_field_clue> clues) {
  http_application out;
  auto best = clues.size();
  http_field_reader fields(head);
  for (http_field field; fields.next(field);) {
    for (std::size_t row = 0; row < best; ++row) {
      const auto& clue = clues[row];
      if (!ascii::equal_ignoring_case(field.name, clue.field)) continue;
      auto at = field.value.find(clue.word);
      if (at == std::string_view::npos) continue;
      best = row;
      auto behind = field.value.substr(at + clue.word.size());
      bool versioned = clue.version == http_version_clue::follows;
      out = {clue.product, versioned ? http_version_behind(behind) : std::string_view()};
    }
  }
  return out;
}

http_application http_application_by_cookie(std::string_view head,
                                            std::span<const http_word_clue> clues) {
  http_field_reader fields(head);
  for (http_field field; fields.next(field);) {
    if (!ascii::equal_ignoring_case(field.name, "set-cookie")) continue;
    auto name = field.value.substr(0, field.value.find('='));
    auto found = std::ranges::find_if(
        clues, [&](const http_word_clue& clue) { return name.starts_with(clue.word); });
    if (found != clues.end()) return {found->product, {}};
  }
  return {};
}

http_application http_application_by_words(std::string_view text,
                                           std::span<const http_word_clue> clues) {
  for (const auto& clue : clues) {
    auto at = text.find(clue.word);
    if (at == std::string_view::npos) continue;
    return {clue.product, http_version_behind(text.substr(at + clue.word.size()))};
  }
  return {};
}

bool http_title_fits(std::string_view title, const http_title_clue& clue) {
  switch (clue.place) {
    case http_title_place::whole: return title == clue.word;
    case http_title_place::begin: return title.starts_with(clue.word);
    case http_title_place::end: return title.ends_with(clue.word);
  }
  return false;
}

http_application http_application_by_title(std::string_view title) {
  for (const auto& clue : http_titles) {
    if (!http_title_fits(title, clue)) continue;
    bool begins = clue.place == http_title_place::begin;
    auto behind = begins ? title.substr(clue.word.size()) : std::string_view();
    return {clue.product, http_version_behind(behind)};
  }
  return {};
}

/// The value of Server, without the language in front: `Python/3.11 aiohttp/3.8.4`.
std::string_view http_server_of(std::string_view head) {
  auto server = http_value(head, "server");
  auto space = server.find(' ');
  bool language = server.starts_with("Python/") && space != std::string_view::npos;
  return language ? ascii::trimmed_left(server.substr(space)) : server;
}

void note_http_server(std::string_view head, model::service_observation& service) {
  auto server = http_server_of(head);
  if (server.size() < http_value(head, "server").size()) {
    auto known = split_version(server, '/');
    service.product = known.product;
    service.version = known.version;
  }
  for (const auto& clue : http_servers) {
    auto token = server.substr(0, clue.token.size());
    auto behind = server.substr(token.size());
    bool longer = !behind.empty() && is_http_letter(behind.front());
    if (longer || !ascii::equal_ignoring_case(token, clue.token)) continue;
    service.product = clue.product;
    bool versioned = clue.version == http_version_clue::follows;
    service.version = versioned ? http_version_behind(behind) : std::string_view();
    return;
  }
}

void note_http_application(const http_application& found, model::service_observation& service) {
  if (found.product.empty()) return;
  if (service.product.empty()) service.product = found.product;
  if (service.product == found.product) {
    if (service.version.empty()) service.version = found.version;
    return;
  }
  auto text = std::string(found.product);
  if (!found.version.empty()) text += " " + std::string(found.version);
  service.facts.push_back({"application", std::move(text)});
}

}  // namespace

void note_http_product(std::string_view head, std::string_view body,
                       model::service_observation& service) {
  note_http_server(head, service);
  auto found = http_application_by_field(head, http_application_fields);
  auto page = body.substr(0, longest_http_clue);
  if (found.product.empty()) found = http_application_by_words(page, http_page_words);
  if (found.product.empty()) found = http_application_by_cookie(head, http_cookies);
  if (found.product.empty()) {
    found = http_application_by_words(html_generator(body), http_generators);
  }
  auto title = html_title(body);
  if (found.product.empty()) found = http_application_by_title(title);
  note_http_application(found, service);
  // A framework, or what passes the response on, names a service that nothing else names.
  if (!service.product.empty()) return;
  found = http_application_by_field(head, http_framework_fields);
  if (found.product.empty()) found = http_application_by_cookie(head, http_framework_cookies);
  note_http_application(found, service);
}

}  // namespace sonde::scanner
