#pragma once

#include "base/limits.hpp"
#include "ingest/body_gate.hpp"
#include "ingest/request_rules.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::ingest {

/// Judges every byte of one request, as they arrive, before anything reads them: request line,
/// header and the framing of the body (RFC 9112; docs/front-door.md has the rules).
///
/// Only what every reader of the stream sees as the same one request passes. What is refused names
/// its status, and nothing behind it is ever looked at: the connection has to end. Sans-IO, on any
/// thread; holds the header, which is bounded, and of the body nothing.
class request_gate {
 public:
  enum class verdict {
    more,     ///< well so far; go on with what comes next
    head,     ///< the header has passed; once, also where no body follows
    whole,    ///< all of the request has passed; what follows is another one's
    refused,  ///< for `why`
  };

  /// `bounds` outlives this. `body`: where the gate's own reading of the body is appended, for who
  /// compares it; outlives this.
  explicit request_gate(const limits& bounds, std::string* body = nullptr);
  request_gate(const request_gate&) = delete;
  request_gate& operator=(const request_gate&) = delete;

  /// Judges bytes that were not judged before. `passed` of them are this request's, and what is not
  /// has to be given again: to this, after `head`; to another one, after `whole`.
  verdict look(std::string_view bytes);
  [[nodiscard]] std::size_t passed() const { return passed_; }
  /// Of `refused`.
  [[nodiscard]] const refusal& why() const { return why_; }

  /// As far as they have been seen: for the log.
  [[nodiscard]] std::string method() const { return head_.substr(0, method_end_); }

  // After `head`.
  /// As it came, for another reader.
  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] std::string_view target() const;
  /// The target's path and query, or `*`, without an authority before them.
  [[nodiscard]] const std::string& origin() const { return form_.origin; }
  /// 10 or 11.
  [[nodiscard]] unsigned version() const { return version_; }
  /// Names as they came and values without the spaces around them.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> fields() const;
  /// The one host that this request is for; empty where HTTP/1.0 names none.
  [[nodiscard]] std::string_view host() const { return host_; }
  [[nodiscard]] bool has_body() const { return has_body_; }
  /// The sender wants to hear `100 Continue` before it sends the body.
  [[nodiscard]] bool awaits_continue() const { return awaits_continue_; }
  /// The sender wants the connection to go on after this request (RFC 9112, section 9.3), by all
  /// tokens of all `Connection` lines: `close` wins.
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
  bool judge_line();
  bool judge_head();
  bool judge_field(std::string_view name, std::string_view value, framing& seen);
  bool judge_host(const framing& seen);
  bool judge_body(const framing& seen);

  const limits& bounds_;
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
  body_gate body_;
  std::size_t passed_ = 0;
  refusal why_;
};

}  // namespace sonde::ingest
