#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

/// Header fields whose value is another one each time.
constexpr std::array<std::string_view, 24> volatile_fields = {"age",
                                                              "alt-svc",
                                                              "cf-ray",
                                                              "date",
                                                              "etag",
                                                              "expires",
                                                              "last-modified",
                                                              "nel",
                                                              "report-to",
                                                              "set-cookie",
                                                              "traceparent",
                                                              "x-amz-cf-id",
                                                              "x-amz-id-2",
                                                              "x-amz-request-id",
                                                              "x-azure-ref",
                                                              "x-cache",
                                                              "x-github-request-id",
                                                              "x-request-id",
                                                              "x-runtime",
                                                              "x-served-by",
                                                              "x-timer",
                                                              "x-trace-id",
                                                              "x-varnish",
                                                              "x-vercel-id"};

bool is_volatile(std::string_view name) {
  return std::ranges::any_of(volatile_fields,
                             [&](auto field) { return equal_ignoring_case(field, name); });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  return text;
}

/// Everything up to the empty line that ends the head, or all there is.
std::string_view head_of(std::string_view said) {
  auto crlf = said.find("\r\n\r\n");
  auto lf = said.find("\n\n");
  return said.substr(0, std::min(crlf, lf));
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
    auto colon = line.find(':');
    bool field = begin > 0 && colon != std::string_view::npos;
    auto name = field ? line.substr(0, colon) : std::string_view();
    if (field && is_volatile(name)) {
      out.masked += std::string(name) + ": *\r";
    } else {
      out.masked += line;
    }
    if (end < head.size()) out.masked += '\n';
    if (field && out.service.product.empty() && equal_ignoring_case(name, "server")) {
      auto known = split_version(line_of(trimmed(line.substr(colon + 1))), '/');
      out.service.product = known.product;
      out.service.version = known.version;
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace sonde::scanner
