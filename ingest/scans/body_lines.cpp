#include "ingest/scans/body_lines.hpp"

#include <algorithm>

namespace sonde::ingest {

std::optional<body_lines::line> body_lines::next() {
  while (!rest_.empty()) {
    auto end = std::min(rest_.find('\n'), rest_.size());
    line out{++number_, rest_.substr(0, end)};
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (out.text.find_first_not_of(" \t\r") != std::string_view::npos) return out;
  }
  return std::nullopt;
}

std::size_t count_lines(std::string_view body) {
  body_lines lines(body);
  std::size_t out = 0;
  while (lines.next())
    ++out;
  return out;
}

}  // namespace sonde::ingest
