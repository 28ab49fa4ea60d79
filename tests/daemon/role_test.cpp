#include "daemon/roles/role.hpp"

#include "model/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"

namespace sonde::daemon {
namespace {

/// A role that records the calls of its steps.
class recorded_role final : public role {
 public:
  recorded_role(const role_context& context, std::string& calls, result<> outcome)
      : role(context), calls_(calls), outcome_(std::move(outcome)) {}

 private:
  result<> start_parts() override {
    calls_ += "start ";
    return outcome_;
  }
  void close_intake() override { calls_ += "close "; }
  void stop_parts() override { calls_ += "stop "; }

  std::string& calls_;
  result<> outcome_;
};

struct role_world {
  configuration config;
  test::manual_clock time;
  logger log{log_level::error};
  metrics counts;
  fatal_error failure;
  role_context context{.config = config,
                       .view_folder = std::nullopt,
                       .time = time,
                       .log = log,
                       .counts = counts,
                       .failure = failure,
                       .process_id = "1"};
  std::string calls;
};

}  // namespace

TEST_CASE_FIXTURE(role_world, "a role starts once and stops once") {
  recorded_role one(context, calls, {});
  one.stop_intake();
  one.stop();
  CHECK(calls.empty());
  CHECK(one.start());
  CHECK(one.start());
  one.stop_intake();
  one.stop();
  one.stop_intake();
  one.stop();
  CHECK(calls == "start close stop ");
}

TEST_CASE_FIXTURE(role_world, "a role whose start failed is stopped") {
  recorded_role one(context, calls, fail(model::errc::invalid_field, "no"));
  CHECK(!one.start());
  one.stop();
  CHECK(calls == "start stop ");
}

TEST_CASE_FIXTURE(role_world, "a process serves facts in the roles ingest and view only") {
  for (const char* name : {"ingest", "view"}) {
    config.roles = {"webhook", name};
    CHECK(context.serves_facts());
  }
  config.roles = {"scanner", "webhook"};
  CHECK(!context.serves_facts());
  CHECK(context.has_role("webhook"));
  CHECK(!context.has_role("web"));
}

}  // namespace sonde::daemon
