#include "daemon/own_key.hpp"

#include "client/errc.hpp"
#include "client/keys.hpp"
#include "daemon/backend.hpp"
#include "model/json.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <sys/stat.h>

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

struct first_start {
  first_start() {
    configuration config;
    config.queue.backend = "memory";
    queue = open_queue(config, queue_use::serve, clock, log).value();
  }
  ~first_start() { queue->close(); }

  result<std::optional<fs::path>> make(const fs::path& where) {
    return make_first_key(*queue, where, kernel_random, clock);
  }

  test::temporary_folder folder;
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
};

std::string content(const fs::path& file) {
  std::ifstream from(file);
  return {std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
}

client::server_address server_at(const char* text) {
  return client::parse_server(text).value();
}

using sent_headers = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE_FIXTURE(first_start, "the first key is made once, for its owner's eyes only") {
  auto where = folder.path() / "data";
  auto file = make(where);
  REQUIRE(file);
  REQUIRE(*file == admin_key_file(where));
  struct stat rights {};
  REQUIRE(stat((*file)->c_str(), &rights) == 0);
  CHECK((rights.st_mode & 0777) == 0600);
  auto told = model::parse_own(content(**file));
  auto keys = test::run(client::read_keys(*queue)).value();
  REQUIRE(keys.size() == 1);
  CHECK(told["keyID"] == keys[0].id.str());
  CHECK(keys[0].roles == std::vector<std::string>{"admin"});
  CHECK(keys[0].groups == model::group_list{"public"});
  CHECK(keys[0].hash == model::secret_hash(keys[0].id.str(), told["apiSecret"].get<std::string>()));

  fs::remove(**file);
  auto again = make(where);
  REQUIRE(again);
  CHECK(!*again);
  CHECK(!fs::exists(admin_key_file(where)));
}

TEST_CASE_FIXTURE(first_start, "where the file cannot be written no key is made") {
  std::ofstream(folder.path() / "file") << "no folder";
  auto refused = make(folder.path() / "file");
  REQUIRE(!refused);
  CHECK(refused.error().message().find("cannot write") != std::string::npos);
  CHECK(test::run(client::read_keys(*queue)).value().empty());
}

TEST_CASE_FIXTURE(first_start, "verbs show the key of the environment, or that of this machine") {
  REQUIRE(make(folder.path()));
  auto token = model::parse_own(content(admin_key_file(folder.path())))["token"].get<std::string>();
  auto headers = [&](const char* server, const environment& variables) {
    auto to = server_at(server);
    REQUIRE(add_credentials(to, folder.path(), to.is_this_machine(), variables));
    CHECK(!to.key_hint.empty());
    return to.headers;
  };
  const sent_headers own = {{"Authorization", "Bearer " + token}};
  const sent_headers nothing;
  for (const char* here : {"127.0.0.1:8480", "http://[::1]:8480", "localhost:8480"})
    CHECK(headers(here, {}) == own);
  for (const char* there : {"192.0.2.1:8480", "scan.example:8480"})
    CHECK(headers(there, {}) == nothing);
  for (const char* anywhere : {"127.0.0.1:8480", "192.0.2.1:8480"}) {
    CHECK(headers(anywhere, {{"SONDE_TOKEN", "x"}}) == sent_headers{{"Authorization", "Bearer x"}});
    CHECK(headers(anywhere, {{"SONDE_API_KEY", "a"}, {"SONDE_API_SECRET", "b"}}) ==
          sent_headers{{"api-key", "a"}, {"api-secret", "b"}});
  }
  std::ofstream(admin_key_file(folder.path())) << "nonsense";
  auto to = server_at("127.0.0.1:8480");
  REQUIRE(add_credentials(to, folder.path(), true, {}));
  CHECK(to.headers.empty());
  CHECK(to.key_hint.find("cannot be read") != std::string::npos);
}

TEST_CASE("who has taken the daemon's port is not shown its key") {
  test::temporary_folder folder;
  std::ofstream(admin_key_file(folder.path())) << R"({"token":"sonde_a_b"})";
  auto to = server_at("127.0.0.1:8480");
  REQUIRE(add_credentials(to, folder.path(), false, {}));
  CHECK(to.headers.empty());
  REQUIRE(add_credentials(to, folder.path(), true, {}));
  CHECK(to.headers == sent_headers{{"Authorization", "Bearer sonde_a_b"}});
}

TEST_CASE("variables that contradict each other are a mistake") {
  auto refused = [](const environment& variables) {
    auto to = server_at("127.0.0.1:8480");
    auto added = add_credentials(to, "/nowhere", false, variables);
    return !added && added.error().code == make_error_code(client::errc::usage);
  };
  CHECK(refused({{"SONDE_API_KEY", "a"}}));
  CHECK(refused({{"SONDE_API_SECRET", "b"}}));
  CHECK(refused({{"SONDE_TOKEN", "x"}, {"SONDE_API_KEY", "a"}}));
  CHECK(!refused({{"SONDE_TOKEN", "x"}}));
  CHECK(!refused({}));
}

}  // namespace sonde::daemon
