// Parses any bytes as the first output of a service, and checks the banner texts made from them.

#include "base/utf8.hpp"
#include "model/text/text.hpp"
#include "scanner/modules/recognition.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::size_t banner_bytes = 256;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto said = fuzz::text_of(data, size);
  auto seen = scanner::recognise(said);
  require(seen.raw.size() <= said.size());
  require(said.find(seen.raw) != std::string_view::npos);
  require(seen.service.name.size() < 100);
  auto value = model::banner_value(seen.masked, seen.raw, banner_bytes);
  require(!value.empty() && value.size() <= banner_bytes && is_utf8(value));
  require(value.starts_with("hex:") || model::banner_value(value, value, banner_bytes) == value);
  auto line = model::first_line(said, 80);
  require(line.size() <= 80 && is_utf8(line) && line.find('\n') == std::string::npos);
  if (auto cleaned = model::clean(said)) require(is_utf8(*cleaned));
  require(is_utf8(to_utf8(said)));
  return 0;
}
