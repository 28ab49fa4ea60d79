#include "client/redrive.hpp"

#include "admin/errc.hpp"
#include "client/errc.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::client {
namespace {

/// A daemon that returns one prepared report after the other.
struct reports_world {
  /// Runs `sonde topic redrive`; returns the exit code. `out` and `err` have what it printed.
  int run(admin::redrive_order order, output_form form) {
    test::captured_output captured;
    int code = -1;
    {
      terminal screen(form);
      auto function = [this](admin::redrive_order) -> awaitable<result<model::json>> {
        auto report = reports.at(requests++);
        co_return report;
      };
      code = test::run(run_redrive(function, std::move(order), screen));
    }
    out = captured.out();
    err = captured.err();
    return code;
  }
  /// A report on one letter, which was sent to offset 7 of `work`.
  static model::json report_of(std::int64_t offset, bool more) {
    admin::redriven_letter letter;
    letter.stood = {"work.dlq", 1, offset};
    letter.why.error = "it is not work";
    letter.went = {"work", 0, 7};
    admin::redrive_report out;
    out.letters.push_back(std::move(letter));
    out.more = more;
    return admin::to_json(out);
  }

  std::vector<result<model::json>> reports;
  std::size_t requests = 0;
  std::string out;
  std::string err;
};

}  // namespace

TEST_CASE_FIXTURE(reports_world, "a redrive repeats its request until no dead letter is left") {
  reports = {report_of(0, true), report_of(1, true), report_of(2, false)};
  CHECK(run({"work"}, output_form::json) == exit_code::done);
  CHECK(requests == 3);
  CHECK(std::count(out.begin(), out.end(), '\n') == 3);
  CHECK(err.find("3 dead letters sent back") != std::string::npos);
}

TEST_CASE_FIXTURE(reports_world, "a table shows where each dead letter was and where it went") {
  reports = {report_of(4, false)};
  CHECK(run({"work"}, output_form::table) == exit_code::done);
  CHECK(out == "1:4  it is not work  → work 0:7\n");
  CHECK(err.find("1 dead letter sent back") != std::string::npos);
}

TEST_CASE_FIXTURE(reports_world, "a failed redrive has the exit code of its error") {
  reports = {fail(admin::errc::invalid, "topic \"x\" cannot have dead letters")};
  CHECK(run({"x"}, output_form::table) == exit_code::usage);
  CHECK(err.find("cannot have dead letters") != std::string::npos);
}

}  // namespace sonde::client
