#include "base/hash.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {

TEST_CASE("digests agree with the examples of their standards") {
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha3_256_hex("") == "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
  CHECK(sha3_256_hex("abc") == "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  CHECK(sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(md5_hex("abc") == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("a checksum can be computed in pieces") {
  CHECK(crc32("123456789") == 0xCBF43926U);
  CHECK(crc32("6789", crc32("12345")) == crc32("123456789"));
  CHECK(crc32("") == 0);
}

TEST_CASE("a comparison in constant time compares whole texts") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK(!equal_in_constant_time("abc", "abd"));
  CHECK(!equal_in_constant_time("abc", "ab"));
}

TEST_CASE("base64 and hexadecimal encode known examples") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_hex(std::string_view("\x00\x7F\xFF", 3)) == "007fff");
}

TEST_CASE("HKDF agrees with RFC 5869, test case 1") {
  std::string salt;
  std::string info;
  for (char byte = 0; byte <= 0x0C; ++byte)
    salt += byte;
  for (int byte = 0xF0; byte <= 0xF9; ++byte)
    info += static_cast<char>(byte);
  CHECK(to_hex(hkdf_sha256(std::string(22, '\x0B'), salt, info)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

TEST_CASE("an HMAC agrees with RFC 4231, test case 2") {
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("base64 decodes only its canonical form") {
  for (std::string_view text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    CHECK(from_base64(to_base64(text)) == text);
  for (const char* text :
       {"Zg", "Zg=", "Zg=a", "Zh==", "Z===", "====", "Zm9v\n", " Zm9v", "Zm9-", "Zm9vZg==Zg=="})
    CHECK_MESSAGE(!from_base64(text), text);
}

}  // namespace sonde
