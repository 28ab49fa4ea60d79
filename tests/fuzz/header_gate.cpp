// Any bytes at all, taken for the header of a request. However they are cut into pieces, the gate
// says the same.

#include "ingest/header_gate.hpp"

#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;
using verdict = ingest::header_gate::verdict;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::size_t piece = data[0] % 16 + 1U;
  auto bytes = fuzz::text_of(data + 1, size - 1);
  ingest::header_gate at_once;
  auto whole = at_once.look(bytes);
  ingest::header_gate in_pieces;
  auto seen = verdict::more;
  for (std::size_t end = piece; seen == verdict::more; end += piece) {
    seen = in_pieces.look(bytes.substr(0, end));
    if (end >= bytes.size()) break;
  }
  require(seen == whole);
  if (whole == verdict::refused) require(!at_once.reason().empty());
  if (whole == verdict::whole) {
    require(at_once.size() == in_pieces.size());
    auto header = bytes.substr(0, at_once.size());
    require(header.ends_with("\r\n") && header.find('\0') == std::string_view::npos);
    require(header.find("\r\n ") == std::string_view::npos);
  }
  return 0;
}
