#include "daemon/node.hpp"

#include "client/scan_api.hpp"
#include "daemon/backend.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::daemon {
namespace {

configuration quiet_configuration() {
  configuration config;
  config.queue.backend = "memory";
  config.http.listen = "127.0.0.1:0";
  config.roles = {"ingest", "view"};
  config.scope.allow = {"192.0.2.0/24"};
  return config;
}

struct wired {
  explicit wired(const configuration& config, http_use http = http_use::listen) {
    auto queue = open_queue(config, queue_use::serve, clock, log);
    REQUIRE(queue);
    node_storage storage{.queue = std::move(*queue)};
    whole = std::make_unique<node>(config, std::move(storage), http, clock, log);
  }
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<node> whole;
};

}  // namespace

TEST_CASE("a node starts, serves its own process, reloads its scope, and tolerates a second stop") {
  wired w(quiet_configuration());
  REQUIRE(w.whole->start());
  CHECK(w.whole->endpoint().starts_with("127.0.0.1:"));
  CHECK(w.whole->health());
  auto api = w.whole->local_api();
  auto first = test::run(api->schedule({{"target", "192.0.2.7"}}));
  REQUIRE(first);
  CHECK((*first)["status"] == "new");
  auto again = test::run(api->schedule({{"target", "192.0.2.7"}}));
  CHECK((*again)["id"] == (*first)["id"]);
  auto found = test::run(api->look_up((*first)["id"], std::chrono::seconds(0)));
  REQUIRE(found);
  CHECK((*found)["status"] == "queued");
  CHECK(!test::run(api->schedule({{"target", "10.0.0.1"}})));

  auto changed = quiet_configuration();
  changed.scope.allow = {"10.0.0.0/8"};
  REQUIRE(w.whole->reload(changed));
  CHECK(test::run(api->schedule({{"target", "10.0.0.1"}})));
  CHECK(!test::run(api->schedule({{"target", "192.0.2.8"}})));
  changed.scope.allow = {"nonsense/99"};
  CHECK(!w.whole->reload(changed));
  w.whole->stop();
  w.whole->stop();
}

TEST_CASE("a node that cannot start reports why, and is taken down like any other") {
  auto config = quiet_configuration();
  config.http.listen = "0.0.0.0:0";
  wired w(config);
  auto started = w.whole->start();
  REQUIRE(!started);
  CHECK(started.error().message().find("loopback") == std::string::npos);
  CHECK(started.error().message().find("127.0.0.1 or ::1") != std::string::npos);
}

TEST_CASE("a missing webhook secret file is reported with its setting") {
  auto config = quiet_configuration();
  config.webhook.secret_file = "/nonexistent/secret";
  wired w(config);
  auto started = w.whole->start();
  REQUIRE(!started);
  CHECK(started.error().message() ==
        "webhook.secret_file: cannot read /nonexistent/secret: No such file or directory");
}

TEST_CASE("a node that serves no HTTP has no endpoint") {
  wired w(quiet_configuration(), http_use::none);
  REQUIRE(w.whole->start());
  CHECK(w.whole->endpoint().empty());
}

}  // namespace sonde::daemon
