#include "client/errc.hpp"
#include "client/read_commands.hpp"
#include "model/ids.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/client/fake_api.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::client {
namespace {

struct shown {
  int code = -1;
  std::string out;
  std::string err;
};

shown show_it(test::fake_api& api, const std::string& what) {
  shown done;
  test::captured_output captured;
  {
    terminal out;
    system_clock clock;
    done.code = test::run(show(api, out, clock, what));
  }
  done.out = captured.out();
  done.err = captured.err();
  return done;
}

constexpr const char* some_task = "00000000-0000-8000-8000-000000000000";

}  // namespace

TEST_CASE("a scan is shown by its id") {
  test::fake_api api;
  api.scans[some_task] = {test::ended_scan("a.example")};
  auto done = show_it(api, some_task);
  CHECK(done.code == exit_code::done);
  CHECK(model::parse_own(done.out)["target"] == "a.example");
  api.scans.clear();
  auto missing = show_it(api, some_task);
  CHECK(missing.code == exit_code::scan_failed);
  CHECK(missing.out.empty());
  CHECK(missing.err.find("there is no scan") != std::string::npos);
}

TEST_CASE("a scan's id may have capitals") {
  test::fake_api api;
  api.scans["abcdef00-0000-8000-8000-000000000000"] = {test::ended_scan("a.example")};
  auto done = show_it(api, "ABCDEF00-0000-8000-8000-000000000000");
  CHECK(done.code == exit_code::done);
  CHECK(model::parse_own(done.out)["target"] == "a.example");
}

TEST_CASE("an entity is shown by its id") {
  test::fake_api api;
  auto id = model::entity_id_of("ip", "203.0.113.1").str();
  CHECK(show_it(api, id).code == exit_code::scan_failed);
  model::json entity = {{"attributes", {{"id", id}}}};
  api.entity_answer = entity;
  auto done = show_it(api, id);
  CHECK(done.code == exit_code::done);
  CHECK(model::parse_own(done.out) == entity);
}

TEST_CASE("of a target the newest scan is shown, by the target's canonical name") {
  test::fake_api api;
  auto none = show_it(api, "WWW.Example.com.");
  CHECK(none.code == exit_code::scan_failed);
  CHECK(none.err.find("`sonde scan www.example.com` does it") != std::string::npos);
  CHECK(api.listed_target == "www.example.com");
  api.listed = {test::ended_scan("newest"), test::ended_scan("older")};
  auto done = show_it(api, "www.example.com");
  CHECK(model::parse_own(done.out)["target"] == "newest");
}

TEST_CASE("of a target the newest scan of each profile is shown") {
  test::fake_api api;
  for (const char* each : {"1", "standard", "1", "standard"}) {
    auto scan = test::ended_scan(std::to_string(api.listed.size()));
    scan["profile"] = each;
    api.listed.push_back(scan);
  }
  auto done = show_it(api, "www.example.com");
  auto second = done.out.find('\n') + 1;
  CHECK(model::parse_own(done.out.substr(0, second))["target"] == "0");
  CHECK(model::parse_own(done.out.substr(second))["target"] == "1");
}

TEST_CASE("what is none of these is said to be none") {
  test::fake_api api;
  auto done = show_it(api, "http://x/y");
  CHECK(done.code == exit_code::usage);
  CHECK(done.err.find("neither the id of a scan") != std::string::npos);
}

TEST_CASE("scans are cancelled by their ids, each for itself") {
  test::fake_api api;
  api.scans["a"] = {model::json{{"id", "a"}, {"status", "running"}}};
  api.scans["c"] = {model::json{{"id", "c"}, {"status", "done"}}};
  shown done;
  test::captured_output captured;
  {
    terminal out(output_form::table);
    done.code = test::run(cancel(api, out, {"a", "b", "c"}));
  }
  CHECK(done.code == exit_code::scan_failed);
  CHECK(captured.out() == "a is cancelled\nc had ended: done\n");
  CHECK(captured.err().find("there is no scan b") != std::string::npos);
}

}  // namespace sonde::client
