#include "ingest/http/request_validator.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

constexpr std::size_t version_size = 8;  ///< HTTP/1.1
constexpr char tls_handshake = 0x16;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

/// The facts of the header lines about the request's end and its host, before they are checked.
struct request_validator::framing {
  unsigned hosts = 0;
  unsigned lengths = 0;
  unsigned codings = 0;
  std::string_view host;
  std::string_view length;
  std::string_view coding;
};

request_validator::request_validator(const http_limits& bounds, std::string* body)
    : bounds_(bounds), body_(bounds.http_body_bytes, body) {}

bool request_validator::refuse(unsigned status, std::string sentence) {
  why_ = {status, std::move(sentence)};
  place_ = place::refused;
  return false;
}

bool request_validator::go(place next) {
  place_ = next;
  return true;
}

request_validator::verdict request_validator::look(std::string_view bytes) {
  passed_ = 0;
  if (place_ == place::body) return look_at_body(bytes);
  while (place_ != place::refused && passed_ < bytes.size()) {
    if (!take(bytes[passed_])) break;
    ++passed_;
    if (place_ == place::body) return verdict::head;
  }
  return place_ == place::refused ? verdict::refused : verdict::more;
}

request_validator::verdict request_validator::look_at_body(std::string_view bytes) {
  auto seen = body_.look(bytes);
  passed_ = body_.passed();
  if (seen == body_validator::verdict::whole) return verdict::whole;
  if (seen == body_validator::verdict::more) return verdict::more;
  (void)refuse(body_.why().status, body_.why().sentence);
  return verdict::refused;
}

bool request_validator::take(char c) {
  if (place_ == place::begin) {
    // RFC 9112, section 2.2: accepts one empty line before a request and does not count it as part
    // of it.
    if (c == '\r') return go(place::empty_line_lf);
    place_ = place::method;
  }
  if (place_ == place::empty_line_lf) return take_line_feed(c, place::method);
  if (head_.size() >= bounds_.http_header_bytes) return refuse(431, "the header is too large");
  bool well = false;
  switch (place_) {
    case place::method: well = take_method(c); break;
    case place::target: well = take_target(c); break;
    case place::version: well = take_version(c); break;
    case place::line_lf: well = take_line_feed(c, place::name) && check_line(); break;
    case place::name: well = take_name(c); break;
    case place::value: well = take_value(c); break;
    case place::value_lf: well = take_line_feed(c, place::name); break;
    case place::blank_lf: well = take_line_feed(c, place::body); break;
    default: break;
  }
  if (!well) return false;
  head_ += c;
  return place_ != place::body || check_head();
}

bool request_validator::take_line_feed(char c, place next) {
  if (c != '\n') return refuse(400, "the header has a carriage return without a line feed");
  return go(next);
}

bool request_validator::take_method(char c) {
  if (is_token_byte(c)) {
    method_end_ = head_.size() + 1;
    return true;
  }
  if (c == tls_handshake && head_.empty()) {
    return refuse(400, "this port speaks HTTP, and the request begins a TLS handshake");
  }
  if (c != ' ' || head_.empty()) {
    return refuse(400, "the request is not HTTP/1.1: it must begin with a method and one space");
  }
  target_begin_ = head_.size() + 1;
  return go(place::target);
}

bool request_validator::take_target(char c) {
  auto size = head_.size() - target_begin_;
  if (is_target_byte(c)) {
    if (size < bounds_.http_target_bytes) return true;
    return refuse(414, "the request target is too long");
  }
  if (c == '\r' || c == '\n') {
    return refuse(400, "the request is not HTTP/1.1: its first line names no version");
  }
  if (c != ' ' || size == 0) {
    return refuse(400,
                  "the request target has a byte that must be percent-encoded, or is not between "
                  "single spaces");
  }
  target_end_ = head_.size();
  return go(place::version);
}

bool request_validator::take_version(char c) {
  if (c == '\r') return go(place::line_lf);
  auto size = head_.size() - target_end_ - 1;
  if (c > ' ' && c < 0x7F && size < version_size) return true;
  return refuse(400, "the request is not HTTP/1.1: its first line must end in HTTP/1.1, CR LF");
}

bool request_validator::take_name(char c) {
  auto begin = fields_.empty() || fields_.back().value_begin > 0;  // of a line
  if (begin) {
    if (c == '\r') return go(place::blank_lf);
    if (is_space(c)) {
      return refuse(400, "a header line begins with a space; each field must be on one line");
    }
    if (c == '\n') {
      return refuse(400, "a header line ends in LF alone; it must end in CR LF");
    }
    if (!is_token_byte(c)) return refuse(400, "a header line must begin with a field's name");
    if (fields_.size() >= bounds_.http_headers) return refuse(431, "there are too many headers");
    fields_.emplace_back().name_begin = static_cast<std::uint32_t>(head_.size());
    return true;
  }
  if (is_token_byte(c)) return true;
  if (c == ':') {
    auto& field = fields_.back();
    field.name_end = static_cast<std::uint32_t>(head_.size());
    field.value_begin = field.value_end = field.name_end + 1;
    return go(place::value);
  }
  if (is_space(c)) return refuse(400, "there is a space between a field's name and its colon");
  return refuse(400, "a field has an invalid byte in its name, or no colon after it");
}

bool request_validator::take_value(char c) {
  if (c == '\r') return go(place::value_lf);
  if (c == '\n') return refuse(400, "a header line ends in LF alone; it must end in CR LF");
  if (!is_value_byte(c)) return refuse(400, "the header has a control byte");
  auto& field = fields_.back();
  auto next = static_cast<std::uint32_t>(head_.size()) + 1;
  if (!is_space(c)) {
    field.value_end = next;
  } else if (field.value_end == field.value_begin) {
    field.value_begin = field.value_end = next;
  }
  return true;
}

bool request_validator::check_line() {
  auto version = std::string_view(head_).substr(target_end_ + 1);
  version.remove_suffix(1);  // the CR
  if (version.size() != version_size || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return refuse(400, "the request is not HTTP/1.1: its first line must end in HTTP/1.1, CR LF");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(505, "this server speaks HTTP/1.1");
  }
  version_ = version == "HTTP/1.1" ? 11 : 10;
  auto form = form_of_target(target());
  bool all = form && form->origin == "*";
  if (!form || method() == "CONNECT" || (all && method() != "OPTIONS")) {
    return refuse(400, "the request target is not a path");
  }
  form_ = std::move(*form);
  return true;
}

std::string_view request_validator::target() const {
  return std::string_view(head_).substr(target_begin_, target_end_ - target_begin_);
}

std::vector<std::pair<std::string_view, std::string_view>> request_validator::fields() const {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  std::string_view all = head_;
  for (const auto& each : fields_) {
    out.emplace_back(all.substr(each.name_begin, each.name_end - each.name_begin),
                     all.substr(each.value_begin, each.value_end - each.value_begin));
  }
  return out;
}

bool request_validator::check_head() {
  framing seen;
  // The text of an absolute form has moved since it was parsed, so its host is read again.
  form_.authority = form_of_target(target())->authority;
  for (const auto& [name, value] : fields()) {
    if (!check_field(name, value, seen)) return false;
  }
  return check_host(seen) && check_body(seen);
}

bool request_validator::check_field(std::string_view name, std::string_view value, framing& seen) {
  if (ascii::equal_ignoring_case(name, "host")) {
    ++seen.hosts;
    seen.host = value;
  } else if (ascii::equal_ignoring_case(name, "content-length")) {
    ++seen.lengths;
    seen.length = value;
  } else if (ascii::equal_ignoring_case(name, "transfer-encoding")) {
    ++seen.codings;
    seen.coding = value;
  } else if (ascii::equal_ignoring_case(name, "connection") ||
             ascii::equal_ignoring_case(name, "proxy-connection")) {
    if (!is_token_list(value)) return refuse(400, std::string(name) + ": is not a list of tokens");
    if (ascii::equal_ignoring_case(name, "connection")) {
      says_close_ = says_close_ || has_token(value, "close");
      says_keep_ = says_keep_ || has_token(value, "keep-alive");
    }
  } else if (ascii::equal_ignoring_case(name, "expect") && version_ == 11) {
    if (!ascii::equal_ignoring_case(value, "100-continue")) {
      return refuse(417, "Expect: only 100-continue is supported");
    }
    awaits_continue_ = true;
  }
  return true;
}

bool request_validator::check_host(const framing& seen) {
  if (seen.hosts > 1 || (seen.hosts == 0 && version_ == 11)) {
    return refuse(400, "Host: must occur in the request exactly once");
  }
  if (seen.hosts == 1 && !is_authority(seen.host)) {
    return refuse(400, "Host: must be a host and, after a colon, a port");
  }
  // RFC 9112, section 3.2.2 gives the target precedence. No honest client sends two names.
  if (seen.hosts == 1 && !form_.authority.empty() &&
      !ascii::equal_ignoring_case(seen.host, form_.authority)) {
    return refuse(400, "Host: names another host than the request target does");
  }
  host_ = seen.hosts == 1 ? seen.host : form_.authority;
  return true;
}

bool request_validator::check_body(const framing& seen) {
  if (seen.codings > 0) {
    bool chunked = seen.codings == 1 && seen.lengths == 0 && version_ == 11 &&
                   ascii::equal_ignoring_case(seen.coding, "chunked");
    if (!chunked) return refuse(400, "Transfer-Encoding: must be chunked, alone");
    has_body_ = true;
    body_.expect_chunks();
  } else if (seen.lengths > 0) {
    auto length = decimal_number(seen.length);
    if (seen.lengths > 1 || !length) {
      return refuse(
          400, "Content-Length: must occur in the request exactly once, as one decimal number");
    }
    has_body_ = *length > 0;
    body_.expect(*length);
    if (*length > bounds_.http_body_bytes) return refuse(413, "the body is too large");
  }
  return true;
}

}  // namespace sonde::ingest
