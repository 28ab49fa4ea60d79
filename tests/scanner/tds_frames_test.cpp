#include "scanner/engine/tds_frames.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::scanner {

using namespace std::string_literals;

TEST_CASE("bytes travel in PRELOGIN packets") {
  CHECK(tds_frames::wrap("abc") == "\x12\x01\x00\x0B\x00\x00\x00\x00"s + "abc");
  CHECK(tds_frames::wrap("").empty());
  auto wrapped = tds_frames::wrap(std::string(5'000, 'x'));
  CHECK(wrapped.size() == 5'000 + 2 * 8);
  CHECK(wrapped.substr(0, 4) == "\x12\x00\x10\x00"s);
}

TEST_CASE("packets are unwrapped however their bytes come") {
  auto bytes = tds_frames::wrap(std::string(5'000, 'x')) + tds_frames::wrap("end");
  for (std::size_t piece : {1U, 7U, 9U, 4'096U, 10'000U}) {
    CAPTURE(piece);
    tds_frames frames;
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      out += frames.unwrap(std::string_view(bytes).substr(at, piece));
    CHECK(out == std::string(5'000, 'x') + "end");
  }
}

TEST_CASE("what is not a packet passes unchanged") {
  tds_frames frames;
  CHECK(frames.unwrap("\x15\x03\x03\x00\x02\x02\x28\x00"s) == "\x15\x03\x03\x00\x02\x02\x28\x00"s);
  CHECK(frames.unwrap("more") == "more");
  tds_frames short_size;
  CHECK(short_size.unwrap("\x12\x01\x00\x03\x00\x00\x00\x00"s).size() == 8);
}

}  // namespace sonde::scanner
