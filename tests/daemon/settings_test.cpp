#include "daemon/settings.hpp"

#include "daemon/limit_names.hpp"
#include "tests/support/doctest.hpp"

#include <cstring>
#include <set>

namespace sonde::daemon {

TEST_CASE("every limit can be set by its name, and no two names set the same limit") {
  CHECK(limit_names().size() * sizeof(std::uint32_t) == sizeof(limits));
  std::set<std::string> names;
  std::set<std::ptrdiff_t> members;
  limits example;
  for (const auto& each : limit_names()) {
    names.insert(each.name);
    members.insert(reinterpret_cast<char*>(&(example.*each.member)) -
                   reinterpret_cast<char*>(&example));
    CHECK(std::strlen(each.description) > 0);
    CAPTURE(each.name);
    CHECK(example.*each.member >= each.least);
  }
  CHECK(names.size() == limit_names().size());
  CHECK(members.size() == limit_names().size());
}

TEST_CASE("every setting has its own key, description and variable") {
  std::set<std::string> keys;
  std::set<std::string> variables;
  for (const auto& each : all_settings()) {
    CAPTURE(each.key);
    keys.insert(each.key);
    variables.insert(each.variable());
    CHECK(!each.description.empty());
    CHECK(find_setting(each.key) == &each);
  }
  CHECK(keys.size() == all_settings().size());
  CHECK(variables.size() == all_settings().size());
  CHECK(find_setting("http.listen")->variable() == "SONDE_HTTP_LISTEN");
  CHECK(find_setting("http") == nullptr);
  CHECK(find_setting("") == nullptr);
}

TEST_CASE("every setting accepts its own default") {
  configuration config;
  config.data_dir = "/tmp/x";
  for (const auto& each : all_settings()) {
    CAPTURE(each.key);
    auto value = each.get(config);
    CHECK(each.set(config, value));
    CHECK(each.get(config) == value);
  }
}

TEST_CASE("a setting refuses a value of another type and keeps its value") {
  configuration config;
  for (const auto& each : all_settings()) {
    CAPTURE(each.key);
    auto before = each.get(config);
    if (each.type != setting::kind::text) CHECK(!each.set(config, std::string("text")));
    if (each.type != setting::kind::number) CHECK(!each.set(config, std::int64_t{1}));
    if (each.type != setting::kind::flag) CHECK(!each.set(config, true));
    if (each.type != setting::kind::list) CHECK(!each.set(config, std::vector<std::string>{"a"}));
    CHECK(each.get(config) == before);
  }
}

}  // namespace sonde::daemon
