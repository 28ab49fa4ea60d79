#include "ingest/http/http_message.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/problem.hpp"

#include <algorithm>
#include <cctype>

namespace sonde::ingest {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr const char* no_path = "the request target is not a path";
constexpr const char* encoded_slash =
    "the request target: a segment of the path has a percent-encoded slash, which is not allowed";
constexpr const char* encoded_control =
    "the request target: a segment of the path has a percent-encoded control byte, which is not "
    "allowed";

enum class target_part { path, query };

/// Decodes percent-encoding (RFC 3986, section 2.1); `+` is a space in a query only. Returns the
/// error, or null.
const char* decode(std::string_view text, target_part part, std::string& out) {
  bool in_query = part == target_part::query;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && in_query) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return no_path;
      int high = hex_value(text[i + 1]);
      int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return no_path;
      int byte = high << 4 | low;
      if (!in_query && byte == '/') return encoded_slash;
      if (!in_query && (byte < ' ' || byte == 0x7F)) return encoded_control;
      out += static_cast<char>(byte);
      i += 2;
    }
  }
  return nullptr;
}

const char* vary_of(http_response::depends_on what) {
  switch (what) {
    case http_response::depends_on::key: return "Vary: Authorization, api-key, api-secret\r\n";
    case http_response::depends_on::gateway: return "Vary: user-id, groups, roles\r\n";
    case http_response::depends_on::none: break;
  }
  return "";
}

}  // namespace

std::string counted_as(const http_request& request) {
  if (!request.who.rate_id.empty()) return request.who.rate_id;
  if (!request.who.user_id.empty()) return "user " + request.who.user_id;
  return "address " + request.peer;
}

std::string header_to_wire(const http_response& answer, const delivery& how) {
  auto status = std::to_string(answer.status);
  auto out = "HTTP/1.1 " + status + " " + std::string(reason_phrase(answer.status)) + "\r\n";
  out += "Date: " + how.date + "\r\n";
  for (const auto& [name, value] : answer.headers)
    out += name + ": " + value + "\r\n";
  // A cache in front does not know API keys: by default it would serve one caller's response to
  // others.
  out += answer.cacheable ? "Cache-Control: max-age=60\r\n" : "Cache-Control: no-store\r\n";
  out += vary_of(answer.varies);
  if (!how.keep) {
    out += "Connection: close\r\n";
  } else if (how.version == 10) {
    out += "Connection: keep-alive\r\n";
  }
  if (answer.status != 204) out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  out += "\r\n";
  return out;
}

std::string to_wire(const http_response& answer, const delivery& how) {
  auto out = header_to_wire(answer, how);
  if (!how.head && answer.status != 204) out += answer.body;
  return out;
}

result<> parse_request_target(std::string_view target, http_request& into) {
  if (!target.starts_with('/')) return fail(errc::invalid, no_path);
  auto mark = target.find('?');
  if (const auto* wrong = decode(target.substr(0, mark), target_part::path, into.path)) {
    return fail(errc::invalid, wrong);
  }
  if (mark == std::string_view::npos) return {};
  auto query = target.substr(mark + 1);
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    auto equals = std::min(pair.find('='), pair.size());
    std::string name;
    std::string value;
    const auto* wrong = decode(pair.substr(0, equals), target_part::query, name);
    if (wrong == nullptr && equals < pair.size()) {
      wrong = decode(pair.substr(equals + 1), target_part::query, value);
    }
    if (wrong != nullptr) return fail(errc::invalid, wrong);
    into.query.emplace(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace sonde::ingest
