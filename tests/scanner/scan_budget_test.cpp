#include "scanner/engine/scan_budget.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

scan_limits budget_of(std::uint32_t most) {
  scan_limits out;
  out.scan_evidence_bytes = most;
  return out;
}

}  // namespace

TEST_CASE("banners and certificates share one budget, and what exceeds it is counted") {
  scan_budget budget(budget_of(10'000));
  CHECK(budget.admit_banner(4'000));
  CHECK(budget.admit_certificate("a", 4'000));
  CHECK(!budget.admit_banner(2'000));
  CHECK(!budget.admit_certificate("b", 2'000));
  CHECK(!budget.admit_certificate("b", 2'000));
  CHECK(budget.admit_banner(1'000));  // what fits is admitted
  CHECK(budget.admit_facts(400));
  CHECK(!budget.admit_facts(2'000));
  CHECK(budget.left_out().facts == 1);
  CHECK(budget.left_out().banners == 1);
  CHECK(budget.left_out().certificates == 2);
}

TEST_CASE("a certificate counts once per scan") {
  scan_budget budget(budget_of(5'000));
  for (int i = 0; i < 100; ++i)
    CHECK(budget.admit_certificate("same", 4'000));
  CHECK(budget.left_out().certificates == 0);
}

TEST_CASE("a large certificate costs more per byte than a usual one") {
  scan_budget budget(budget_of(250'000));
  CHECK(budget.admit_certificate("large", 60'000));
  CHECK(!budget.admit_certificate("another", 60'000));
  for (int i = 0; i < 8; ++i)
    CHECK(budget.admit_certificate(std::to_string(i), 2'000));
}

TEST_CASE("a tiny certificate has a minimum cost") {
  scan_budget budget(budget_of(1u << 20));
  int admitted = 0;
  for (int i = 0; i < 100'000; ++i)
    if (budget.admit_certificate(std::to_string(i), 1)) ++admitted;
  CHECK(admitted > 1'000);
  CHECK(admitted < 3'000);
}

}  // namespace sonde::scanner
