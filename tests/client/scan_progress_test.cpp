#include "client/scan_progress.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::client {
namespace {

using model::json;

steady_time after(int s) {
  return steady_time(std::chrono::seconds(1000 + s));
}

json scan_at(const char* id, double done, double open) {
  return {{"id", id},
          {"target", "192.0.2.1"},
          {"status", "running"},
          {"progress", {{"planned", 1000}, {"done", done}, {"open", open}}}};
}

}  // namespace

TEST_CASE("the progress of one scan is shown in probes, with the time left") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(1);
  CHECK(progress.line(after(0)) == "0 of 1 scan done, 0 open, 0.0 probes/s");
  progress.note({{"id", "a"}, {"target", "192.0.2.1"}, {"status", "queued"}});
  CHECK(progress.line(after(1)) == "192.0.2.1: queued");
  progress.note(scan_at("a", 250, 2));
  CHECK(progress.line(after(10)) ==
        "192.0.2.1: 25 % of 1000 probes, 2 open, 25/s, about 30 s left");
}

TEST_CASE("the progress of several scans is shown as one sum") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(4);
  progress.note(scan_at("a", 500, 1));
  progress.note(scan_at("b", 500, 0));
  progress.ended(scan_at("a", 1000, 3));
  CHECK(progress.line(after(100)) == "1 of 4 scans done, 3 open, 15 probes/s, about 3 min left");
  progress.ended(scan_at("b", 1000, 0));
  CHECK(progress.line(after(100)) == "2 of 4 scans done, 3 open, 20 probes/s, about 2 min left");
}

TEST_CASE("of several scans with finished sweeps no time left is shown") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(2);
  progress.ended(scan_at("a", 1000, 3));
  auto scan = scan_at("b", 1000, 5);
  scan["progress"]["identified"] = 4;
  progress.note(scan);
  CHECK(progress.line(after(10)) == "1 of 2 scans done, 8 open, identifying 1 of them");
}

TEST_CASE("a finished sweep and the identification of its services are distinct") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(1);
  auto scan = scan_at("a", 500, 40);
  scan["progress"]["identified"] = 12;
  progress.note(scan);
  CHECK(progress.line(after(10)) ==
        "192.0.2.1: 50 % of 1000 probes, 40 open, 12 identified, 50/s, about 10 s left");
  scan["progress"]["done"] = 999;
  progress.note(scan);
  CHECK(progress.line(after(10)).starts_with("192.0.2.1: 99 % of 1000 probes, 40 open"));
  scan["progress"]["done"] = 1000;
  progress.note(scan);
  CHECK(progress.line(after(10)) == "192.0.2.1: sweep done · identifying 12 of 40 services");
  scan["progress"]["identified"] = 40;
  progress.note(scan);
  CHECK(progress.line(after(10)).starts_with("192.0.2.1: 100 % of 1000 probes, 40 open, 100/s"));
}

TEST_CASE("services that are still to be identified count as work that is left") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(2);
  auto scan = scan_at("a", 500, 1000);
  scan["progress"]["identified"] = 0;
  progress.note(scan);
  progress.ended(scan_at("b", 1000, 0));
  // One scan and a quarter of the other took 100 s.
  CHECK(progress.line(after(100)) == "1 of 2 scans done, 1000 open, 15 probes/s, about 1 min left");
}

TEST_CASE("fields that a server leaves out are tolerated") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(2);
  progress.note(json::object());
  progress.ended({{"progress", nullptr}});
  CHECK(progress.line(after(1)) == "1 of 2 scans done, 0 open, 0.0 probes/s, about 1 s left");
}

}  // namespace sonde::client
