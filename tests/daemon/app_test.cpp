#include "client/scan_api.hpp"
#include "daemon/node.hpp"
#include "daemon/topics.hpp"
#include "model/events.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include <set>

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
  explicit wired(configuration config) {
    auto queue = open_queue(config, queue_use::serve, clock, log);
    REQUIRE(queue);
    whole = std::make_unique<node>(config, std::move(*queue), std::nullopt, clock, log);
  }
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<node> whole;
};

}  // namespace

TEST_CASE("every topic of the design is there once, with its cleanup") {
  const std::set<std::string> compacted = {"credentials", "scan.tasks"};
  std::set<std::string> names;
  for (const auto& each : all_topics(3)) {
    CHECK(each.partitions == 3);
    names.insert(each.name);
    CHECK((each.policy == queue::cleanup::compact) == compacted.contains(each.name));
  }
  CHECK(names == std::set<std::string>{"scan.requests", "scan.requests.dlq", "scan.tasks",
                                       "scan.progress", "entities", "associations", "comments",
                                       "credentials", "idempotency", "webhook.requests",
                                       "webhook.requests.dlq", "webhook.deliveries", "audit"});
}

TEST_CASE("a node starts, serves its own process, reloads its scope, and stops twice") {
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

TEST_CASE("a node that cannot start says why, and is taken down like any other") {
  auto config = quiet_configuration();
  config.http.listen = "0.0.0.0:0";
  wired w(config);
  auto started = w.whole->start();
  REQUIRE(!started);
  CHECK(started.error().message().find("loopback") == std::string::npos);
  CHECK(started.error().message().find("127.0.0.1 or ::1") != std::string::npos);
}

TEST_CASE("a file of webhooks' secrets that is not there is named with its setting") {
  auto config = quiet_configuration();
  config.webhook.secret_file = "/nonexistent/secret";
  wired w(config);
  auto started = w.whole->start();
  REQUIRE(!started);
  CHECK(started.error().message() ==
        "webhook.secret_file: cannot read /nonexistent/secret: No such file or directory");
}

TEST_CASE("a node that serves no HTTP has no endpoint") {
  wired w(quiet_configuration());
  w.whole->serve_http(false);
  REQUIRE(w.whole->start());
  CHECK(w.whole->endpoint().empty());
}

TEST_CASE("the configured backend is opened, and read beside") {
  test::temporary_folder folder;
  configuration config;
  config.data_dir = folder.path();
  system_clock clock;
  logger log(log_level::error);
  auto none = open_queue(config, queue_use::read, clock, log);
  CHECK(!none);
  auto writer = open_queue(config, queue_use::serve, clock, log);
  REQUIRE(writer);
  auto second = open_queue(config, queue_use::serve, clock, log);
  CHECK(!second);
  auto reader = open_queue(config, queue_use::read, clock, log);
  REQUIRE(reader);
  CHECK((*reader)->identity() == (*writer)->identity());
  (*reader)->close();
  (*writer)->close();
}

}  // namespace sonde::daemon
