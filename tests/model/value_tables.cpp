#include "tests/model/value_tables.hpp"

#include "model/errc.hpp"

namespace sonde::model::test {

void check_accepted(data_type type, std::initializer_list<accepted_row> rows,
                    const address_scope& scope) {
  for (const auto& row : rows) {
    CAPTURE(name_of(type));
    CAPTURE(row.written);
    auto first = canonical_value(type, json(row.written), scope);
    REQUIRE(first);
    CHECK(*first == row.canonical);
    auto again = canonical_text(type, *first, scope);
    REQUIRE(again);
    CHECK(*again == *first);
  }
}

void check_unchanged(data_type type, std::initializer_list<std::string> rows) {
  for (const auto& row : rows)
    check_accepted(type, {{row, row}});
}

void check_refused(data_type type, std::initializer_list<refused_row> rows,
                   const address_scope& scope) {
  for (const auto& row : rows) {
    CAPTURE(name_of(type));
    CAPTURE(row.written);
    auto made = canonical_text(type, row.written, scope);
    REQUIRE(!made);
    auto sentence = made.error().message();
    CAPTURE(sentence);
    CHECK(made.error().code == errc::invalid_value);
    CHECK(sentence.find(row.named) != std::string::npos);
    CHECK(sentence.size() < 400);
  }
}

}  // namespace sonde::model::test
