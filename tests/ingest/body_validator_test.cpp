#include "ingest/http/body_validator.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using body_verdict = body_validator::verdict;

struct validated_chunks {
  body_verdict seen = body_verdict::more;
  std::size_t passed = 0;
  unsigned status = 0;
  std::string body;
};

/// Passes `piece` bytes at a time to the check.
validated_chunks validate_chunks(std::string_view bytes, std::size_t piece,
                                 std::size_t limit = 1000) {
  validated_chunks out;
  body_validator validator(limit, &out.body);
  validator.expect_chunks();
  while (out.passed < bytes.size() && out.seen == body_verdict::more) {
    out.seen = validator.look(bytes.substr(out.passed, piece));
    out.passed += validator.passed();
  }
  if (out.seen == body_verdict::refused) out.status = validator.why().status;
  return out;
}

}  // namespace

TEST_CASE("a request without framing headers has no body") {
  body_validator validator(10);
  CHECK(validator.look("GET / ") == body_verdict::whole);
  CHECK(validator.passed() == 0);
}

TEST_CASE("a body of a known length ends there") {
  body_validator validator(10);
  validator.expect(10);
  CHECK(validator.look("1234") == body_verdict::more);
  CHECK(validator.passed() == 4);
  CHECK(validator.look(std::string("\r\n\0\xFF"
                                   "90GET",
                                   9)) == body_verdict::whole);
  CHECK(validator.passed() == 6);
  CHECK(validator.look("GET") == body_verdict::whole);
  CHECK(validator.passed() == 0);
}

TEST_CASE("a body with a declared length over the limit is refused before its first byte") {
  body_validator validator(10);
  validator.expect(11);
  CHECK(validator.look("") == body_verdict::refused);
  CHECK(validator.why().status == 413);
  CHECK(validator.passed() == 0);
}

TEST_CASE("chunks are joined, whatever the pieces in which they arrive") {
  const std::string chunks = "3\r\nabc\r\n00A\r\n0123456789\r\n1\r\n\n\r\n000\r\n\r\n";
  for (std::size_t piece = 1; piece <= chunks.size(); ++piece) {
    CAPTURE(piece);
    auto out = validate_chunks(chunks + "GET", piece);
    CHECK(out.seen == body_verdict::whole);
    CHECK(out.passed == chunks.size());
    CHECK(out.body == "abc0123456789\n");
  }
}

TEST_CASE("malformed chunk framing is refused at the first wrong byte") {
  struct {
    std::string bytes;
    unsigned status;
    std::size_t passed;
  } const cases[] = {
      {"\r\n", 400, 0},
      {"g\r\n", 400, 0},
      {"-1\r\n", 400, 0},
      {"+1\r\n", 400, 0},
      {" 1\r\n", 400, 0},
      {"0x1\r\n", 400, 1},
      {"1 \r\n", 400, 1},
      {"1\n", 400, 1},
      {"1\rx", 400, 2},
      {"1;a=b\r\n", 400, 1},
      {"1\r\nab", 400, 4},
      {"1\r\na\n", 400, 4},
      {"1\r\na\rb", 400, 5},
      {"1\r\na\r\n\r\n", 400, 6},
      {"0\r\nA: b\r\n\r\n", 400, 3},
      {"0\r\n\n", 400, 3},
      {"0\r\n\rx", 400, 4},
      {"0;x\r\n\r\n", 400, 1},
      {"00000000000000001\r\n", 400, 16},
      {"3e9\r\n", 413, 2},
      {"FFFFFFFFFFFFFFFFF\r\n", 413, 2},
      {std::string("1\0\r\n", 4), 400, 1},
  };
  for (const auto& each : cases) {
    CAPTURE(each.bytes);
    for (std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
      auto out = validate_chunks(each.bytes, piece);
      CHECK(out.seen == body_verdict::refused);
      CHECK(out.status == each.status);
      CHECK(out.passed == each.passed);
    }
  }
}

TEST_CASE("all chunks together may be as large as the limit, and no larger") {
  const std::string five = "5\r\n12345\r\n";
  CHECK(validate_chunks(five + five + "0\r\n\r\n", 7, 10).seen == body_verdict::whole);
  auto over = validate_chunks(five + five + "1\r\n", 7, 10);
  CHECK(over.status == 413);
  CHECK(over.passed == 2 * five.size());
}

TEST_CASE("a refusal is final") {
  body_validator validator(10);
  validator.expect_chunks();
  CHECK(validator.look("x") == body_verdict::refused);
  CHECK(validator.look("0\r\n\r\n") == body_verdict::refused);
  CHECK(validator.passed() == 0);
}

}  // namespace sonde::ingest
