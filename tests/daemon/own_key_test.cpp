#include "daemon/own_key.hpp"

#include "admin/keys.hpp"
#include "client/errc.hpp"
#include "daemon/backend.hpp"
#include "model/text/json.hpp"
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

TEST_CASE_FIXTURE(first_start,
                  "the first key is created once, in a file that only its owner can read") {
  auto where = folder.path() / "data";
  auto file = make(where);
  REQUIRE(file);
  REQUIRE(*file == admin_key_file(where));
  struct stat rights {};
  REQUIRE(stat((*file)->c_str(), &rights) == 0);
  CHECK((rights.st_mode & 0777) == 0600);
  auto told = model::parse_own(content(**file));
  auto keys = test::run(admin::read_keys(*queue)).value();
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

TEST_CASE_FIXTURE(first_start, "if the key file cannot be written, no key is created") {
  std::ofstream(folder.path() / "file") << "no folder";
  auto refused = make(folder.path() / "file");
  REQUIRE(!refused);
  CHECK(refused.error().message().find("cannot write") != std::string::npos);
  CHECK(test::run(admin::read_keys(*queue)).value().empty());
}

TEST_CASE_FIXTURE(first_start,
                  "verbs send the key of the environment, or the key of this machine") {
  REQUIRE(make(folder.path()));
  auto token = model::parse_own(content(admin_key_file(folder.path())))["token"].get<std::string>();
  auto headers = [&](const char* server, const environment& variables) {
    auto to = server_at(server);
    auto holder = to.is_this_machine() ? folder_holder::server : folder_holder::another;
    auto found = find_credentials(to, holder, folder.path(), variables);
    REQUIRE(found);
    CHECK(!found->hint.empty());
    return found->headers;
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
  auto found =
      find_credentials(server_at("127.0.0.1:8480"), folder_holder::server, folder.path(), {});
  REQUIRE(found);
  CHECK(found->headers.empty());
  CHECK(found->hint.find("cannot be read") != std::string::npos);
}

TEST_CASE_FIXTURE(first_start, "after a 401 a verb says which key was sent, or where it looked") {
  auto hint = [&](folder_holder holder, const environment& variables) {
    auto found = find_credentials(server_at("127.0.0.1:8480"), holder, folder.path(), variables);
    REQUIRE(found);
    return found->hint;
  };
  auto file = admin_key_file(folder.path()).string();
  auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  for (auto holder : {folder_holder::another, folder_holder::server}) {
    CHECK(hint(holder, {{"SONDE_TOKEN", "x"}}) == "the key of SONDE_TOKEN was sent");
    CHECK(has(hint(holder, {{"SONDE_API_KEY", "a"}, {"SONDE_API_SECRET", "b"}}),
              "the key of SONDE_API_KEY and SONDE_API_SECRET was sent"));
    auto none = hint(holder, {});
    CHECK(none.starts_with("no key was sent: SONDE_TOKEN and SONDE_API_KEY are not set, and "));
    CHECK(has(none, file));
    CHECK(has(none, "set SONDE_TOKEN"));
    CHECK(has(none, "--data-dir"));
  }
  CHECK(has(hint(folder_holder::server, {}), "there is no file " + file));
  CHECK(has(hint(folder_holder::another, {}), "not the one at http://127.0.0.1:8480"));
  REQUIRE(make(folder.path()));
  CHECK(hint(folder_holder::server, {})
            .starts_with("the key in " + file + " was sent; SONDE_TOKEN gives another"));
}

TEST_CASE("the key is not sent to another program on the daemon's port") {
  test::temporary_folder folder;
  std::ofstream(admin_key_file(folder.path())) << R"({"token":"sonde_a_b"})";
  auto headers = [&](folder_holder holder) {
    auto found = find_credentials(server_at("127.0.0.1:8480"), holder, folder.path(), {});
    REQUIRE(found);
    return found->headers;
  };
  CHECK(headers(folder_holder::another).empty());
  CHECK(headers(folder_holder::server) == sent_headers{{"Authorization", "Bearer sonde_a_b"}});
}

TEST_CASE("variables that contradict each other are refused") {
  auto refused = [](const environment& variables) {
    auto found = find_credentials(server_at("127.0.0.1:8480"), folder_holder::another, "/nowhere",
                                  variables);
    return !found && found.error().code == make_error_code(client::errc::usage);
  };
  CHECK(refused({{"SONDE_API_KEY", "a"}}));
  CHECK(refused({{"SONDE_API_SECRET", "b"}}));
  CHECK(refused({{"SONDE_TOKEN", "x"}, {"SONDE_API_KEY", "a"}}));
  CHECK(!refused({{"SONDE_TOKEN", "x"}}));
  CHECK(!refused({}));
}

}  // namespace sonde::daemon
