#include "ingest/http_message.hpp"

#include "ingest/problem.hpp"

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

/// Percent-decoding (RFC 3986, section 2.1); `+` is a space in a query only.
bool decode(std::string_view text, bool plus_is_space, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return false;
      int high = hex_value(text[i + 1]);
      int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return true;
}

}  // namespace

std::string to_wire(http_response answer, bool head, bool keep) {
  auto status = std::to_string(answer.status);
  auto out = "HTTP/1.1 " + status + " " + std::string(reason_phrase(answer.status)) + "\r\n";
  for (const auto& [name, value] : answer.headers)
    out += name + ": " + value + "\r\n";
  if (!keep) out += "Connection: close\r\n";
  if (answer.status != 204) out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  out += "\r\n";
  if (!head && answer.status != 204) out += answer.body;
  return out;
}

bool parse_request_target(std::string_view target, http_request& into) {
  if (!target.starts_with('/')) return false;
  auto mark = target.find('?');
  if (!decode(target.substr(0, mark), false, into.path)) return false;
  if (mark == std::string_view::npos) return true;
  auto query = target.substr(mark + 1);
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    auto equals = std::min(pair.find('='), pair.size());
    std::string name;
    std::string value;
    if (!decode(pair.substr(0, equals), true, name)) return false;
    if (equals < pair.size() && !decode(pair.substr(equals + 1), true, value)) return false;
    into.query.emplace(std::move(name), std::move(value));
  }
  return true;
}

}  // namespace sonde::ingest
