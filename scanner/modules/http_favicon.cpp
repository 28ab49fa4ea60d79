#include "scanner/modules/http_favicon.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "scanner/modules/http_response.hpp"
#include "scanner/modules/murmur3.hpp"
#include "scanner/modules/text_match.hpp"

#include <cstdint>
#include <utility>

namespace sonde::scanner {
namespace {

constexpr std::size_t mime_line = 76;

talk_step read_favicon(std::string_view response, const talk_context&) {
  if (!may_be_http(response)) return talk_step::not_ours();
  if (!is_http_head_complete(response)) return talk_step::incomplete();
  auto head = http_head(response);
  auto length = http_content_length(head);
  bool text = ascii::contains_ignoring_case(http_value(head, "content-type"), "text/");
  bool encoded = !http_value(head, "transfer-encoding").empty();
  if (http_status(response) != "200" || text || encoded || !length || *length == 0) {
    return talk_step::not_ours();
  }
  auto body = http_body(response);
  if (body.size() < *length) return talk_step::incomplete();
  recognition known;
  known.service.facts.push_back({"favicon", favicon_hash(body.substr(0, *length))});
  return talk_step::is(std::move(known));
}

}  // namespace

bool shows_http_page(const model::endpoint_observation& seen) {
  if (seen.service.name != "http") return false;
  bool found = http_status(seen.raw_banner).starts_with('2');
  return found &&
         ascii::contains_ignoring_case(http_value(seen.raw_banner, "content-type"), "html");
}

std::unique_ptr<protocol_talk> favicon_talk(const talk_context& context) {
  return std::make_unique<one_exchange>(http_get("/favicon.ico", context), read_favicon, context);
}

std::string favicon_hash(std::string_view icon) {
  auto text = to_base64(icon);
  std::string lines;
  for (std::size_t begin = 0; begin < text.size(); begin += mime_line) {
    lines += text.substr(begin, mime_line);
    lines += '\n';
  }
  return std::to_string(static_cast<std::int32_t>(murmur3(lines)));
}

}  // namespace sonde::scanner
