// Parses any bytes as the headers of a row.

#include "queue/embedded/record_codec.hpp"

#include "tests/fuzz/checks.hpp"

using namespace sonde;
using namespace sonde::queue::embedded;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = fuzz::text_of(data, size);
  auto headers = decode_headers(bytes);
  if (headers) {
    require(encode_headers(*headers) == bytes);
    require(headers->size() <= size / 8);
  }
  auto cut = bytes.substr(0, size / 2);
  auto rest = bytes.substr(size / 2);
  auto sum = row_checksum(7, cut, rest, bytes);
  require(row_checksum(7, cut, rest, bytes) == sum);
  if (size > 0) {
    require(row_checksum(8, cut, rest, bytes) != sum);
    require(row_checksum(7, bytes.substr(0, size / 2 + 1), bytes.substr(size / 2 + 1), bytes) !=
            sum);
  }
  return 0;
}
