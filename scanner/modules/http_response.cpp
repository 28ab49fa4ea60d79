#include "scanner/modules/http_response.hpp"

#include "base/ascii.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <charconv>

namespace sonde::scanner {
namespace {

constexpr std::size_t longest_http_document = 64 * 1024;
constexpr std::uint32_t deepest_http_document = 16;

/// The place of the empty line that ends the head, and its size.
struct http_head_end {
  std::size_t at = std::string_view::npos;
  std::size_t size = 0;
};
http_head_end find_http_head_end(std::string_view response) {
  constexpr std::string_view crlf = "\r\n";
  for (auto at = response.find('\n'); at != std::string_view::npos;
       at = response.find('\n', at + 1)) {
    auto behind = response.substr(at + 1);
    if (behind.starts_with('\n')) return {at, 2};
    bool whole = at > 0 && response[at - 1] == '\r' && behind.starts_with(crlf);
    if (whole) return {at - 1, 2 * crlf.size()};
  }
  return {};
}

class http_json_exchange final : public protocol_talk {
 public:
  http_json_exchange(std::string request, http_json_reader reader)
      : request_(std::move(request)), reader_(reader) {}

  [[nodiscard]] std::string begin() override { return request_; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    if (!may_be_http(response)) return talk_step::not_ours();
    if (!is_http_head_complete(response)) return talk_step::incomplete();
    auto body = http_body(response);
    auto begin = body.find_first_not_of(" \t\r\n");
    bool started = begin != std::string_view::npos;
    if (started && body[begin] != '{' && body[begin] != '"') return talk_step::not_ours();
    auto length = http_content_length(http_head(response));
    if (length && (*length == 0 || *length > longest_http_document)) return talk_step::not_ours();
    // Without a length the server's end of the connection ends the body (RFC 9112, section 6.3).
    if (!length || body.size() < *length) return talk_step::incomplete();
    return decide(response, body.substr(0, *length));
  }

  [[nodiscard]] talk_step ended(std::string_view response) override {
    if (!may_be_http(response)) return talk_step::not_ours();
    return decide(response, http_body(response));
  }

 private:
  [[nodiscard]] talk_step decide(std::string_view response, std::string_view body) const {
    if (body.empty() || http_status(response).empty()) return talk_step::not_ours();
    auto document = model::parse_json(body, deepest_http_document);
    if (!document) return talk_step::not_ours();
    auto known = reader_(*document, http_head(response));
    if (!known) return talk_step::not_ours();
    take_http_banner(response, *known);
    return talk_step::is(std::move(*known));
  }

  std::string request_;
  http_json_reader reader_;
};

}  // namespace

std::string_view http_head(std::string_view response) {
  return response.substr(0, find_http_head_end(response).at);
}

std::string_view http_body(std::string_view response) {
  auto end = find_http_head_end(response);
  if (end.at == std::string_view::npos) return {};
  return response.substr(end.at + end.size);
}

bool is_http_head_complete(std::string_view response) {
  return find_http_head_end(response).at != std::string_view::npos;
}

http_field split_http_field(std::string_view line) {
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  auto value = ascii::trimmed_right(line.substr(colon + 1), " \t\r");
  return {line.substr(0, colon), ascii::trimmed_left(value)};
}

http_field_reader::http_field_reader(std::string_view head) {
  auto end = head.find('\n');
  if (end != std::string_view::npos) rest_ = head.substr(end + 1);
}

bool http_field_reader::next(http_field& field) {
  while (!rest_.empty()) {
    auto end = std::min(rest_.find('\n'), rest_.size());
    field = split_http_field(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!field.name.empty()) return true;
  }
  return false;
}

std::string_view http_value(std::string_view head, std::string_view name) {
  http_field_reader fields(head);
  for (http_field field; fields.next(field);) {
    if (ascii::equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

std::optional<std::size_t> http_content_length(std::string_view head) {
  auto text = http_value(head, "content-length");
  std::size_t size = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), size);
  bool whole = !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
  if (!whole) return std::nullopt;
  return size;
}

std::string_view http_status(std::string_view response) {
  constexpr std::string_view version = "HTTP/";
  auto line = line_of(response);
  auto space = line.find(' ');
  if (!line.starts_with(version) || space == std::string_view::npos || space > 8) return {};
  if (!starts_with_digits(line.substr(version.size()), 1)) return {};
  auto behind = line.substr(space + 1);
  bool ends = behind.size() == 3 || (behind.size() > 3 && behind[3] == ' ');
  if (!ends || !starts_with_digits(behind, 3)) return {};
  return behind.substr(0, 3);
}

bool http_leads_to_tls(std::string_view head, std::uint16_t port) {
  constexpr std::string_view https = "https://";
  auto status = http_status(head);
  if (status == "400" || status == "426") return true;
  if (!status.starts_with('3')) return false;
  auto location = http_value(head, "location");
  if (!ascii::equal_ignoring_case(location.substr(0, https.size()), https)) return false;
  location.remove_prefix(https.size());
  auto authority = location.substr(0, location.find_first_of("/?#"));
  auto colon = authority.rfind(':');
  auto bracket = authority.rfind(']');  // of an IPv6 address
  bool has_port = colon != authority.npos && (bracket == authority.npos || colon > bracket);
  auto named = has_port ? authority.substr(colon + 1) : std::string_view("443");
  return named == std::to_string(port);
}

bool may_be_http(std::string_view response) {
  constexpr std::string_view version = "HTTP/";
  return version.starts_with(response.substr(0, version.size()));
}

std::string http_get(std::string_view path, const talk_context& context) {
  std::string out = "GET " + std::string(path) + " HTTP/1.0\r\n";
  if (context.host_is_name) out += "Host: " + context.host + "\r\n";
  return out + "User-Agent: " + context.user_agent + "\r\nAccept: */*\r\n\r\n";
}

std::unique_ptr<protocol_talk> http_json_talk(std::string_view path, http_json_reader reader,
                                              const talk_context& context) {
  return std::make_unique<http_json_exchange>(http_get(path, context), reader);
}

std::string json_text(const model::json& object, const char* name) {
  if (!object.is_object()) return {};
  auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

void take_http_banner(std::string_view response, recognition& known) {
  auto http = modules::http_module.recognise(response);
  if (!http) return;
  known.raw = std::move(http->raw);
  known.masked = std::move(http->masked);
  known.complete = true;
}

}  // namespace sonde::scanner
