#pragma once

#include <ctime>
#include <string>

namespace sonde::ingest {

/// Formats the time for `Date` (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. Formats
/// at most once per second. Lives on one loop.
class http_date {
 public:
  [[nodiscard]] const std::string& at(std::time_t now);

 private:
  std::time_t written_ = -1;
  std::string text_;
};

}  // namespace sonde::ingest
