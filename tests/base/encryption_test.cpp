#include "base/encryption.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {

TEST_CASE(
    "encrypted text is decrypted only with its key, and not after one of its bytes has changed") {
  const std::string text = "https://hooks.example.com/T00/secret";
  auto encrypted = encrypt("key", text);
  CHECK(encrypted.find("hooks") == std::string::npos);
  CHECK(decrypt("key", encrypted) == text);
  CHECK(!decrypt("other key", encrypted));
  CHECK(!decrypt("key", ""));
  CHECK(!decrypt("key", "AAAA"));
  CHECK(!decrypt("key", encrypted.substr(4)));
  for (std::size_t at = 0; at < encrypted.size(); at += 7) {
    auto changed = encrypted;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK(!decrypt("key", changed));
  }
  CHECK(decrypt("key", encrypt("key", "")) == "");
}

TEST_CASE("encryption is deterministic: same text, same result; another text, another beginning") {
  CHECK(encrypt("key", "one text") == encrypt("key", "one text"));
  CHECK(encrypt("key", "one text").substr(0, 16) != encrypt("key", "one tex7").substr(0, 16));
  CHECK(encrypt("key", "one text") != encrypt("other", "one text"));
}

}  // namespace sonde
