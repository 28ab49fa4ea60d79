#include "client/terminal.hpp"

#include "client/scan_table.hpp"
#include "model/text/json.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/support/doctest.hpp"

#include <vector>

namespace sonde::client {
namespace {

/// Text that a target may send: each kind of character that a terminal interprets.
const std::string hostile =
    "x\t\v\f\x1b[2J\x07\x7f\u0085\u009B31m\u202Etxt.exe\u2066\u200B\u2028\uFEFF\U000E0041\r";

bool is_obeyed(std::string_view shown) {
  for (const char* each : {"\t", "\v", "\f", "\r", "\x1b", "\x07", "\x7f", "\u0085", "\u009B",
                           "\u202E", "\u2066", "\u200B", "\u2028", "\uFEFF", "\U000E0041"}) {
    if (shown.find(each) != std::string_view::npos) return true;
  }
  return false;
}

model::json hostile_scan() {
  model::json service = {{"name", hostile}, {"product", hostile}, {"version", hostile}};
  model::json certificate = {{"subject", hostile}, {"not-after", hostile}};
  model::json row = {{"endpoint", "203.0.113.1:80/tcp"},
                     {"service", service},
                     {"banner", hostile},
                     {"certificate", certificate},
                     {"detail", hostile}};
  return {{"target", "203.0.113.1"},
          {"status", "done"},
          {"outcome", {{"name", "complete"}, {"reason", hostile}}},
          {"results", model::json::array({row})}};
}

model::json hostile_entity() {
  return {{"attributes", {{"type", "certificate"}, {"value", hostile}, {"id", "x"}}},
          {"metadata", {{"subject", hostile}, {hostile, model::json::array({hostile})}}},
          {"extended_metadata",
           model::json::array({{{"direction", "to"}, {"type", hostile}, {"value", hostile}}})},
          {"latest_associations", model::json::array()}};
}

}  // namespace

TEST_CASE("no table has a character that a terminal interprets") {
  CHECK(is_obeyed(hostile));
  auto table = scan_table(hostile_scan(), 100, {});
  CHECK(!is_obeyed(table));
  CHECK(!is_obeyed(entity_table(hostile_entity(), 100)));
}

TEST_CASE("all output of a command leaves the terminal class escaped") {
  std::string out;
  std::string err;
  {
    test::captured_output captured;
    terminal table(output_form::table);
    table.print("for people: " + hostile + "\n");
    table.say("refused: " + hostile);
    terminal lines(output_form::json);
    lines.print(model::to_text(hostile_scan()) + "\n");
    out = captured.out();
    err = captured.err();
  }
  CHECK(!is_obeyed(out));
  CHECK(!is_obeyed(err));
  CHECK(out.starts_with("for people: x\\u{9}"));
  auto json = out.substr(out.find('\n') + 1);
  CHECK(model::json::parse(json) == hostile_scan());
}

}  // namespace sonde::client
