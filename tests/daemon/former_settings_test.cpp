#include "daemon/former_settings.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <string>

namespace sonde::daemon {
namespace {

const environment former_variable = {{"SONDE_LIMITS_QUEUED_PER_SCOPE", "9"}};
const environment current_variable = {{"SONDE_LIMITS_QUEUED_PER_TENANT", "9"}};
const std::string former_line = "queued_per_scope = 7\n";
const std::string current_line = "queued_per_tenant = 7\n";

/// A folder with a file of limits in it.
struct limits_file {
  result<configuration> load(const std::string& lines, const environment& variables = {}) {
    std::ofstream(file, std::ios::binary) << "[limits]\n" << lines;
    return load_configuration(file, variables, {});
  }
  std::string refusal_of(const std::string& lines, const environment& variables = {}) {
    auto loaded = load(lines, variables);
    REQUIRE(!loaded);
    return loaded.error().message();
  }

  test::temporary_folder folder;
  std::filesystem::path file = folder.path() / "sonde.toml";
};

}  // namespace

TEST_CASE("every former key belongs to a setting and is no setting itself") {
  REQUIRE(!former_settings().empty());
  for (const auto& each : former_settings()) {
    CAPTURE(each.old.key);
    CHECK(find_setting(each.key) != nullptr);
    CHECK(find_setting(each.old.key) == nullptr);
    CHECK(find_former_setting(each.old.key) == &each.old);
  }
  CHECK(find_former_setting("limits.queued_per_tenant") == nullptr);
}

TEST_CASE_FIXTURE(limits_file, "a former key sets the renamed setting, which has its origin") {
  auto at = file.string() + ":2:1";
  auto config = load(former_line);
  REQUIRE(config);
  CHECK(config->limits.queued_per_tenant == 7);
  CHECK(config->origins.at("limits.queued_per_tenant") == at);
  auto uses = former_keys_in(*config);
  REQUIRE(uses.size() == 1);
  CHECK(uses[0].sentence() ==
        at + ": limits.queued_per_scope is now limits.queued_per_tenant; rename it, because the "
             "next version refuses the former key");
}

TEST_CASE_FIXTURE(limits_file, "the variable of a former key overrides the file's former key") {
  for (const std::string lines : {"", former_line.c_str()}) {
    CAPTURE(lines);
    auto config = load(lines, former_variable);
    REQUIRE(config);
    CHECK(config->limits.queued_per_tenant == 9);
    auto uses = former_keys_in(*config);
    REQUIRE(uses.size() == 1);
    CHECK(uses[0].origin == "SONDE_LIMITS_QUEUED_PER_SCOPE");
  }
}

TEST_CASE_FIXTURE(limits_file, "a configuration without former keys has no warnings") {
  for (const auto& config : {load(""), load(current_line), load("", current_variable)}) {
    REQUIRE(config);
    CHECK(former_keys_in(*config).empty());
  }
}

TEST_CASE_FIXTURE(limits_file, "a setting under both keys is refused, wherever they are") {
  auto in_file = file.string();
  CHECK(refusal_of(former_line + current_line) ==
        in_file +
            ":2:1: limits.queued_per_scope is the former key of limits.queued_per_tenant, "
            "which " +
            in_file + ":3:1 sets too; remove limits.queued_per_scope");
  CHECK(refusal_of(former_line, current_variable).find("SONDE_LIMITS_QUEUED_PER_TENANT sets too") !=
        std::string::npos);
  CHECK(refusal_of(current_line, former_variable).starts_with("SONDE_LIMITS_QUEUED_PER_SCOPE: "));
  auto both = former_variable;
  both.insert(current_variable.begin(), current_variable.end());
  CHECK(refusal_of("", both).find("sets too") != std::string::npos);
}

TEST_CASE_FIXTURE(limits_file, "a former key has the check of its setting, and no hint names it") {
  CHECK(refusal_of("queued_per_scope = 0\n")
            .starts_with(file.string() + ":2:1: limits.queued_per_scope: is not a number between"));
  CHECK(refusal_of("queued_per_scopes = 1\n").find("did you mean \"limits.queued_per_scope\"") ==
        std::string::npos);
}

}  // namespace sonde::daemon
