#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

/// Header fields whose value is another one each time, or belongs to the page and not the server.
constexpr std::array<std::string_view, 21> volatile_fields = {
    "age",         "alt-svc",    "content-length", "content-md5",  "date",
    "etag",        "expires",    "last-modified",  "nel",          "report-to",
    "retry-after", "set-cookie", "x-cache",        "x-cache-hits", "x-served-by",
    "x-timer",     "x-varnish",  "x-azure-ref",    "x-amz-cf-id",  "x-amz-id-2",
    "cf-ray"};

/// And those whose name has one of these in it.
constexpr std::array<std::string_view, 12> volatile_words = {
    "request-id", "requestid", "trace",     "correlation", "csrf",          "nonce",
    "session",    "timestamp", "ratelimit", "runtime",     "response-time", "timing"};

bool is_volatile(std::string_view name) {
  return std::ranges::any_of(volatile_fields,
                             [&](auto field) { return equal_ignoring_case(field, name); }) ||
         std::ranges::any_of(volatile_words,
                             [&](auto word) { return contains_ignoring_case(name, word); });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r'))
    text.remove_suffix(1);
  return text;
}

/// Everything up to the empty line that ends the head, or all there is.
std::string_view head_of(std::string_view said) {
  auto crlf = said.find("\r\n\r\n");
  auto lf = said.find("\n\n");
  return said.substr(0, std::min(crlf, lf));
}

/// A value with what a server makes up for each answer: RFC 7616's and CSP's nonces, identifiers.
std::string masked_value(std::string_view value) {
  auto out = mask_behind(value, "nonce=\"", '"');
  out = mask_behind(out, "opaque=\"", '"');
  out = mask_behind(out, "'nonce-", '\'');
  return mask_ids(out);
}

/// Splits a line of the head into a field's name and value; no name: it is no field.
struct header_field {
  std::string_view name;
  std::string_view value;
};
header_field split_field(std::string_view line) {
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  return {line.substr(0, colon), line.substr(colon + 1)};
}

void note_server(std::string_view value, model::service_observation& service) {
  if (!service.product.empty()) return;
  auto known = split_version(trimmed(value), '/');
  // Jetty writes Jetty(9.4.51.v20230217).
  if (known.version.empty()) known = split_version(trimmed(value), '(');
  service.product = known.product;
  service.version = known.version;
}

}  // namespace

std::optional<recognition> recognise_http(std::string_view said) {
  bool http =
      said.starts_with("HTTP/1.") || said.starts_with("HTTP/2") || said.starts_with("HTTP/0.9");
  bool rtsp = said.starts_with("RTSP/1.");
  if (!http && !rtsp) return std::nullopt;
  recognition out;
  out.service.name = http ? "http" : "rtsp";
  auto head = head_of(said);
  out.raw = head;
  out.complete = head.size() < said.size();
  for (std::size_t begin = 0; begin < head.size();) {
    auto end = std::min(head.find('\n', begin), head.size());
    auto line = head.substr(begin, end - begin);
    auto field = begin > 0 ? split_field(line) : header_field();
    if (field.name.empty()) {
      out.masked += line;
    } else if (is_volatile(field.name)) {
      out.masked += std::string(field.name) + ": *";
      if (line.ends_with('\r')) out.masked += '\r';
    } else {
      out.masked += std::string(field.name) + ":" + masked_value(field.value);
    }
    if (end < head.size()) out.masked += '\n';
    if (equal_ignoring_case(field.name, "server")) note_server(field.value, out.service);
    begin = end + 1;
  }
  return out;
}

}  // namespace sonde::scanner
