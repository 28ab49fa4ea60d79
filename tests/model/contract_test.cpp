// Checks the promises of docs/reference/contract.md to consumers against the code.
// tests/contract/vectors.py checks the same vectors against the page.

#include "tests/support/contract.hpp"

#include "base/hash.hpp"
#include "model/facts/definitions.hpp"
#include "model/facts/value.hpp"
#include "model/ids.hpp"
#include "model/scan/observation.hpp"
#include "model/text/json.hpp"
#include "model/text/text.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

/// Returns the cases of one kind; a kind without cases is a mistake in the page.
json cases_of(const char* kind) {
  auto vectors = parse_own(test::contract_vectors());
  REQUIRE(vectors.is_object());
  auto found = vectors.find(kind);
  REQUIRE(found != vectors.end());
  REQUIRE(!found->empty());
  return *found;
}

std::string text_at(const json& one, const char* name) {
  return one.at(name).get<std::string>();
}

target target_at(const json& one, const char* name) {
  auto parsed = target::parse(text_at(one, name));
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("contract: targets have one canonical form") {
  for (const auto& one : cases_of("targets")) {
    CHECK(target_at(one, "given").text() == text_at(one, "canonical"));
  }
}

TEST_CASE("contract: target keys and task ids agree with the vectors") {
  for (const auto& one : cases_of("target_keys")) {
    auto visibility = one.at("scope").get<group_list>();
    auto key = key_of(target_at(one, "target"), text_at(one, "profile"), visibility);
    CHECK(key.str() == text_at(one, "key"));
  }
  for (const auto& one : cases_of("task_ids")) {
    auto generation = one.at("generation").get<std::uint64_t>();
    CHECK(task_id_of(target_key(text_at(one, "key")), generation).str() == text_at(one, "id"));
  }
}

TEST_CASE("contract: entities, associations and endpoints agree with the vectors") {
  for (const auto& one : cases_of("entities")) {
    CHECK(entity_id_of(text_at(one, "type"), text_at(one, "value")).str() == text_at(one, "id"));
  }
  for (const auto& one : cases_of("associations")) {
    auto id = association_id_of(entity_id(text_at(one, "from")), text_at(one, "mode"),
                                entity_id(text_at(one, "to")));
    CHECK(id.str() == text_at(one, "id"));
  }
  for (const auto& one : cases_of("comments")) {
    auto id = comment_id_of(entity_id(text_at(one, "entity")), text_at(one, "source"),
                            text_at(one, "text"), text_at(one, "parent"));
    CHECK(id.str() == text_at(one, "id"));
  }
  for (const auto& one : cases_of("endpoints")) {
    auto port = one.at("port").get<std::uint16_t>();
    CHECK(endpoint_text(target_at(one, "address").address(), port) == text_at(one, "value"));
  }
}

TEST_CASE("contract: floating point numbers agree with the vectors") {
  for (const auto& one : cases_of("floats")) {
    const auto* what = find_definition(text_at(one, "type"));
    REQUIRE(what != nullptr);
    CHECK(what->main_value == data_type::floating);
    auto made = canonical_text(data_type::floating, text_at(one, "given"), address_scope());
    REQUIRE(made);
    CHECK(*made == text_at(one, "value"));
    CHECK(entity_id_of(what->type, *made).str() == text_at(one, "id"));
  }
}

TEST_CASE("contract: banners and certificates agree with the vectors") {
  for (const auto& one : cases_of("banners")) {
    auto value =
        banner_value(test::bytes_of(text_at(one, "masked_hex")),
                     test::bytes_of(text_at(one, "raw_hex")), one.at("longest").get<std::size_t>());
    CHECK(value == text_at(one, "value"));
    CHECK(entity_id_of("banner", value).str() == text_at(one, "id"));
  }
  for (const auto& one : cases_of("certificates")) {
    auto fingerprint = to_hex(sha256(test::bytes_of(text_at(one, "der_hex"))));
    CHECK(fingerprint == text_at(one, "sha256"));
    CHECK(entity_id_of("certificate", fingerprint).str() == text_at(one, "id"));
  }
}

}  // namespace sonde::model
