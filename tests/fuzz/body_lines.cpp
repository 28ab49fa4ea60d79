// Parses any bytes as a body of many lines, and as the cursor of a list.

#include "ingest/scans/body_lines.hpp"

#include "ingest/scans/scan_cursor.hpp"
#include "tests/fuzz/checks.hpp"

#include <algorithm>

using namespace sonde;
using fuzz::require;

namespace {

void check_lines(std::string_view body) {
  ingest::body_lines lines(body);
  std::size_t last = 0;
  std::size_t found = 0;
  const char* reached = body.data();
  while (auto line = lines.next()) {
    require(line->number > last);
    require(line->text.find('\n') == std::string_view::npos && !line->text.empty());
    require(line->text.data() >= reached);
    auto between = std::string_view(reached, static_cast<std::size_t>(line->text.data() - reached));
    require(between.find_first_not_of(" \t\r\n") == std::string_view::npos);
    auto ends = static_cast<std::size_t>(std::ranges::count(between, '\n'));
    require(line->number == last + ends + (last == 0 ? 1 : 0));
    reached = line->text.data() + line->text.size();
    last = line->number;
    ++found;
  }
  auto rest = body.substr(static_cast<std::size_t>(reached - body.data()));
  require(rest.find_first_not_of(" \t\r\n") == std::string_view::npos);
  require(ingest::count_lines(body) == found);
}

void check_cursor(std::string_view text) {
  auto place = ingest::parse_cursor(text);
  if (!place) {
    require(place.error().message().size() < 200);
    return;
  }
  require(ingest::to_cursor(*place) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  check_lines(text);
  check_cursor(text);
  return 0;
}
