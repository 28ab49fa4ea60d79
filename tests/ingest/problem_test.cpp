#include "ingest/http/problem.hpp"

#include "ingest/errc.hpp"
#include "model/text/json.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

std::string header_of(const http_response& answer, std::string_view name) {
  for (const auto& [each, value] : answer.headers) {
    if (each == name) return value;
  }
  return "(none)";
}

}  // namespace

TEST_CASE("the headers and the body of a problem agree") {
  auto answer = problem(404, "it does not exist", "abc-7");
  CHECK(answer.status == 404);
  CHECK(header_of(answer, "Content-Type") == "application/problem+json");
  CHECK(header_of(answer, "x-error") == "it does not exist");
  CHECK(header_of(answer, "x-error-id") == "abc-7");
  CHECK(header_of(answer, "Retry-After") == "(none)");
  auto body = model::parse_own(answer.body);
  CHECK(body == model::json{{"type", "about:blank"},
                            {"title", "Not Found"},
                            {"status", 404},
                            {"detail", "it does not exist"},
                            {"id", "abc-7"}});
}

TEST_CASE("an answer to a request that can be retried has Retry-After") {
  CHECK(header_of(problem(503, "later", "x"), "Retry-After") == "1");
  auto answer = problem(429, "later", "x");
  CHECK(header_of(answer, "Retry-After") == "1");
  set_retry_after(answer, std::chrono::seconds(17));
  CHECK(header_of(answer, "Retry-After") == "17");
  CHECK(std::ranges::count(answer.headers, "Retry-After",
                           [](const auto& each) { return each.first; }) == 1);
}

TEST_CASE("a message with hostile input stays one header line, and valid JSON") {
  auto answer = problem(400, "a\r\nx-injected: 1\x1b[31m\x7F\xFF€" + std::string(2000, 'b'), "x");
  auto line = header_of(answer, "x-error");
  CHECK(line.starts_with("a??x-injected: 1?[31m?????bbb"));
  CHECK(line.size() == 512);
  auto body = model::parse_own(answer.body);
  REQUIRE(body.is_object());
  CHECK(body["detail"].get<std::string>().find("\xEF\xBF\xBD€bbb") != std::string::npos);
}

TEST_CASE("each error of this folder has its status") {
  auto status = [](errc code) { return problem(fail(code, "why"), "x").status; };
  CHECK(status(errc::invalid) == 400);
  CHECK(status(errc::not_found) == 404);
  CHECK(status(errc::gone) == 410);
  CHECK(status(errc::too_many) == 429);
  CHECK(status(errc::unavailable) == 503);
  CHECK(problem(error{make_error_code(boost::system::errc::io_error), ""}, "x").status == 500);
  CHECK(header_of(problem(fail(errc::gone), "x"), "x-error") == describe(errc::gone));
}

TEST_CASE("every status that is sent has its reason phrase") {
  for (unsigned status : {200U, 202U, 204U, 400U, 404U, 405U, 408U, 409U, 410U, 413U, 415U, 421U,
                          422U, 429U, 431U, 500U, 503U, 505U}) {
    CAPTURE(status);
    CHECK(reason_phrase(status) != "Unknown");
  }
  CHECK(reason_phrase(299) == "Unknown");
}

TEST_CASE("the errors of this folder describe themselves") {
  for (auto code :
       {errc::invalid, errc::not_found, errc::gone, errc::too_many, errc::unavailable}) {
    auto made = make_error_code(code);
    CHECK(std::string(made.category().name()) == "ingest");
    CHECK(made.message() != "unknown error");
  }
  CHECK(error_code(99, make_error_code(errc::gone).category()).message() == "unknown error");
}

}  // namespace sonde::ingest
