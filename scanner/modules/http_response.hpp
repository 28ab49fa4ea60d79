#pragma once

#include "model/text/json.hpp"
#include "scanner/modules/module.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// A field of a response's head (RFC 9112, section 5); without a name it is no field.
struct http_field {
  std::string_view name;
  std::string_view value;  ///< without white space around it
};

/// Gives the fields of a head one after the other; the status line is none. Does not own the bytes.
class http_field_reader {
 public:
  explicit http_field_reader(std::string_view head);

  /// False: there are no more. A line without a colon is skipped.
  [[nodiscard]] bool next(http_field& field);

 private:
  std::string_view rest_;
};

/// Everything up to the empty line that ends the head, or all there is.
[[nodiscard]] std::string_view http_head(std::string_view response);
/// The bytes after the head; empty where the head is incomplete.
[[nodiscard]] std::string_view http_body(std::string_view response);
[[nodiscard]] bool is_http_head_complete(std::string_view response);
[[nodiscard]] http_field split_http_field(std::string_view line);
/// The value of the first field of this name; empty: there is none.
[[nodiscard]] std::string_view http_value(std::string_view head, std::string_view name);
/// Returns the value of Content-Length. Empty if there is none, or if it is not a number.
[[nodiscard]] std::optional<std::size_t> http_content_length(std::string_view head);
/// The three digits of `HTTP/1.1 200 OK`; empty: this is no status line.
[[nodiscard]] std::string_view http_status(std::string_view response);
/// Returns true if a server with such a response to plain HTTP may speak TLS on the same port: it
/// refuses the request (400; 426, RFC 9110, section 15.5.22) or redirects it to `https` on `port`.
[[nodiscard]] bool http_leads_to_tls(std::string_view head, std::uint16_t port);
/// False as soon as the bytes cannot become an HTTP/1 response.
[[nodiscard]] bool may_be_http(std::string_view response);

/// `GET <path> HTTP/1.0` with the fields that every request of a scan has. `Host` only for a name.
[[nodiscard]] std::string http_get(std::string_view path, const talk_context& context);

/// Reads a document that was sent as the response to a request. Returns nothing if another service
/// sent it.
using http_json_reader = std::optional<recognition> (*)(const model::json& document,
                                                        std::string_view head);

/// A talk of one `GET`, whose response is a JSON object or string that `reader` knows. The banner
/// is the response's head. A response to HTTP of any other service is foreign.
[[nodiscard]] std::unique_ptr<protocol_talk> http_json_talk(std::string_view path,
                                                            http_json_reader reader,
                                                            const talk_context& context);

/// Shorthand for `http_json_reader`: a text field of an object, empty where it has none.
[[nodiscard]] std::string json_text(const model::json& object, const char* name);

/// Gives a recognition the banner that the `http` module takes from the response.
void take_http_banner(std::string_view response, recognition& known);

}  // namespace sonde::scanner
