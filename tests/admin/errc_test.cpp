#include "admin/errc.hpp"

#include "tests/support/doctest.hpp"

#include <string>

namespace sonde::admin {

TEST_CASE("each failure of an operation has its HTTP status") {
  CHECK(status_of(fail(errc::invalid)) == 400);
  CHECK(status_of(fail(errc::not_found)) == 404);
  for (auto code : {errc::too_many, errc::full, errc::not_confirmed, errc::behind})
    CHECK(status_of(fail(code)) == 503);
}

TEST_CASE(
    "the errors of this folder describe themselves, and only permanent ones are not repeated") {
  for (auto code : {errc::invalid, errc::not_found, errc::too_many, errc::full, errc::not_confirmed,
                    errc::behind}) {
    auto made = make_error_code(code);
    CHECK(std::string(made.category().name()) == "admin");
    CHECK(made.message() != "unknown error");
    CHECK(fail(code).is_transient() == (code != errc::invalid && code != errc::not_found));
  }
}

}  // namespace sonde::admin
