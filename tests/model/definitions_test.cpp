#include "model/facts/definitions.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace sonde::model {
namespace {

bool is_kebab_case(std::string_view name) {
  bool edges = !name.empty() && name.front() != '-' && name.back() != '-';
  return edges && name.find("--") == std::string_view::npos &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

/// Returns whether only this program has the type. The attributes of such types are not types.
bool is_own(std::string_view type) {
  return type == "banner" || type == "certificate" || type == "service";
}

}  // namespace

TEST_CASE("there are 129 types of the interface and three of this program, sorted and unique") {
  auto all = all_definitions();
  CHECK(all.size() == 129 + 3);
  for (std::size_t i = 1; i < all.size(); ++i) {
    CAPTURE(all[i].type);
    CHECK(all[i - 1].type < all[i].type);
  }
}

TEST_CASE("every definition is complete") {
  std::set<std::string_view> sentences;
  for (const auto& one : all_definitions()) {
    CAPTURE(one.type);
    CHECK(is_kebab_case(one.type));
    CHECK(name_of(one.main_value) != "unknown");
    CHECK(one.description.size() >= 12);
    CHECK(one.description.ends_with('.'));
    CHECK((one.description.front() >= 'A' && one.description.front() <= 'Z'));
    CHECK_MESSAGE(sentences.insert(one.description).second, "said of two types");
    for (const auto* names : {&one.attributes, &one.associations, &one.tags, &one.correlate}) {
      std::set<std::string_view> unique(names->begin(), names->end());
      CHECK(unique.size() == names->size());
      CHECK(std::ranges::all_of(*names, is_kebab_case));
      CHECK(unique.count(one.type) == 0);
    }
  }
}

TEST_CASE("every type that a definition names is defined") {
  for (const auto& one : all_definitions()) {
    CAPTURE(one.type);
    auto known = [](std::string_view type) { return find_definition(type) != nullptr; };
    if (!is_own(one.type)) CHECK(std::ranges::all_of(one.attributes, known));
    CHECK(std::ranges::all_of(one.associations, known));
    CHECK(std::ranges::all_of(one.correlate, [&](std::string_view name) {
      return std::ranges::find(one.attributes, name) != one.attributes.end();
    }));
  }
}

TEST_CASE("a definition is found by its type, and by nothing else") {
  for (const auto& one : all_definitions())
    CHECK(find_definition(one.type) == &one);
  for (const char* none : {"", "a", "zzz", "IP", "ip ", "ports", "por"})
    CHECK_MESSAGE(find_definition(none) == nullptr, none);

  const auto* file = find_definition("file");
  REQUIRE(file != nullptr);
  CHECK(name_of(file->main_value) == "UUID|MD5|SHA3-256");
  CHECK(file->attributes.size() == 5);
  CHECK(file->tags == std::vector<std::string_view>{"malware", "common-file", "system-file"});
  CHECK(find_definition("ip")->attributes == std::vector<std::string_view>{"cidr", "link"});
  CHECK(find_definition("service")->main_value == data_type::endpoint);
  CHECK(find_definition("banner")->main_value == data_type::case_sensitive_text);
  CHECK(find_definition("certificate")->main_value == data_type::sha256);
}

TEST_CASE("every data type has a unique name") {
  std::set<std::string_view> names;
  auto types = all_data_types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    CHECK(static_cast<std::size_t>(types[i]) == i);
    names.insert(name_of(types[i]));
  }
  CHECK(names.size() == 38);
  CHECK(names.count("unknown") == 0);
}

}  // namespace sonde::model
