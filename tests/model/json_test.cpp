#include "model/text/json.hpp"

#include "tests/support/corpora.hpp"
#include "tests/support/doctest.hpp"

#include <fstream>
#include <iterator>

namespace sonde::model {
namespace {

constexpr std::uint32_t text_depth = 32;

std::string refusal(std::string_view text) {
  auto parsed = parse_json(text, text_depth);
  REQUIRE(!parsed);
  return parsed.error().message();
}

bool says(const std::string& message, const char* what) {
  return message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("JSON of every kind is parsed") {
  auto parsed = parse_json(R"({"a":[1,-2,3.5,true,null,{"b":"€\u00e9"}],"c":{}})", text_depth);
  REQUIRE(parsed);
  CHECK((*parsed)["a"][5]["b"] == "€é");
  CHECK((*parsed)["a"].size() == 6);
  for (const char* scalar : {"1", "\"x\"", "null", " true "})
    CHECK(parse_json(scalar, text_depth));
}

TEST_CASE("a refusal says why and where") {
  CHECK(says(refusal(""), "empty"));
  CHECK(says(refusal("  \n"), "empty"));
  CHECK(says(refusal("{\"a\":1"), "parse error at column "));
  CHECK(says(refusal("{\n\"a\":x}"), "line 2, column"));
  CHECK(says(refusal("{} x"), "malformed"));
  CHECK(says(refusal(std::string_view("{\"target\":\"a\"}\0garbage", 22)), "NUL"));
  CHECK(says(refusal(R"({"a":1,"a":2})"), "\"a\" occurs twice"));
  CHECK(says(refusal(R"({"x":{"a":1,"a":1}})"), "occurs twice"));
  CHECK(says(refusal("\"\xFF\""), "UTF-8"));
  CHECK(says(refusal(std::string(text_depth + 1, '[') + std::string(text_depth + 1, ']')),
             "deeper than 32"));
  CHECK(parse_json(std::string(text_depth, '[') + std::string(text_depth, ']'), text_depth));
  CHECK(says(refusal(std::string(100'000, '[')), "deeper"));
  CHECK(says(refusal("[1e999999]"), "malformed"));
}

TEST_CASE("a misspelt field is refused with the correct name") {
  auto check = [](const char* text) {
    return check_fields(json::parse(text), {"target", "ports"});
  };
  CHECK(check(R"({"target":1})"));
  CHECK(check("{}"));
  CHECK(says(check(R"({"tagret":1})").error().message(), "did you mean \"target\"?"));
  CHECK(says(check(R"({"port":1})").error().message(), "did you mean \"ports\"?"));
  CHECK(says(check(R"({"Target":1})").error().message(), "did you mean \"target\"?"));
  CHECK(says(check(R"({"TARGET":1})").error().message(), "did you mean \"target\"?"));
  CHECK(says(check(R"({"colour":1})").error().message(), "known: target, ports"));
  CHECK(says(check("[]").error().message(), "not an object but of the type array"));
  CHECK(check(("{\"" + std::string(10'000, 'x') + "\":1}").c_str()).error().message().size() < 200);
}

TEST_CASE("the parser agrees with the JSON test suite on what must parse and what must not") {
  auto folder = test::corpora();
  if (!folder) {
    MESSAGE("left out: the JSON test suite, as there are no corpora here (SONDE_CORPORA)");
    return;
  }
  int accepted = 0;
  int refused = 0;
  auto unpacked = test::unpack(*folder / "json-test-suite.tar.xz");
  for (const auto& file : std::filesystem::directory_iterator(unpacked / "test_parsing")) {
    auto name = file.path().filename().string();
    std::ifstream in(file.path(), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    // In the suite, lists are nested deeper than the limit in only one file, which must not parse.
    auto parsed = parse_json(text, text_depth);
    CAPTURE(name);
    if (name.starts_with("n_")) {
      CHECK(!parsed);
      ++refused;
    } else if (name.starts_with("y_object_duplicated_key")) {
      REQUIRE(!parsed);
      CHECK(says(parsed.error().message(), "occurs twice"));
    } else if (name.starts_with("y_")) {
      CHECK(parsed);
      ++accepted;
    }
  }
  CHECK(accepted == 93);
  CHECK(refused == 188);
}

TEST_CASE("the length of a refusal does not grow with the input") {
  std::string much(200'000, 'a');
  for (const auto& text :
       {"\"" + much, "\"" + much + "\x01", "\"" + much + "\\q\"", std::string(200'000, '1') + "x",
        "{\"" + much + "\":1,\"" + much + "\":1}", "[" + std::string(200'000, '1') + "e]"}) {
    auto parsed = parse_json(text, text_depth);
    REQUIRE(!parsed);
    CHECK(parsed.error().message().size() < 400);
  }
  auto object = parse_json("{\"" + much + "\":1}", text_depth);
  REQUIRE(object);
  CHECK(check_fields(*object, {"target"}).error().message().size() < 400);
}

}  // namespace sonde::model
