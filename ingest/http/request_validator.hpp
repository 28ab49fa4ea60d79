#pragma once

#include "ingest/http/body_validator.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/request_rules.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::ingest {

/// Validates every byte of one request as it arrives, before anything else reads it: request line,
/// header and the framing of the body (RFC 9112; docs/how-to/put-a-gateway-in-front.md lists the
/// rules).
///
/// Accepts only what every reader of the stream interprets as the same single request. A rejection
/// carries its status. Nothing after it is read: the connection has to end. Sans-IO, usable on any
/// thread. Holds the header, whose size is limited, and nothing of the body.
class request_validator {
 public:
  enum class verdict {
    more,     ///< valid so far; continue with the next bytes
    head,     ///< the header is complete; once, also without a body
    whole,    ///< the request is complete; what follows is the next one
    refused,  ///< rejected, see `why`
  };

  /// `bounds` outlives this object. `body`: if set, the validator appends the body as it reads it,
  /// for comparison; it outlives this object.
  explicit request_validator(const http_limits& bounds, std::string* body = nullptr);
  request_validator(const request_validator&) = delete;
  request_validator& operator=(const request_validator&) = delete;

  /// Validates new bytes; `passed` of them belong to this request. The rest has to be passed again:
  /// to this object after `head`, to another one after `whole`.
  verdict look(std::string_view bytes);
  [[nodiscard]] std::size_t passed() const { return passed_; }
  /// The reason for the verdict `refused`.
  [[nodiscard]] const refusal& why() const { return why_; }

  /// The method as far as it has been read, for the log.
  [[nodiscard]] std::string method() const { return head_.substr(0, method_end_); }

  // Valid after `head`.
  /// The header as received, for another parser.
  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] std::string_view target() const;
  /// The target's path and query, or `*`, without an authority before it.
  [[nodiscard]] const std::string& origin() const { return form_.origin; }
  /// HTTP version: 10 or 11.
  [[nodiscard]] unsigned version() const { return version_; }
  /// Field names as received and values without surrounding spaces.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> fields() const;
  /// The only host that this request is for; empty if an HTTP/1.0 request names none.
  [[nodiscard]] std::string_view host() const { return host_; }
  [[nodiscard]] bool has_body() const { return has_body_; }
  /// Tells whether the sender expects `100 Continue` before it sends the body.
  [[nodiscard]] bool awaits_continue() const { return awaits_continue_; }
  /// Tells whether the sender wants a persistent connection (RFC 9112, section 9.3), from all
  /// tokens of all `Connection` lines; `close` takes precedence.
  [[nodiscard]] bool keeps_alive() const { return !says_close_ && (version_ == 11 || says_keep_); }

 private:
  enum class place {
    begin,
    empty_line_lf,
    method,
    target,
    version,
    line_lf,
    name,
    value,
    value_lf,
    blank_lf,
    body,
    refused,
  };
  struct field_place {
    std::uint32_t name_begin = 0;
    std::uint32_t name_end = 0;
    std::uint32_t value_begin = 0;
    std::uint32_t value_end = 0;
  };
  struct framing;

  verdict look_at_body(std::string_view bytes);
  bool take(char c);
  bool take_method(char c);
  bool take_target(char c);
  bool take_version(char c);
  bool take_name(char c);
  bool take_value(char c);
  bool take_line_feed(char c, place next);
  bool go(place next);
  bool refuse(unsigned status, std::string sentence);
  bool check_line();
  bool check_head();
  bool check_field(std::string_view name, std::string_view value, framing& seen);
  bool check_host(const framing& seen);
  bool check_body(const framing& seen);

  const http_limits& bounds_;
  std::string head_;
  place place_ = place::begin;
  std::size_t method_end_ = 0;
  std::size_t target_begin_ = 0;
  std::size_t target_end_ = 0;
  unsigned version_ = 11;
  std::vector<field_place> fields_;
  target_form form_;
  std::string_view host_;
  bool has_body_ = false;
  bool awaits_continue_ = false;
  bool says_close_ = false;
  bool says_keep_ = false;
  body_validator body_;
  std::size_t passed_ = 0;
  refusal why_;
};

}  // namespace sonde::ingest
