// Parses any bytes as a response. An accepted response is the same for any division into pieces,
// and nothing exceeds its limit.

#include "net/response_reader.hpp"
#include "tests/fuzz/checks.hpp"

#include <algorithm>
#include <string>

using namespace sonde;
using fuzz::require;

namespace {

constexpr net::response_limits bounds{512, 1024};

struct reading {
  bool has_head = false;
  unsigned status = 0;
  std::string server;
  std::string body;
  error_code failed;
  bool operator==(const reading&) const = default;
};

reading read(std::string_view bytes, std::size_t piece) {
  net::response_reader reader(bounds);
  reading out;
  while (!bytes.empty() && !reader.done() && !out.failed) {
    auto taken = reader.take(bytes.substr(0, piece));
    if (!taken) out.failed = taken.error().code;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (!reader.done() && !out.failed) {
    auto ended = reader.end();
    if (!ended) out.failed = ended.error().code;
  }
  require(reader.done() == !out.failed);
  out.has_head = reader.has_head();
  if (out.has_head) {
    out.status = reader.status();
    out.server = reader.field("server");
    require(out.status >= 200 || out.status < 100);
    require(out.server.size() <= bounds.head_bytes);
  }
  if (reader.done()) out.body = reader.take_body();
  require(out.body.size() <= bounds.body_bytes);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::size_t piece = data[0] % 16 + 1U;
  auto bytes = fuzz::text_of(data + 1, size - 1);
  auto at_once = read(bytes, bytes.size());
  auto in_pieces = read(bytes, piece);
  // Some defects of a head or a trailer, and parts over their limit, are found in one division
  // only.
  if (!at_once.failed && !in_pieces.failed) require(at_once == in_pieces);
  return 0;
}
