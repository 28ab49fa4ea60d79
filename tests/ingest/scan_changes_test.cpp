#include "ingest/scans/scan_changes.hpp"

#include "ingest/errc.hpp"
#include "tests/ingest/scan_world.hpp"

namespace sonde::ingest {
namespace {

struct change_world : test::scan_world {
  change_world() { scope.allow = {"192.0.2.0/24"}; }
};

}  // namespace

TEST_CASE_FIXTURE(change_world, "a cancelled scan stays cancelled, and its state is reported") {
  auto receipt = schedule(order(R"({"target":"192.0.2.7"})"), {"red"});
  REQUIRE(receipt);
  auto first = cancel(receipt->id.str(), {"red"});
  REQUIRE(first);
  CHECK(first->id == receipt->id);
  CHECK(first->status == "queued");
  auto shown = look_up(receipt->id, {"red"}, std::chrono::seconds(20));
  REQUIRE(shown);
  CHECK((*shown)["status"] == "cancelled");
  auto again = cancel(receipt->id.str(), {"red"});
  REQUIRE(again);
  CHECK(again->status == "cancelled");
}

TEST_CASE_FIXTURE(change_world, "a caller cannot cancel a scan that is hidden from it") {
  auto receipt = schedule(order(R"({"target":"192.0.2.7"})"), {"red"});
  REQUIRE(receipt);
  for (const auto& id : {receipt->id.str(), std::string("nonsense")}) {
    auto refused = cancel(id, {"blue"});
    REQUIRE(!refused);
    CHECK(refused.error().code == make_error_code(errc::not_found));
  }
  CHECK((*look_up(receipt->id, {"red"}))["status"] == "queued");
}

}  // namespace sonde::ingest
