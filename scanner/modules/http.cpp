#include "base/ascii.hpp"
#include "scanner/modules/http_facts.hpp"
#include "scanner/modules/http_response.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

/// Ports whose usual protocol is HTTP, in the clear or inside TLS.
constexpr std::uint16_t http_ports[] = {
    80,   81,   443,  591,  631,  2080,  2082,  2083,  2086,  2087,  2095, 2096, 3000,
    3128, 4567, 5000, 5001, 5357, 5601,  5800,  5985,  5986,  7001,  7002, 7080, 7443,
    7547, 8000, 8001, 8002, 8006, 8008,  8010,  8042,  8069,  8080,  8081, 8082, 8083,
    8084, 8085, 8086, 8087, 8088, 8089,  8090,  8096,  8123,  8200,  8443, 8834, 8880,
    8888, 9090, 9091, 9443, 9870, 10000, 15672, 16992, 16993, 19999, 32400};

/// Header fields whose value is another one each time, or belongs to the page and not the server.
constexpr std::array<std::string_view, 21> volatile_fields = {
    "age",         "alt-svc",    "content-length", "content-md5",  "date",
    "etag",        "expires",    "last-modified",  "nel",          "report-to",
    "retry-after", "set-cookie", "x-cache",        "x-cache-hits", "x-served-by",
    "x-timer",     "x-varnish",  "x-azure-ref",    "x-amz-cf-id",  "x-amz-id-2",
    "cf-ray"};

/// Parts of names that mark a header as volatile too.
constexpr std::array<std::string_view, 12> volatile_words = {
    "request-id", "requestid", "trace",     "correlation", "csrf",          "nonce",
    "session",    "timestamp", "ratelimit", "runtime",     "response-time", "timing"};

bool is_volatile(std::string_view name) {
  return std::ranges::any_of(volatile_fields,
                             [&](auto field) { return ascii::equal_ignoring_case(field, name); }) ||
         std::ranges::any_of(volatile_words,
                             [&](auto word) { return ascii::contains_ignoring_case(name, word); });
}

/// A value with what a server makes up for each answer: RFC 7616's and CSP's nonces, identifiers.
std::string masked_value(std::string_view value) {
  auto out = mask_behind(value, "nonce=\"", '"');
  out = mask_behind(out, "opaque=\"", '"');
  out = mask_behind(out, "'nonce-", '\'');
  return mask_ids(out);
}

void note_server(std::string_view value, model::service_observation& service) {
  if (!service.product.empty()) return;
  auto known = split_version(value, '/');
  // Jetty writes Jetty(9.4.51.v20230217).
  if (known.version.empty()) known = split_version(value, '(');
  service.product = known.product;
  service.version = known.version;
}

/// A line of the head as it stays from one response to the next. `line` has no line feed.
std::string masked_http_line(std::string_view line) {
  auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::string(line);
  auto name = line.substr(0, colon);
  if (!is_volatile(name)) return std::string(name) + ":" + masked_value(line.substr(colon + 1));
  return std::string(name) + (line.ends_with('\r') ? ": *\r" : ": *");
}

std::optional<recognition> recognise_http(std::string_view said) {
  bool http =
      said.starts_with("HTTP/1.") || said.starts_with("HTTP/2") || said.starts_with("HTTP/0.9");
  bool rtsp = said.starts_with("RTSP/1.");
  // Tor's SOCKS port answers so: the module socks5 knows it.
  bool socks = said.starts_with("HTTP/1.0 501 Tor is not an HTTP Proxy");
  if ((!http && !rtsp) || socks) return std::nullopt;
  recognition out;
  out.service.name = http ? "http" : "rtsp";
  auto head = http_head(said);
  out.raw = head;
  out.complete = head.size() < said.size();
  for (std::size_t begin = 0; begin < head.size();) {
    auto end = std::min(head.find('\n', begin), head.size());
    auto line = head.substr(begin, end - begin);
    out.masked += begin > 0 ? masked_http_line(line) : std::string(line);
    if (end < head.size()) out.masked += '\n';
    auto field = begin > 0 ? split_http_field(line) : http_field();
    if (ascii::equal_ignoring_case(field.name, "server")) note_server(field.value, out.service);
    begin = end + 1;
  }
  if (http) note_http_facts(said, out.service);
  return out;
}

/// Interim responses precede the final one (RFC 9110, section 15.2); 101 would be final.
std::string_view final_http_response(std::string_view response) {
  constexpr int most = 8;
  for (int i = 0; i < most && is_http_head_complete(response); ++i) {
    auto status = http_status(response);
    if (!status.starts_with('1') || status == "101") break;
    response = http_body(response);
  }
  return response;
}

/// The limit of a page that is waited for. Title and generator are looked for in as much of it.
constexpr std::size_t awaited_http_page = 16 * 1024;

/// Tells whether the head of an HTML page has not arrived completely. Many servers send the head of
/// the response alone, and the page after it.
bool lacks_html_head(std::string_view response) {
  auto head = http_head(response);
  auto body = http_body(response);
  if (!ascii::contains_ignoring_case(http_value(head, "content-type"), "text/html")) return false;
  auto length = http_content_length(head).value_or(awaited_http_page);
  if (body.size() >= std::min(length, awaited_http_page)) return false;
  return !ascii::contains_ignoring_case(body, "</head>") &&
         !ascii::contains_ignoring_case(body, "<body");
}

/// `GET /`. The head of the response is waited for, and of its body the head of an HTML page.
class http_talk final : public protocol_talk {
 public:
  explicit http_talk(const talk_context& context) : request_(http_get("/", context)) {}

  [[nodiscard]] std::string begin() override { return request_; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto last = final_http_response(response);
    if (!may_be_http(last)) return talk_step::not_ours();
    bool whole = is_http_head_complete(last) && !lacks_html_head(last);
    return whole ? decide(last) : talk_step::incomplete();
  }

  /// A head without its end is still one.
  [[nodiscard]] talk_step ended(std::string_view response) override {
    return decide(final_http_response(response));
  }

 private:
  [[nodiscard]] static talk_step decide(std::string_view response) {
    auto known = may_be_http(response) ? recognise_http(response) : std::nullopt;
    if (!known) return talk_step::not_ours();
    if (!http_status(response).empty()) known->service.sure = model::confidence::proven;
    return talk_step::is(std::move(*known));
  }

  std::string request_;
};

std::unique_ptr<protocol_talk> talk_http(const talk_context& context) {
  return std::make_unique<http_talk>(context);
}

}  // namespace

constinit const protocol_module http_module{
    .name = "http", .hinted_ports = http_ports, .recognise = recognise_http, .talk = talk_http};

}  // namespace sonde::scanner::modules
