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

TEST_CASE("one scan is told in probes, and how long the rest takes") {
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

TEST_CASE("many scans are told together") {
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

TEST_CASE("what a server leaves out is no obstacle") {
  scan_progress progress;
  progress.begin(after(0));
  progress.expect(2);
  progress.note(json::object());
  progress.ended({{"progress", nullptr}});
  CHECK(progress.line(after(1)) == "1 of 2 scans done, 0 open, 0.0 probes/s, about 1 s left");
}

}  // namespace sonde::client
