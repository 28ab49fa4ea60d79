// Parses any bytes as requests on one connection. The request validator gives the same result for
// any division into pieces. For every request that it accepts, a second HTTP reader sees the same
// request.

#include "ingest/http/request_validator.hpp"

#include "ingest/http/request_reader.hpp"
#include "tests/fuzz/checks.hpp"

#include <algorithm>

using namespace sonde;
using fuzz::require;
using verdict = ingest::request_validator::verdict;

namespace {

ingest::http_limits small() {
  ingest::http_limits out;
  out.http_header_bytes = 2048;
  out.http_headers = 16;
  out.http_target_bytes = 256;
  out.http_body_bytes = 4096;
  return out;
}

struct reading {
  explicit reading(const ingest::http_limits& bounds) : validator(bounds, &body) {}

  std::string body;
  ingest::request_validator validator;
  verdict seen = verdict::more;
  std::size_t passed = 0;
};

void validate(reading& into, std::string_view bytes, std::size_t piece) {
  bool after_head = false;
  while (into.passed < bytes.size() || after_head) {
    into.seen = into.validator.look(bytes.substr(into.passed, piece));
    into.passed += into.validator.passed();
    after_head = into.seen == verdict::head;
    if (into.seen == verdict::whole || into.seen == verdict::refused) return;
  }
}

/// The reader groups fields by name. The order counts within a name.
template <class Fields>
void sort_by_name(Fields& fields) {
  auto lower = [](std::string name) {
    for (char& c : name)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return name;
  };
  std::ranges::stable_sort(fields, {},
                           [&](const auto& field) { return lower(std::string(field.first)); });
}

void compare(const ingest::request_validator& validator, const ingest::request_reader& reader) {
  require(reader.method() == validator.method());
  require(reader.target() == validator.target());
  auto ours = validator.fields();
  auto theirs = reader.fields();
  require(ours.size() == theirs.size());
  sort_by_name(ours);
  sort_by_name(theirs);
  for (std::size_t i = 0; i < ours.size(); ++i)
    require(ours[i].first == theirs[i].first && ours[i].second == theirs[i].second);
}

/// Reads the same bytes again in other pieces.
void read_again(const reading& whole, std::string_view bytes, std::size_t piece) {
  auto begin = bytes.find(whole.validator.head());
  require(begin == 0 || begin == 2);
  ingest::request_reader reader;
  require(reader.take(whole.validator.head()));
  compare(whole.validator, reader);
  auto body = bytes.substr(begin + whole.validator.head().size());
  while (!body.empty()) {
    require(!reader.done() && reader.take(body.substr(0, piece)));
    body.remove_prefix(std::min(piece, body.size()));
  }
  require(reader.done());
  require(reader.take_body() == whole.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ingest::http_limits bounds = small();
  if (size < 1) return 0;
  std::size_t piece = data[0] % 16 + 1U;
  auto bytes = fuzz::text_of(data + 1, size - 1);
  while (!bytes.empty()) {
    reading at_once(bounds);
    reading in_pieces(bounds);
    validate(at_once, bytes, bytes.size());
    validate(in_pieces, bytes, piece);
    require(at_once.seen == in_pieces.seen && at_once.passed == in_pieces.passed);
    require(at_once.body == in_pieces.body && at_once.body.size() <= bounds.http_body_bytes);
    if (at_once.seen == verdict::refused) {
      require(at_once.validator.why().status >= 400 && !at_once.validator.why().sentence.empty());
      require(at_once.validator.why().status == in_pieces.validator.why().status);
    }
    if (at_once.seen != verdict::whole) return 0;
    auto request = bytes.substr(0, at_once.passed);
    require(at_once.validator.head().find('\0') == std::string::npos);
    read_again(at_once, request, piece);
    bytes.remove_prefix(at_once.passed);
  }
  return 0;
}
