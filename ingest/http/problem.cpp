#include "ingest/http/problem.hpp"

#include "ingest/errc.hpp"
#include "model/text/json.hpp"

namespace sonde::ingest {
namespace {

constexpr std::size_t longest_header_sentence = 512;
constexpr const char* retry_after = "Retry-After";
constexpr const char* usual_wait_s = "1";

/// Reduces a sentence to the bytes that a header allows (RFC 9110, section 5.5), as it may quote
/// what the client sent.
std::string header_text(std::string_view sentence) {
  std::string out;
  for (char c : sentence.substr(0, longest_header_sentence)) {
    auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  return out;
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

http_response problem(unsigned status, std::string_view sentence, const std::string& id) {
  model::json body = {{"type", "about:blank"},
                      {"title", reason_phrase(status)},
                      {"status", status},
                      {"detail", sentence},
                      {"id", id}};
  http_response out;
  out.status = status;
  out.headers = {{"Content-Type", "application/problem+json"},
                 {"x-error", header_text(sentence)},
                 {"x-error-id", id}};
  if (status == 429 || status == 503) out.headers.emplace_back(retry_after, usual_wait_s);
  out.body = model::to_text(body);
  out.body += '\n';
  return out;
}

unsigned status_of(const error& why) {
  if (why.code == make_error_code(errc::invalid)) return 400;
  if (why.code == make_error_code(errc::not_found)) return 404;
  if (why.code == make_error_code(errc::gone)) return 410;
  if (why.code == make_error_code(errc::too_large)) return 413;
  if (why.code == make_error_code(errc::too_many)) return 429;
  if (why.code == make_error_code(errc::unavailable)) return 503;
  return 500;
}

http_response problem(const error& why, const std::string& id) {
  return problem(status_of(why), why.message(), id);
}

void set_retry_after(http_response& answer, std::chrono::seconds wait) {
  std::erase_if(answer.headers, [](const auto& each) { return each.first == retry_after; });
  answer.headers.emplace_back(retry_after, std::to_string(wait.count()));
}

http_response json_response(unsigned status, std::string body) {
  http_response out;
  out.status = status;
  out.headers = {{"Content-Type", "application/json"}};
  out.body = std::move(body);
  out.body += '\n';
  return out;
}

}  // namespace sonde::ingest
