#include "daemon/find_server.hpp"

#include "client/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

namespace sonde::daemon {
namespace {

/// The configuration of a verb, on a machine without a daemon.
struct asked {
  asked() { config.data_dir = folder.path(); }

  result<client::server_address> find(const std::string& server, const environment& variables) {
    config.server = server;
    config.origins["server"] = "--server";
    return find_server(config, variables);
  }
  std::string refusal(const std::string& server, const environment& variables) {
    auto found = find(server, variables);
    REQUIRE(!found);
    CHECK(found.error().code == make_error_code(client::errc::usage));
    return found.error().message();
  }

  test::temporary_folder folder;
  configuration config;
  const environment key = {{"SONDE_TOKEN", "x"}};
};

}  // namespace

TEST_CASE_FIXTURE(asked, "a key is not sent unencrypted to another machine") {
  CHECK(find("127.0.0.1:8480", key));
  CHECK(find("https://192.0.2.1:8480", key));
  CHECK(find("192.0.2.1:8480", {}));
  auto said = refusal("192.0.2.1:8480", key);
  CHECK(said.find("https://192.0.2.1:8480") != std::string::npos);
  CHECK(said.find("SONDE_HTTP_ALLOW_PLAINTEXT=true") != std::string::npos);
  config.http.allow_plaintext = true;
  CHECK(find("192.0.2.1:8480", key));
}

TEST_CASE_FIXTURE(asked, "the trusted certificates are read before the first request") {
  auto file = folder.path() / "ca.pem";
  config.ca_file = file.string();
  CHECK(refusal("https://192.0.2.1:8480", key) == "ca_file: " + file.string() + " cannot be read");
  std::ofstream(file) << "nothing\n";
  auto said = refusal("https://192.0.2.1:8480", key);
  CHECK(said.find("ca_file: " + file.string() + " has no certificate") == 0);
  CHECK(find("http://127.0.0.1:8480", key));
  CHECK(refusal("192.0.2.1", {}).find("has no port") != std::string::npos);
}

}  // namespace sonde::daemon
