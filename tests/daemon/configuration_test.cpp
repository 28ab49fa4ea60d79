#include "daemon/configuration.hpp"

#include "daemon/configuration_file.hpp"
#include "daemon/settings.hpp"
#include "model/text/json.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <sstream>

namespace sonde::daemon {
namespace {

/// A folder with a configuration file in it.
struct written {
  std::filesystem::path write(const std::string& text) {
    auto file = folder.path() / "sonde.toml";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  configuration load(const std::string& text, const environment& variables = {},
                     const std::vector<flag_value>& flags = {}) {
    auto loaded = load_configuration(write(text), variables, flags);
    REQUIRE(loaded);
    return std::move(*loaded);
  }
  std::string refusal(const std::string& text, const environment& variables = {},
                      const std::vector<flag_value>& flags = {}) {
    auto loaded = load_configuration(write(text), variables, flags);
    REQUIRE(!loaded);
    return loaded.error().message();
  }

  test::temporary_folder folder;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream from(text);
  for (std::string line; std::getline(from, line);)
    out.push_back(line);
  return out;
}

bool says(const std::string& sentence, const std::string& words) {
  return sentence.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(written, "an empty file leaves every default") {
  auto config = load("");
  CHECK(config.http.listen == "127.0.0.1:8480");
  CHECK(config.roles == std::vector<std::string>{"ingest", "scanner", "view", "webhook"});
  CHECK(config.queue.backend == "embedded");
  CHECK(config.limits.http_body_bytes == limits().http_body_bytes);
  CHECK(config.origins.empty());
  CHECK(level_of(config) == log_level::info);
  CHECK(format_of(config) == log_format::text);
}

TEST_CASE_FIXTURE(written, "the file accepts every setting, and each value keeps its position") {
  auto config = load(
      "data_dir = \"/tmp/x\"\nroles = [\"view\"]\ndrain_s = 0\n"
      "[http]\nlisten = \"[::1]:0\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"
      "[queue]\nbackend = \"memory\"\nprefix = \"a.b-c_1\"\n"
      "[scan]\nthreads = 3\nresolvers = [\"127.0.0.1:5353\"]\ncontact = \"me@example.com\"\n"
      "[scope]\nallow = [\"10.0.0.0/8\", \"intern.example\"]\n"
      "[limits]\njson_depth = 7\n[scan.profiles.web]\nports = \"80,443\"\ndepth = \"deep\"\n");
  CHECK(config.data_dir == "/tmp/x");
  CHECK(config.roles == std::vector<std::string>{"view"});
  CHECK(config.drain_s == 0);
  CHECK(config.http.listen == "[::1]:0");
  CHECK(level_of(config) == log_level::debug);
  CHECK(format_of(config) == log_format::json);
  CHECK(config.queue.prefix == "a.b-c_1");
  CHECK(config.scan.threads == 3);
  CHECK(config.scan.profiles.at("web") == "80,443");
  CHECK(config.scan.profile_depths.at("web") == "deep");
  CHECK(config.scope.allow.size() == 2);
  CHECK(config.limits.json_depth == 7);
  CHECK(config.origins.at("http.listen") == (folder.path() / "sonde.toml").string() + ":5:1");
  CHECK(config.origins.count("http.port") == 0);
}

TEST_CASE_FIXTURE(written,
                  "flags beat the environment, the environment the file, the file the defaults") {
  const std::string file = "[log]\nlevel = \"debug\"\nformat = \"json\"\n";
  auto config = load(file);
  CHECK(config.log.level == "debug");
  config = load(file, {{"SONDE_LOG_LEVEL", "warning"}});
  CHECK(config.log.level == "warning");
  CHECK(config.log.format == "json");
  CHECK(config.origins.at("log.level") == "SONDE_LOG_LEVEL");
  config = load(file, {{"SONDE_LOG_LEVEL", "warning"}}, {{"log.level", "--log-level", "error"}});
  CHECK(config.log.level == "error");
  CHECK(config.origins.at("log.level") == "--log-level");
}

TEST_CASE_FIXTURE(written, "lists and numbers come from the environment as text") {
  auto config = load("", {{"SONDE_ROLES", " view , ingest,"}, {"SONDE_DRAIN_S", "5"}});
  CHECK(config.roles == std::vector<std::string>{"view", "ingest"});
  CHECK(config.drain_s == 5);
  CHECK(load("", {{"SONDE_SCOPE_ALLOW", ""}}).scope.allow.empty());
  CHECK(
      says(refusal("", {{"SONDE_DRAIN_S", "5s"}}), "SONDE_DRAIN_S: drain_s \"5s\" is not a whole"));
  CHECK(says(refusal("", {{"SONDE_DRAIN_S", ""}}), "is not a whole number"));
  CHECK(says(refusal("", {{"SONDE_DRAIN_S", "9999999999999999999999"}}), "is not a whole number"));
  CHECK(says(refusal("", {}, {{"http.listen", "--listen", "x"}}), "--listen: http.listen: \"x\""));
}

TEST_CASE_FIXTURE(written, "an unknown variable is refused with the most similar name") {
  CHECK(refusal("", {{"SONDE_SCOPE_DENNY", "10.0.0.0/8"}}) ==
        "environment: unknown variable \"SONDE_SCOPE_DENNY\"; did you mean SONDE_SCOPE_DENY?");
  CHECK(says(refusal("", {{"SONDE_XQZJKVWY", ""}}),
             "docs/reference/configuration.md lists the variables"));
  CHECK(load("", {{"SONDE_TOKEN", "x"}, {"SONDE_KAFKA_SASL_PASSWORD", "x"}, {"PATH", "/bin"}})
            .drain_s > 0);
  CHECK(load("", {{"SONDE_SERVICE_HOST", "10.0.0.1"},
                  {"SONDE_SERVICE_PORT", "8480"},
                  {"SONDE_PORT", "tcp://10.0.0.1:8480"},
                  {"SONDE_PORT_8480_TCP_ADDR", "10.0.0.1"}})
            .drain_s > 0);
}

TEST_CASE_FIXTURE(written,
                  "an unknown key is refused with its position and the most similar name") {
  struct {
    const char* text;
    const char* words;
  } const cases[] = {
      {"[http]\nlisen = \"x\"\n",
       ":2:1: unknown key \"http.lisen\"; did you mean \"http.listen\"?"},
      {"data_dri = \"x\"\n", "did you mean \"data_dir\"?"},
      {"[limits]\njson_dept = 3\n", "did you mean \"limits.json_depth\"?"},
      {"[colours]\nred = 1\n",
       ":1:2: unknown key \"colours\"; docs/reference/configuration.md lists"},
      {"[http.tls]\nkey = 1\n", "unknown key \"http.tls\""},
      {"drain = 5\n", ":1:1: unknown key \"drain\"; did you mean \"drain_s\"?"},
      {"[limits]\nhttp_idle_timeout = 5\n", "did you mean \"limits.http_idle_timeout_ms\"?"},
      {"[http]\nlevel = \"debug\"\n",
       ":2:1: unknown key \"http.level\"; did you mean \"log.level\" (level below [log])?"},
      {"level = \"debug\"\n", "did you mean \"log.level\" (level below [log])?"},
      {"[http]\ndrain_s = 5\n", "did you mean \"drain_s\" (above the first table)?"},
      {"[http]\ndrain = 5\n", "did you mean \"drain_s\" (above the first table)?"},
      {"[http]\nallow = []\n",
       "\"scope.allow\" (allow below [scope]) or \"webhook.allow\" (allow below [webhook])?"},
      {"http = 1\n", "\"http\""},
      {"[scan.profiles]\nweb = \"80\"\n", "scan.profiles.web is not a table"},
      {"[scan.profiles.web]\nport = \"80\"\n", "has the keys ports"},
      {"[scan.profiles.web]\nports = 80\n", "has the keys ports"},
      {"[scan.profiles.web]\nports = \"80\"\ndepth = \"full\"\n",
       "scan.profiles.web.depth: is not one of light, standard, deep"},
      {"[scan.profiles.web]\ndepth = \"deep\"\n", "has a depth but no ports"},
      {"[scan.profiles.web]\nports = \"0\"\n", "web"},
      {"[scan.profiles.full]\nports = \"1\"\n", "full"},
      {"[scan.profiles.\"a b\"]\nports = \"1\"\n", "a b"},
  };
  for (const auto& each : cases) {
    auto said = refusal(each.text);
    CAPTURE(each.text);
    CAPTURE(said);
    CHECK(says(said, "sonde.toml:"));
    CHECK(says(said, each.words));
  }
}

TEST_CASE_FIXTURE(written, "every mistake in a file is named, in the order of the file") {
  auto said = refusal(
      "[scope]\ndeny = [\"10.0.0.1/8\"]\nalow = []\n[http]\nlisten = 80\n"
      "[scan.profiles.a]\nports = \"0\"\n[scan.profiles.b]\nports = \"80\"\n"
      "[limits]\njson_depth = 0\n");
  auto lines = lines_of(said);
  REQUIRE(lines.size() == 5);
  auto file = (folder.path() / "sonde.toml").string();
  CHECK(lines[0].starts_with(file + ":2:1: scope.deny: "));
  CHECK(lines[1].starts_with(file + ":3:1: unknown key \"scope.alow\"; did you mean"));
  CHECK(lines[2] == file + ":5:1: http.listen: is not a string");
  CHECK(lines[3].starts_with(file + ":6:"));
  CHECK(says(lines[3], "profile a"));
  CHECK(lines[4].starts_with(file + ":11:1: limits.json_depth: is not a number between"));
}

TEST_CASE_FIXTURE(written, "the first twenty mistakes are shown and the rest are counted") {
  std::string text = "[http]\n";
  for (int i = 0; i < 25; ++i)
    text += "colour_" + std::to_string(i) + " = 1\n";
  auto lines = lines_of(refusal(text));
  REQUIRE(lines.size() == most_mistakes + 1);
  CHECK(says(lines[0], ":2:1: unknown key \"http.colour_0\""));
  CHECK(says(lines[19], ":21:1: unknown key \"http.colour_19\""));
  CHECK(says(lines[20], "sonde.toml: 5 more mistakes are not shown"));
}

TEST_CASE_FIXTURE(written, "a value of the wrong type or range is refused with what is accepted") {
  struct {
    const char* text;
    const char* words;
  } const cases[] = {
      {"drain_s = \"5\"\n", "drain_s: is not a number between 0 and 3600"},
      {"drain_s = 3601\n", "drain_s: is not a number between 0 and 3600"},
      {"drain_s = -1\n", "is not a number between"},
      {"drain_s = 1.5\n", "is not a string, a whole number, true or false, or a list"},
      {"[http]\nallow_plaintext = \"yes\"\n", "is neither true nor false"},
      {"drain_s = true\n", "is not a number between"},
      {"data_dir = 1\n", "data_dir: is not a string"},
      {"roles = \"view\"\n", "roles: is not a list of strings"},
      {"roles = []\n", "names no role"},
      {"roles = [\"views\"]\n", "\"views\" is not one of ingest, scanner, view, webhook"},
      {"roles = [1]\n", "\"1\" is not one of ingest"},
      {"roles = [1.5]\n", "has an item that is not a string"},
      {"[webhook]\nretry_s = []\n", "needs at least one pause"},
      {"[webhook]\nretry_s = [0, -1]\n", "is not a number of seconds"},
      {"[http]\nlisten = \"localhost:80\"\n", "is not an address and port"},
      {"[http]\nlisten = \"127.0.0.1\"\n", "is not an address and port"},
      {"[http]\nlisten = \"127.0.0.1:65536\"\n", "is not an address and port"},
      {"[log]\nlevel = \"loud\"\n", "is not one of debug, info, warning, error"},
      {"[queue]\nprefix = \"Ä\"\n", "is not a prefix"},
      {"[queue]\nprefix = \"\"\n", "is not a prefix"},
      {"[scan]\ncontact = \"a\\nb\"\n", "printable ASCII"},
      {"[scan]\nresolvers = [\"dns.example\"]\n", "scan.resolvers"},
      {"[scope]\ndeny = [\"10.0.0.1/8\"]\n", "scope.deny"},
      {"[limits]\nrecord_max_bytes = 100\n", "between 65536 and 4294967295"},
      {"[limits]\njson_depth = 4294967296\n", "is not a number between 1 and"},
  };
  for (const auto& each : cases) {
    auto said = refusal(each.text);
    CAPTURE(each.text);
    CAPTURE(said);
    CHECK(says(said, "sonde.toml:"));
    CHECK(says(said, each.words));
  }
}

TEST_CASE_FIXTURE(written, "settings for TLS and gateways are accepted only if they are complete") {
  const std::string tls = "[http]\ntls_certificate = \"a\"\ntls_key = \"b\"\n";
  const std::string ca = "gateway_ca = \"c\"\n";
  const std::string names = "gateway_names = [\"front.example\"]\n";
  auto config = load(tls + ca + names, {{"SONDE_CA_FILE", "/ca.pem"}});
  CHECK(config.http.gateway_names == std::vector<std::string>{"front.example"});
  CHECK(config.ca_file == "/ca.pem");
  CHECK(load(tls + ca + "gateway_names = [\"*\"]\n").http.gateway_ca == "c");
  CHECK(says(refusal("[http]\ntls_key = \"b\"\n"), "set both or none"));
  CHECK(says(refusal("[http]\n" + ca + names), "set http.tls_certificate and http.tls_key"));
  CHECK(says(refusal(tls + ca), "http.gateway_names: is empty"));
  CHECK(says(refusal(tls + names), "no effect without http.gateway_ca"));
  CHECK(says(refusal(tls + ca + "gateway_names = [\"*\", \"a\"]\n"), "every certificate"));
  CHECK(says(refusal(tls + ca + "gateway_names = [\"a\\nb\"]\n"), "printable ASCII"));
}

TEST_CASE_FIXTURE(written,
                  "a topic's retention is set by its dotted or quoted name, or by a variable") {
  auto config = load(
      "[topics.entities]\nretention = \"90d\"\nretention_bytes = 50_000_000_000\n"
      "[topics.\"scan.requests\"]\nretention = \"2d\"\n"
      "[topics.scan.requests.dlq]\nretention = \"0\"\n",
      {{"SONDE_TOPICS_COMMENTS_RETENTION", "36h"}, {"SONDE_TOPICS_COMMENTS_RETENTION_BYTES", "9"}});
  CHECK(config.topics["entities"].time == std::chrono::hours(2160));
  CHECK(config.topics["entities"].bytes == 50'000'000'000);
  CHECK(config.topics["scan.requests"].time == std::chrono::hours(48));
  CHECK(config.topics["scan.requests"].until_committed);
  CHECK(config.topics["scan.requests.dlq"].time.count() == 0);
  CHECK(config.topics["comments"].time == std::chrono::hours(36));
  CHECK(config.topics["comments"].bytes == 9);
  auto again = load(to_toml(config));
  CHECK(again.topics["entities"].bytes == 50'000'000'000);
  CHECK(again.topics["scan.requests.dlq"].time.count() == 0);
  CHECK(again.topics["comments"].time == std::chrono::hours(36));
}

TEST_CASE_FIXTURE(written, "an invalid retention is refused with what is accepted") {
  struct refused {
    const char* text;
    const char* words;
  };
  for (const auto& each :
       {refused{"[topics.entities]\nretention = \"90\"\n", "as in \"90d\""},
        refused{"[topics.entities]\nretention = 90\n", "is not a string"},
        refused{"[topics.entities]\nretention_bytes = -1\n", "is not a number of bytes"},
        refused{"[topics.entities]\nretention_bytes = \"9\"\n", "is not a number of bytes"},
        refused{"[topics.scan.tasks]\nretention = \"9d\"\n", "unknown key"},
        refused{"[topics.scan.requests]\nretention_bytes = 9\n", "unknown key"},
        refused{"[topics.webhook.requests]\nretention = \"3d\"\n", "272105 seconds"}}) {
    CAPTURE(each.text);
    auto said = refusal(each.text);
    CAPTURE(said);
    CHECK(says(said, each.words));
  }
}

TEST_CASE_FIXTURE(written, "a file that is missing or not TOML is reported") {
  CHECK(says(refusal("[http\n"), "sonde.toml:1:"));
  CHECK(says(refusal("a = 1\na = 2\n"), "sonde.toml:2:"));
  CHECK(says(refusal("\xFF\xFE"), "sonde.toml:"));
  auto missing = load_configuration(folder.path() / "none.toml", {}, {});
  REQUIRE(!missing);
  CHECK(says(missing.error().message(), "there is no such configuration file"));
  CHECK(!load_configuration(folder.path(), {}, {}));
  auto named = load_configuration(std::nullopt, {{"SONDE_CONFIG", "/nonexistent/x.toml"}}, {});
  REQUIRE(!named);
  CHECK(says(named.error().message(), "/nonexistent/x.toml"));
}

TEST_CASE_FIXTURE(written, "the printed configuration loads as the same configuration") {
  auto first = load(
      "data_dir = \"/tmp/a \\\"b\\\" \\\\ ü\"\nroles = [\"view\", \"ingest\"]\n"
      "[scope]\nallow = [\"10.0.0.0/8\"]\n[limits]\njson_depth = 7\n"
      "[scan.profiles.web]\nports = \"80,443\"\n",
      {{"SONDE_SCAN_THREADS", "2"}});
  auto text = to_toml(first);
  CHECK(says(text, "# SONDE_SCAN_THREADS"));
  CHECK(says(text, "# default"));
  auto second = load(text);
  for (const auto& each : all_settings()) {
    CAPTURE(each.key);
    CHECK(each.get(first) == each.get(second));
  }
  CHECK(second.scan.profiles == first.scan.profiles);
}

TEST_CASE_FIXTURE(written, "the JSON form has each value with its key, origin and variable") {
  auto config = load("[scan.profiles.web]\nports = \"80\"\n", {{"SONDE_DRAIN_S", "5"}});
  auto rows = model::parse_own(to_json_text(config));
  REQUIRE(rows.is_array());
  CHECK(rows.size() == all_settings().size() + 1);
  auto row_of = [&](const std::string& key) {
    for (const auto& row : rows) {
      if (row["key"] == key) return row;
    }
    return model::json();
  };
  CHECK(row_of("drain_s") == model::json{{"key", "drain_s"},
                                         {"value", 5},
                                         {"origin", "SONDE_DRAIN_S"},
                                         {"variable", "SONDE_DRAIN_S"}});
  CHECK(row_of("roles")["value"].size() == 4);
  CHECK(row_of("scan.profiles.web")["value"] == "80");
  CHECK(says(row_of("scan.profiles.web")["origin"].get<std::string>(), "sonde.toml:1:"));
}

TEST_CASE("the data folder depends on the service manager's and the program's variables") {
  auto folder_for = [](const environment& variables) {
    return load_configuration("/dev/null", variables, {}).value().data_dir;
  };
  CHECK(folder_for({{"STATE_DIRECTORY", "/var/lib/x"}}) == "/var/lib/x");
  CHECK(folder_for({{"SONDE_DATA_DIR", "/a"}, {"STATE_DIRECTORY", "/b"}}) == "/a");
}

TEST_CASE("a listen address is an address and a port") {
  CHECK(parse_listen("127.0.0.1:0").value() ==
        std::pair<std::string, std::uint16_t>("127.0.0.1", 0));
  CHECK(parse_listen("[::1]:8480").value() == std::pair<std::string, std::uint16_t>("::1", 8480));
  for (const char* bad : {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1",
                          "127.0.0.1:080x", "[::1]", "[::1:80", "[]:80", "::1:80", "fe80::1:80",
                          "localhost:80", "1.2.3:80", "[127.0.0.1]:80"}) {
    CAPTURE(bad);
    CHECK(!parse_listen(bad));
  }
}

}  // namespace sonde::daemon
