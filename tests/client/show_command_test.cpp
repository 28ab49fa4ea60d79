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
    done.code = test::run(show(api, out, clock, what, table_detail::compact));
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

TEST_CASE("the id of a scan may have capital letters") {
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

TEST_CASE("for a target the newest scan is shown; the lookup uses the canonical name") {
  test::fake_api api;
  auto none = show_it(api, "WWW.Example.com.");
  CHECK(none.code == exit_code::scan_failed);
  CHECK(none.err.find("`sonde scan www.example.com` scans it") != std::string::npos);
  CHECK(api.listed_target == "www.example.com");
  api.listed = {test::ended_scan("newest"), test::ended_scan("older")};
  auto done = show_it(api, "www.example.com");
  CHECK(model::parse_own(done.out)["target"] == "newest");
}

TEST_CASE("for a target the newest scan of each profile is shown") {
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

TEST_CASE("an argument that is not an id, target or endpoint is refused") {
  test::fake_api api;
  auto done = show_it(api, "http://x/y");
  CHECK(done.code == exit_code::usage);
  CHECK(done.err.find("is not a scan id, an entity id") != std::string::npos);
  auto named = show_it(api, "host.example:80");
  CHECK(named.code == exit_code::usage);
  CHECK(named.err.find("give the host alone\n") != std::string::npos);
}

TEST_CASE("a service is shown by its endpoint") {
  struct {
    const char* written;
    const char* value;
  } const cases[] = {
      {"192.0.2.1:443/tcp", "192.0.2.1:443/tcp"},
      {"192.0.2.1:443", "192.0.2.1:443/tcp"},
      {"[2001:DB8::1]:443/tcp", "[2001:db8::1]:443/tcp"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.written);
    test::fake_api api;
    api.entity_answer = model::json{{"attributes", {{"value", each.value}}}};
    auto done = show_it(api, each.written);
    CHECK(done.code == exit_code::done);
    CHECK(api.asked_entity == model::entity_id_of("service", each.value).str());
    CHECK(model::parse_own(done.out)["attributes"]["value"] == each.value);
  }
  for (const char* other : {"192.0.2.1:0/tcp", "192.0.2.1:65536/tcp", "2001:db8::1:443/tcp",
                            "[192.0.2.1]:443/tcp", "192.0.2.1:443/udp", "192.0.2.1:/tcp"}) {
    CAPTURE(other);
    test::fake_api api;
    show_it(api, other);
    CHECK(api.asked_entity.empty());
  }
}

TEST_CASE("a not-found error names the object and says that it may be hidden from the key") {
  test::fake_api api;
  auto id = model::entity_id_of("ip", "203.0.113.1").str();
  CHECK(show_it(api, id).err ==
        "sonde: there is no entity " + id + ", or it is not visible to this key\n");
  CHECK(show_it(api, "192.0.2.1:443/tcp").err ==
        "sonde: there is no service 192.0.2.1:443/tcp, or it is not visible to this key\n");
  CHECK(show_it(api, some_task).err == std::string("sonde: there is no scan ") + some_task +
                                           ", or it is not visible to this key\n");
}

TEST_CASE("each id is cancelled independently") {
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
