#include "ingest/http/body_validator.hpp"

#include "ingest/http/request_rules.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

/// More digits than any 64-bit number needs; leading zeros count.
constexpr unsigned most_size_digits = 16;

constexpr const char* too_large = "the body is too large";
constexpr const char* bad_line = "a line of the body's chunks does not end in CR LF";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void body_validator::expect(std::uint64_t length) {
  remaining_ = length;
  place_ = length > 0 ? place::bytes : place::over;
  if (length > limit_) (void)refuse(413, too_large);
}

void body_validator::expect_chunks() {
  chunked_ = true;
  place_ = place::size;
}

bool body_validator::refuse(unsigned status, const char* sentence) {
  why_ = {status, sentence};
  place_ = place::refused;
  return false;
}

body_validator::verdict body_validator::look(std::string_view bytes) {
  passed_ = 0;
  while (passed_ < bytes.size() && place_ != place::over && place_ != place::refused) {
    if (place_ == place::bytes) {
      passed_ += take_bytes(bytes.substr(passed_));
    } else if (take(bytes[passed_])) {
      ++passed_;
    }
  }
  if (place_ == place::over) return verdict::whole;
  return place_ == place::refused ? verdict::refused : verdict::more;
}

std::size_t body_validator::take_bytes(std::string_view bytes) {
  auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  if (copy_ != nullptr) copy_->append(bytes.substr(0, size));
  remaining_ -= size;
  if (remaining_ == 0) place_ = chunked_ ? place::bytes_cr : place::over;
  return size;
}

bool body_validator::take(char c) {
  auto line_end = [this, c](char expected, place next, const char* sentence) {
    if (c != expected) return refuse(400, sentence);
    place_ = next;
    return true;
  };
  switch (place_) {
    case place::size: return take_size(c);
    case place::size_lf:
      digits_ = 0;
      return line_end('\n', remaining_ > 0 ? place::bytes : place::last_cr, bad_line);
    case place::bytes_cr:
      return line_end('\r', place::bytes_lf, "a chunk does not end where its size requires");
    case place::bytes_lf: return line_end('\n', place::size, bad_line);
    case place::last_cr:
      return line_end('\r', place::last_lf,
                      is_token_byte(c) ? "trailer fields are not accepted" : bad_line);
    case place::last_lf: return line_end('\n', place::over, bad_line);
    default: return false;
  }
}

bool body_validator::take_size(char c) {
  if (auto digit = hex_digit(c); digit >= 0) {
    if (digits_ == 0) remaining_ = 0;
    if (++digits_ > most_size_digits) return refuse(400, "a chunk's size has too many digits");
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
    if (remaining_ > limit_ - total_) return refuse(413, too_large);
    return true;
  }
  if (c == ';') return refuse(400, "chunk extensions are not accepted");
  if (digits_ == 0 || c != '\r') {
    return refuse(400, "a chunk's size must be hexadecimal digits, followed by CR LF");
  }
  total_ += remaining_;
  place_ = place::size_lf;
  return true;
}

}  // namespace sonde::ingest
