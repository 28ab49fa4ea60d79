#include "client/scan_table.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>
#include <sstream>

namespace sonde::client {
namespace {

using model::json;

constexpr std::size_t width = 100;
const wall_time now{std::chrono::seconds(1'767'355'200)};  // 2026-01-02T12:00:00Z

json finished() {
  return {{"status", "done"},
          {"target", "203.0.113.1"},
          {"started", "2026-01-02T12:00:00.000Z"},
          {"ended", "2026-01-02T12:00:01.240Z"},
          {"outcome", {{"name", "complete"}, {"reason", "every port has a verdict"}}},
          {"results", json::array()}};
}

json https_row() {
  return {{"endpoint", "203.0.113.1:443/tcp"},
          {"service", {{"name", "http"}, {"tls", true}, {"product", "nginx"}, {"version", "1.22"}}},
          {"banner", "HTTP/1.1 200 OK"},
          {"certificate", {{"subject", "CN=example.com"}, {"not-after", "2026-01-12T12:00:00Z"}}}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream from(text);
  for (std::string line; std::getline(from, line);)
    out.push_back(line);
  return out;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an ended scan shows its outcome, its reason, and a table of open ports") {
  auto scan = finished();
  scan["results"].push_back(https_row());
  auto lines = lines_of(scan_table(scan, width, now));
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "203.0.113.1: complete, 1.2 s");
  CHECK(lines[1] == "  every port has a verdict");
  CHECK(lines[2].empty());
  CHECK(lines[3] == "  PORT     SERVICE        PRODUCT     SAYS");
  CHECK(lines[4] == "  443/tcp  http over tls  nginx 1.22  HTTP/1.1 200 OK");
  CHECK(lines[5] == "           └ certificate CN=example.com, until 2026-01-12 (10 days)");
}

TEST_CASE("an older scan shows when it ran and which scan superseded it") {
  auto shown = [](std::chrono::seconds later, const char* newer = "") {
    auto scan = finished();
    if (*newer != 0) scan["superseded_by"] = newer;
    return scan_table(scan, width, now + later);
  };
  CHECK(!has(shown(std::chrono::seconds(5)), "scanned"));
  CHECK(has(shown(std::chrono::seconds(31)), "Z, 29 s ago; `--fresh` scans again\n"));
  CHECK(has(shown(std::chrono::minutes(5)),
            "  scanned 2026-01-02T12:00:01Z, 4 min ago; `--fresh` scans again\n"));
  CHECK(has(shown(std::chrono::hours(3)), ", 2 h ago;"));
  CHECK(has(shown(std::chrono::hours(49)), ", 2 days ago;"));
  CHECK(has(shown(std::chrono::seconds(1), "some-id"),
            "  a newer scan has taken its place: some-id\n"));
}

TEST_CASE("a row shows why less is known about a port than usual") {
  auto scan = finished();
  json printer = {{"endpoint", "203.0.113.1:9100/tcp"},
                  {"service", {{"tls", false}}},
                  {"detail", "listened only: raw printing port"}};
  scan["results"].push_back(printer);
  printer["banner"] = "@PJL";
  scan["results"].push_back(printer);
  auto lines = lines_of(scan_table(scan, width, now));
  CHECK(lines[4] == "  9100/tcp  ?                 (listened only: raw printing port)");
  CHECK(lines[5] == "  9100/tcp  ?                 @PJL (listened only: raw printing port)");
}

TEST_CASE("a running scan shows its state and its progress") {
  json scan = {{"status", "running"},
               {"target", "a.example"},
               {"progress", {{"planned", 1000}, {"done", 250}, {"open", 2}}}};
  CHECK(scan_table(scan, width, now) == "a.example: running, 250 of 1000 probes, 2 open so far\n");
  scan.erase("progress");
  scan["status"] = "queued";
  CHECK(scan_table(scan, width, now) == "a.example: queued\n");
  scan["id"] = "7fb436eb-8d50-840e-9a4b-25f1005280dd";
  CHECK(scan_table(scan, width, now) ==
        "a.example: queued\n  scan 7fb436eb-8d50-840e-9a4b-25f1005280dd\n");
}

TEST_CASE("the expiry of a certificate is shown in days") {
  auto shown = [](const char* not_after) {
    auto scan = finished();
    auto row = https_row();
    row["certificate"]["not-after"] = not_after;
    scan["results"].push_back(row);
    return scan_table(scan, width, now);
  };
  CHECK(has(shown("2026-01-02T11:59:59Z"), "expired 2026-01-02"));
  CHECK(has(shown("2026-01-02T12:00:01Z"), "(0 days)"));
  CHECK(has(shown("2026-01-03T12:00:01Z"), "(1 day)"));
  CHECK(has(shown("nonsense"), "until nonsense"));
  CHECK(has(shown(""), "CN=example.com, \n"));
}

TEST_CASE("a self-signed certificate is marked") {
  auto scan = finished();
  auto row = https_row();
  row["certificate"]["self-signed"] = true;
  scan["results"].push_back(row);
  CHECK(has(scan_table(scan, width, now), "└ certificate CN=example.com, self-signed, until "));
  json entity = {{"attributes", {{"type", "certificate"}, {"value", "ab"}}},
                 {"metadata", {{"self-signed", true}, {"subject", "CN=a"}}},
                 {"extended_metadata", json::array()},
                 {"latest_associations", json::array()}};
  CHECK(entity_table(entity, width).starts_with("certificate ab, self-signed\n"));
  entity["metadata"]["self-signed"] = false;
  CHECK(entity_table(entity, width).starts_with("certificate ab\n"));
}

TEST_CASE("a duration is shown in seconds, from one minute on in minutes and seconds") {
  auto shown = [](const char* ended) {
    auto scan = finished();
    scan["ended"] = ended;
    return lines_of(scan_table(scan, width, now))[0];
  };
  CHECK(shown("2026-01-02T12:00:00.020Z") == "203.0.113.1: complete, 0.0 s");
  CHECK(shown("2026-01-02T12:00:59.900Z") == "203.0.113.1: complete, 59.9 s");
  CHECK(shown("2026-01-02T12:03:20.000Z") == "203.0.113.1: complete, 3 min 20 s");
  CHECK(shown("") == "203.0.113.1: complete");
}

TEST_CASE("with several addresses each row shows its own address") {
  auto scan = finished();
  for (const char* endpoint : {"203.0.113.1:22/tcp", "[2001:db8::1]:22/tcp"})
    scan["results"].push_back({{"endpoint", endpoint}, {"service", {{"tls", false}}}});
  auto text = scan_table(scan, width, now);
  CHECK(has(text, "  203.0.113.1:22/tcp    ?"));
  CHECK(has(text, "  [2001:db8::1]:22/tcp  ?"));
}

TEST_CASE("a line stays within the terminal's width for all characters") {
  auto scan = finished();
  for (const char* said : {"x", "語", "é", "😀"}) {
    auto row = https_row();
    std::string long_banner;
    for (int i = 0; i < 300; ++i)
      long_banner += said;
    row["banner"] = long_banner;
    row["service"]["product"] = long_banner;
    row["certificate"]["subject"] = long_banner;
    scan["results"].push_back(row);
  }
  for (const auto& line : lines_of(scan_table(scan, 60, now))) {
    auto points = std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; });
    CAPTURE(line);
    CHECK(points <= 60);
  }
  CHECK(!scan_table(scan, 0, now).empty());
}

TEST_CASE("text from a target cannot move the cursor") {
  auto scan = finished();
  auto row = https_row();
  row["banner"] = "\x1b[2Jbanner\x07";
  row["service"]["product"] = "a\x1b]0;title\x07";
  row["certificate"]["subject"] = "CN=a\r\n\x1b[31m\xC2\x9B";
  scan["results"].push_back(row);
  scan["outcome"]["reason"] = "said \x1b[1m";
  auto text = scan_table(scan, width, now);
  CHECK(std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\n'); }));
  CHECK(text.find("\xC2\x9B") == std::string::npos);
}

TEST_CASE("a confidence below proven follows the name of the service") {
  auto shown = [](const char* confidence) {
    auto scan = finished();
    auto row = https_row();
    row["service"]["confidence"] = confidence;
    scan["results"].push_back(row);
    return lines_of(scan_table(scan, width, now))[4];
  };
  CHECK(has(shown("proven"), "  http over tls  nginx"));
  CHECK(has(shown("said"), "  http over tls (said)  nginx"));
  CHECK(has(shown("likely"), "  http? over tls (likely)  nginx"));
}

TEST_CASE("the requests of a port are shown only if they are wanted") {
  auto scan = finished();
  auto row = https_row();
  row["requests"] = {{{"module", "greeting"}, {"outcome", "silent"}, {"time_ms", 250}},
                     {{"module", "tls"},
                      {"outcome", "answered"},
                      {"sent", 517},
                      {"received", 4000},
                      {"time_ms", 31}}};
  scan["results"].push_back(row);
  CHECK(lines_of(scan_table(scan, width, now)).size() == 6);
  auto lines = lines_of(scan_table(scan, width, now, table_detail::requests));
  REQUIRE(lines.size() == 9);
  CHECK(lines[6] == "           REQUEST     RESULT    SENT  RECEIVED  TIME");
  CHECK(lines[7] == "           (listened)  silent    0     0         250 ms");
  CHECK(lines[8] == "           tls         answered  517   4000      31 ms");
  scan["results"][0].erase("requests");
  CHECK(has(scan_table(scan, width, now, table_detail::requests), "the requests are not recorded"));
}

TEST_CASE("a truncated list says how many results are missing") {
  auto scan = finished();
  scan["results"].push_back(https_row());
  scan["truncated"] = true;
  scan["results_total"] = 42;
  CHECK(has(scan_table(scan, width, now), "  and 41 more; the service entities have them all"));
  scan["results_total"] = 1;
  CHECK(!has(scan_table(scan, width, now), " more; "));
}

TEST_CASE("ports that were open in an earlier scan and are closed now are below the table") {
  auto scan = finished();
  scan["closed"].push_back(
      {{"endpoint", "203.0.113.1:22/tcp\x1b"}, {"last_open", "2026-01-01T11:00:00.000Z"}});
  CHECK(has(scan_table(scan, width, now),
            "\n\n  closed now: 203.0.113.1:22/tcp., last open 2026-01-01T11:00Z\n"));
  scan["results"].push_back(https_row());
  CHECK(has(scan_table(scan, width, now), "(10 days)\n\n  closed now: "));
}

TEST_CASE("an entity is shown with its attributes and its relations") {
  json entity = {{"attributes",
                  {{"id", "ip-1"},
                   {"type", "ip"},
                   {"value", "203.0.113.1"},
                   {"reputation", "suspicious"},
                   {"accuracy", "low"},
                   {"tags", {"seen", "often"}},
                   {"first_seen", "2026-01-01T00:00:00.000Z"},
                   {"last_seen", "2026-01-02T00:00:00.000Z"}}},
                 {"metadata", {{"country", "XX"}, {"ports", json::array({1, 2})}}},
                 {"extended_metadata",
                  json::array({{{"type", "port"}, {"value", "443/tcp\x1b"}, {"direction", "to"}},
                               {{"type", "port"},
                                {"value", "80/tcp"},
                                {"direction", "to"},
                                {"state", "closed"},
                                {"last_scanned", "2026-01-03T04:05:06.000Z"}}})},
                 {"latest_associations", json::array({{{"type", "hostname"},
                                                       {"value", "a.b"},
                                                       {"id", "hostname-2"},
                                                       {"direction", "from"}}})}};
  auto text = entity_table(entity, width);
  CHECK(text.starts_with("ip 203.0.113.1\n  ip-1\n  first seen 2026-01-01T00:00:00.000Z"));
  CHECK(has(text, "  reputation suspicious, accuracy low, tags seen often\n"));
  CHECK(has(text, "  country                   XX\n"));
  CHECK(has(text, "[1,2]"));
  CHECK(has(text, "parts and wholes\n    → port         443/tcp."));
  CHECK(has(text, "→ port         80/tcp, closed when last scanned, 2026-01-03T04:05Z\n"));
  CHECK(has(text, "associated\n    ← hostname     a.b\n      hostname-2\n"));
}

}  // namespace sonde::client
