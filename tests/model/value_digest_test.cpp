#include "base/ascii.hpp"
#include "tests/model/value_tables.hpp"

namespace sonde::model::test {
namespace {

const std::string digits = "0123456789abcdefABCDEF";

/// Returns `size` hexadecimal digits, in both cases.
std::string hex(std::size_t size) {
  std::string out;
  while (out.size() < size)
    out += digits;
  return out.substr(0, size);
}

}  // namespace

TEST_CASE("a digest has as many hexadecimal digits as the output of its function") {
  struct row {
    data_type type;
    std::size_t digits;
  };
  for (const auto& r : std::initializer_list<row>{
           {data_type::sha1, 40},
           {data_type::sha224, 56},
           {data_type::sha3_224, 56},
           {data_type::sha512_224, 56},
           {data_type::sha256, 64},
           {data_type::sha3_256, 64},
           {data_type::sha512_256, 64},
           {data_type::sha384, 96},
           {data_type::sha3_384, 96},
           {data_type::sha512, 128},
           {data_type::sha3_512, 128},
       }) {
    auto good = hex(r.digits);
    check_accepted(r.type, {
                               {good, ascii::lower_case(good)},
                               {ascii::lower_case(good), ascii::lower_case(good)},
                               {std::string(r.digits, '0'), std::string(r.digits, '0')},
                               {std::string(r.digits, 'F'), std::string(r.digits, 'f')},
                           });
    auto count = std::to_string(r.digits);
    auto rest = good.substr(1);
    check_refused(r.type, {
                              {rest, count.c_str()},
                              {good + "0", count.c_str()},
                              {good + good, count.c_str()},
                              {good.substr(2), count.c_str()},
                              {"g" + rest, count.c_str()},
                              {rest + "G", count.c_str()},
                              {rest + "-", count.c_str()},
                              {"0x" + good.substr(2), "0x"},
                              {"0X" + good, "0x"},
                              {" " + rest, count.c_str()},
                              {rest + "\n", count.c_str()},
                              {"00:" + good.substr(3), "colons"},
                              {"é" + good.substr(2), count.c_str()},
                              {hex(10), count.c_str()},
                              {hex(32), count.c_str()},
                          });
  }
}

TEST_CASE("an MD5 digest has 32 or 16 hexadecimal digits") {
  check_accepted(data_type::md5,
                 {
                     {"d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"},
                     {"D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"},
                     {"D41D8cd98f00b204", "d41d8cd98f00b204"},
                     {hex(32), ascii::lower_case(hex(32))},
                     {hex(16), ascii::lower_case(hex(16))},
                 });
  for (std::size_t size : {1U, 15U, 17U, 24U, 31U, 33U, 40U, 64U})
    check_refused(data_type::md5, {{hex(size), "32 or 16"}});
  check_refused(data_type::md5, {
                                    {"g41d8cd98f00b204", "32 or 16"},
                                    {"0x1d8cd98f00b204", "0x"},
                                    {"d4:1d:8c:d9:8f:0", "colons"},
                                    {" 41d8cd98f00b204", "32 or 16"},
                                    {"d41d8cd98f00b20\n", "32 or 16"},
                                    {"", "blank"},
                                });
}

TEST_CASE("a UUID has one canonical form, and an invalid one is refused") {
  const std::string one = "123e4567-e89b-12d3-a456-426614174abc";
  check_accepted(
      data_type::uuid,
      {
          {one, one},
          {"123E4567-E89B-12D3-A456-426614174ABC", one},
          {"{123E4567-e89b-12d3-a456-426614174abc}", one},
          {"urn:uuid:123e4567-e89b-12d3-a456-426614174abc", one},
          {"URN:UUID:123E4567-e89b-12d3-a456-426614174abc", one},
          {"123e4567e89b12d3a456426614174abc", one},
          {"123E4567E89B12D3A456426614174ABC", one},
          {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
          {"ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
      });
  for (const char* written :
       {"123e4567-e89b-12d3-a456-426614174ab", "123e4567-e89b-12d3-a456-426614174abcd",
        "123e4567-e89b-12d3-a456-426614174abg", "123e4567-e89b-12d3-a456426614174abc",
        "123e4567-e89b-12d3-a456426614174abc-", "123e45678-e89-12d3-a456-426614174abc",
        "{123e4567-e89b-12d3-a456-426614174abc", "123e4567-e89b-12d3-a456-426614174abc}",
        "(123e4567-e89b-12d3-a456-426614174abc)", "urn:123e4567-e89b-12d3-a456-426614174abc",
        "123e4567e89b12d3a456426614174ab", "{123e4567e89b12d3a456426614174abc}",
        " 123e4567-e89b-12d3-a456-426614174abc", "------------------------------------", "uuid"}) {
    check_refused(data_type::uuid, {{written, "not a UUID"}});
  }
}

TEST_CASE("UUID|MD5|SHA3-256 is the first of MD5, SHA3-256 and UUID that fits") {
  check_accepted(
      data_type::file_id,
      {
          {hex(16), ascii::lower_case(hex(16))},
          {hex(32), ascii::lower_case(hex(32))},  // not a UUID without hyphens
          {hex(64), ascii::lower_case(hex(64))},
          {"123E4567-E89B-12D3-A456-426614174ABC", "123e4567-e89b-12d3-a456-426614174abc"},
          {"{123e4567-e89b-12d3-a456-426614174abc}", "123e4567-e89b-12d3-a456-426614174abc"},
          {"urn:uuid:123e4567-e89b-12d3-a456-426614174abc", "123e4567-e89b-12d3-a456-426614174abc"},
      });
  for (std::size_t size : {2U, 15U, 31U, 33U, 40U, 56U, 63U, 65U, 128U})
    check_refused(data_type::file_id, {{hex(size), "neither an MD5"}});
  check_refused(data_type::file_id, {{"setup.exe", "UUID"}, {"0x" + hex(32), "0x"}});
}

TEST_CASE("a hexadecimal value has an even number of digits, and becomes lower case") {
  check_accepted(data_type::hexadecimal,
                 {
                     {"00", "00"},
                     {"fF", "ff"},
                     {"DEADBEEF", "deadbeef"},
                     {"0123456789abcdefABCDEF", "0123456789abcdefabcdef"},
                     {std::string(longest_value, 'A'), std::string(longest_value, 'a')},
                 });
  check_refused(data_type::hexadecimal, {
                                            {"0", "odd"},
                                            {"abc", "odd"},
                                            {"0x00", "0x"},
                                            {"0XFF", "0x"},
                                            {"de:ad:be:ef", "colons"},
                                            {"de ad", "not hexadecimal"},
                                            {"de-ad", "not hexadecimal"},
                                            {"gg", "not hexadecimal"},
                                            {"fG", "not hexadecimal"},
                                            {"/0", "not hexadecimal"},
                                            {"@a", "not hexadecimal"},
                                            {"ab\n", "not hexadecimal"},
                                            {"é", "not hexadecimal"},
                                            {std::string(longest_value + 2, 'a'), "65536"},
                                        });
}

TEST_CASE("a Base64 value is accepted unchanged, and an invalid one is refused") {
  check_unchanged(data_type::base64, {"AA==", "AAA=", "AAAA", "Zm9vYmFy", "Zm9vYg==", "++//",
                                      "a+/9", "QUJDREVGRw==", std::string(longest_value, 'A')});
  for (const char* written : {"A", "AA", "AAA", "AAAAA", "A===", "====", "=AAA", "AA=A", "AAAA=",
                              "AA==AA==", "-_-_", "AA A", "AAAA\n", "Zm9v\r\nYmFy", "ÄAA="}) {
    check_refused(data_type::base64, {{written, "not Base64"}});
  }
  check_refused(data_type::base64, {{std::string(longest_value + 4, 'A'), "65536"}});
}

}  // namespace sonde::model::test
