#include "client/errc.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::client {

TEST_CASE("each failure has its exit code") {
  CHECK(exit_code_of(fail(errc::usage)) == 64);
  CHECK(exit_code_of(fail(errc::no_server)) == 69);
  CHECK(exit_code_of(fail(errc::interrupted)) == 130);
  CHECK(exit_code_of(fail(errc::output_failed)) == 74);
  CHECK(exit_code_of(fail(errc::output_closed)) == 141);
  CHECK(exit_code_of(fail(errc::refused)) == 1);
  CHECK(exit_code_of(fail(errc::try_later)) == 1);
  CHECK(exit_code_of(fail(errc::not_found)) == 1);
  CHECK(exit_code_of(fail(errc::gone)) == 1);
  CHECK(exit_code_of(error{make_error_code(boost::system::errc::io_error), ""}) == 1);
  CHECK(exit_code::configuration == 78);
  CHECK(exit_code::data_folder == 74);
}

TEST_CASE("the errors of this folder describe themselves") {
  for (auto code :
       {errc::usage, errc::no_server, errc::refused, errc::try_later, errc::not_found, errc::gone,
        errc::interrupted, errc::untrusted, errc::output_failed, errc::output_closed}) {
    auto made = make_error_code(code);
    CHECK(std::string(made.category().name()) == "client");
    CHECK(made.message() != "unknown error");
  }
}

}  // namespace sonde::client
