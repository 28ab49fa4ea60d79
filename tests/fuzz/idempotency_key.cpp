// Parses any bytes as the value of `Idempotency-Key`. An accepted key can be written as a string of
// RFC 8941 and read back unchanged, and belongs to its caller alone.

#include "ingest/http/idempotency_key.hpp"

#include "tests/fuzz/checks.hpp"

#include <algorithm>

using namespace sonde;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  auto key = ingest::parse_idempotency_key(text);
  if (!key) {
    require(key.error().message().starts_with("Idempotency-Key: "));
    return 0;
  }
  require(!key->empty() && key->size() <= 255);
  require(std::ranges::all_of(*key, [](char c) { return c > ' ' && c <= '~'; }));
  std::string quoted = "\"";
  for (char c : *key) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  auto again = ingest::parse_idempotency_key(quoted + "\"");
  require(again && *again == *key);
  ingest::caller by_key;
  by_key.key_id = "ada";
  ingest::caller by_gateway;
  by_gateway.user_id = "ada";
  require(ingest::idempotency_id(by_key, *key) != ingest::idempotency_id(by_gateway, *key));
  return 0;
}
