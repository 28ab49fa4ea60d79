#include "model/errc.hpp"
#include "tests/model/value_tables.hpp"

#include <cstdint>
#include <limits>

namespace sonde::model::test {
namespace {

struct number_row {
  json written;
  const char* canonical;
};

void check_numbers(data_type type, std::initializer_list<number_row> rows) {
  for (const auto& row : rows) {
    CAPTURE(to_text(row.written));
    auto made = canonical_value(type, row.written, address_scope());
    REQUIRE(made);
    CHECK(*made == row.canonical);
    CHECK(canonical_text(type, *made, address_scope()).value() == *made);
  }
}

}  // namespace

TEST_CASE("an integer loses its fraction, and one of more than 64 bits is refused") {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  check_numbers(data_type::integer, {
                                        {0, "0"},
                                        {-1, "-1"},
                                        {15169U, "15169"},
                                        {least, "-9223372036854775808"},
                                        {most, "9223372036854775807"},
                                        {3.9, "3"},
                                        {-3.9, "-3"},
                                        {0.5, "0"},
                                        {-0.5, "0"},
                                        {1e3, "1000"},
                                        {-9223372036854775808.0, "-9223372036854775808"},
                                    });
  check_accepted(data_type::integer, {
                                         {"0", "0"},
                                         {"-0", "0"},
                                         {"+7", "7"},
                                         {"007", "7"},
                                         {"3.9", "3"},
                                         {"-3.9", "-3"},
                                         {"3.", "3"},
                                         {".9", "0"},
                                         {"-.9", "0"},
                                         {"1e3", "1000"},
                                         {"15E-1", "1"},
                                         {"9223372036854775807", "9223372036854775807"},
                                         {"9223372036854775807.9", "9223372036854775807"},
                                         {"-9223372036854775808.5", "-9223372036854775808"},
                                     });
  check_refused(data_type::integer, {
                                        {"9223372036854775808", "64-bit"},
                                        {"-9223372036854775809", "64-bit"},
                                        {"1e19", "64-bit"},
                                        {"1e400", "64 bits"},
                                        {"AS15169", "not a number"},
                                        {"1 000", "not a number"},
                                        {"1,000", "not a number"},
                                        {"1_000", "not a number"},
                                        {"0x10", "not a number"},
                                        {"--1", "not a number"},
                                        {"+-1", "not a number"},
                                        {"-", "not a number"},
                                        {".", "not a number"},
                                        {"1e", "not a number"},
                                        {" 1", "not a number"},
                                        {"1\n", "not a number"},
                                        {"inf", "not a number"},
                                        {"nan", "not a number"},
                                        {"١", "not a number"},
                                        {"", "blank"},
                                    });
  for (const auto& wrong : {json(9223372036854775808ULL), json(9223372036854775808.0), json(1e300),
                            json(true), json(), json::array({1}), json::object()}) {
    CAPTURE(to_text(wrong));
    CHECK(!canonical_value(data_type::integer, wrong, address_scope()));
  }
}

TEST_CASE("a floating point number has one canonical text") {
  check_numbers(data_type::floating, {
                                         {0, "0"},
                                         {-1, "-1"},
                                         {1.0, "1"},
                                         {0.1, "0.1"},
                                         {0.30000000000000004, "0.30000000000000004"},
                                         {40.712776, "40.712776"},
                                         {123456, "123456"},
                                         {-123456, "-123456"},
                                         {999999, "999999"},
                                         {999999.5, "999999.5"},
                                         {-999999.5, "-999999.5"},
                                         {999999.9999999999, "999999.9999999999"},
                                         {1e6, "1e+06"},
                                         {-1e6, "-1e+06"},
                                         {1048576, "1.048576e+06"},
                                         {1234567.5, "1.2345675e+06"},
                                         {123456789.125, "1.23456789125e+08"},
                                         {1e20, "1e+20"},
                                         {123456789012345678901.0, "1.2345678901234568e+20"},
                                         {999999999999999900000.0, "9.999999999999999e+20"},
                                         {1e21, "1e+21"},
                                         {-1.5e21, "-1.5e+21"},
                                         {1e100, "1e+100"},
                                         {0.0001, "0.0001"},
                                         {0.00012345, "0.00012345"},
                                         {0.00009, "9e-05"},
                                         {1.25e-7, "1.25e-07"},
                                         {1.7976931348623157e308, "1.7976931348623157e+308"},
                                         {5e-324, "5e-324"},
                                         {2.2250738585072014e-308, "2.2250738585072014e-308"},
                                         {0.00001, "1e-05"},
                                         {9007199254740993LL, "9.007199254740992e+15"},
                                         {18446744073709551615ULL, "1.8446744073709552e+19"},
                                     });
}

TEST_CASE("a floating point number given as text has the same canonical text") {
  check_accepted(data_type::floating, {
                                          {"1.50", "1.5"},
                                          {"+1", "1"},
                                          {"-0.0", "-0"},
                                          {"00.5", "0.5"},
                                          {".5", "0.5"},
                                          {"5.", "5"},
                                          {"1E6", "1e+06"},
                                          {"1000000", "1e+06"},
                                          {"1048576", "1.048576e+06"},
                                          {"1048576.0", "1.048576e+06"},
                                          {"1e5", "100000"},
                                          {"1e+21", "1e+21"},
                                          {"1e-05", "1e-05"},
                                          {"-73.9", "-73.9"},
                                      });
  check_refused(data_type::floating, {
                                         {"1e309", "64 bits"},
                                         {"-1e309", "64 bits"},
                                         {"inf", "not a number"},
                                         {"Infinity", "not a number"},
                                         {"NaN", "not a number"},
                                         {"0x1p3", "not a number"},
                                         {"1,5", "not a number"},
                                         {"1.5.2", "not a number"},
                                         {"1_5", "not a number"},
                                         {"e5", "not a number"},
                                         {"1e+", "not a number"},
                                         {"+", "not a number"},
                                         {"40.7N", "not a number"},
                                         {" 1.5", "not a number"},
                                         {"1.5 ", "not a number"},
                                     });
  CHECK(!canonical_value(data_type::floating, json(true), address_scope()));
  CHECK(!canonical_value(data_type::floating, json(), address_scope()));
}

TEST_CASE("a JSON value of another type is refused with the name of the right type") {
  struct row {
    data_type type;
    json written;
    const char* named;
  };
  for (const auto& r : std::initializer_list<row>{
           {data_type::text, 1, "a text in quotes"},
           {data_type::port, 443, "a text in quotes"},
           {data_type::ip, json(), "JSON type null"},
           {data_type::md5, json::object(), "JSON type object"},
           {data_type::url, json::array(), "JSON type array"},
           {data_type::date, true, "JSON type boolean"},
           {data_type::boolean, 1, "true or false"},
           {data_type::integer, true, "is a number"},
           {data_type::floating, json::object(), "is a number"},
       }) {
    auto made = canonical_value(r.type, r.written, address_scope());
    REQUIRE(!made);
    CAPTURE(made.error().message());
    CHECK(made.error().code == errc::invalid_value);
    CHECK(made.error().message().find(r.named) != std::string::npos);
  }
}

TEST_CASE("a Boolean is true or false, and any other text is refused") {
  CHECK(canonical_value(data_type::boolean, true, address_scope()).value() == "true");
  CHECK(canonical_value(data_type::boolean, false, address_scope()).value() == "false");
  check_unchanged(data_type::boolean, {"true", "false"});
  for (const char* written : {"True", "FALSE", "t", "f", "1", "0", "yes", "no", "on", "off", "null",
                              " true", "true ", "true\n", "truefalse"}) {
    check_refused(data_type::boolean, {{written, "neither true nor false"}});
  }
}

TEST_CASE("a date is a day of the calendar, and any other text is refused") {
  check_unchanged(data_type::date,
                  {"2024-01-01", "2024-02-29", "2000-02-29", "2023-02-28", "2024-12-31",
                   "2024-04-30", "0000-01-01", "0001-01-01", "9999-12-31", "1970-01-01"});
  check_refused(data_type::date, {
                                     {"2023-02-29", "calendar"},
                                     {"1900-02-29", "calendar"},
                                     {"2024-02-30", "calendar"},
                                     {"2024-04-31", "calendar"},
                                     {"2024-00-01", "calendar"},
                                     {"2024-13-01", "calendar"},
                                     {"2024-01-00", "calendar"},
                                     {"2024-01-32", "calendar"},
                                     {"2024-1-1", "not a date"},
                                     {"24-01-01", "not a date"},
                                     {"12024-01-01", "not a date"},
                                     {"-2024-01-01", "not a date"},
                                     {"01/02/2024", "not a date"},
                                     {"20240101", "not a date"},
                                     {"2024-01-01T00:00:00Z", "not a date"},
                                     {"2024-01-01 ", "not a date"},
                                 });
}

TEST_CASE("a date-time has one canonical form, and an invalid one is refused") {
  check_accepted(data_type::datetime,
                 {
                     {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"},
                     {"2024-02-29t23:59:59z", "2024-02-29T23:59:59Z"},
                     {"2024-01-01T00:00:00.0Z", "2024-01-01T00:00:00Z"},
                     {"2024-01-01T00:00:00.000000000Z", "2024-01-01T00:00:00Z"},
                     {"2024-01-01T00:00:00.10Z", "2024-01-01T00:00:00.1Z"},
                     {"2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456789Z"},
                     {"2024-01-01T00:00:00.000000001Z", "2024-01-01T00:00:00.000000001Z"},
                     {"2024-01-01T00:00:00.120+05:30", "2024-01-01T00:00:00.12+05:30"},
                     {"2024-01-01T00:00:00-23:59", "2024-01-01T00:00:00-23:59"},
                     {"2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z"},
                     {"2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00Z"},
                     {"2024-01-01T00:00:00+00:01", "2024-01-01T00:00:00+00:01"},
                 });
  check_refused(data_type::datetime, {
                                         {"2024-01-01T00:00:00", "RFC 3339"},
                                         {"2024-01-01 00:00:00Z", "RFC 3339"},
                                         {"2024-01-01", "RFC 3339"},
                                         {"2024-01-01T00:00Z", "RFC 3339"},
                                         {"2024-01-01T00:00:00.Z", "RFC 3339"},
                                         {"2024-01-01T00:00:00,5Z", "RFC 3339"},
                                         {"2024-01-01T00:00:00+0100", "RFC 3339"},
                                         {"2024-01-01T0:00:00Z", "RFC 3339"},
                                         {"1704067200", "RFC 3339"},
                                         {"2024-01-01T00:00:00.1234567890Z", "nanosecond"},
                                         {"2023-02-29T00:00:00Z", "calendar"},
                                         {"2024-13-01T00:00:00Z", "calendar"},
                                         {"2024-01-01T24:00:00Z", "time of the day"},
                                         {"2024-01-01T23:60:00Z", "time of the day"},
                                         {"2016-12-31T23:59:60Z", "time of the day"},
                                         {"2024-01-01T00:00:00+24:00", "offset"},
                                         {"2024-01-01T00:00:00+01:60", "offset"},
                                     });
}

}  // namespace sonde::model::test
