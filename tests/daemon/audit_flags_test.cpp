#include "daemon/audit_flags.hpp"

#include "tests/daemon/parse_flags.hpp"
#include "tests/support/doctest.hpp"

#include <string>
#include <vector>

namespace sonde::daemon {
namespace {

const wall_time audit_now = from_rfc3339("2026-11-22T06:29:41.000Z").value();

/// Parses the flags of a verb `audit`.
struct read_audit {
  explicit read_audit(const std::vector<std::string>& flags) {
    complaint = test::parse_flags(
        flags, [this](CLI::App* verb) { add_audit_flags(verb, query, audit_now); });
  }

  client::audit_query query;
  std::string complaint;
};

}  // namespace

TEST_CASE("--action accepts every action") {
  for (auto action : client::audit_actions()) {
    read_audit read({"--action", std::string(action)});
    CHECK(read.complaint.empty());
    CHECK(read.query.action == std::string(action));
  }
}

TEST_CASE("an unknown action is refused with a list of all actions") {
  auto said = read_audit({"--action", "scan.requests"}).complaint;
  CHECK(said.starts_with("sonde: --action: \"scan.requests\" is not an action; write one of "));
  for (auto action : client::audit_actions())
    CHECK(said.find(std::string(action)) != std::string::npos);
  CHECK(said.find("; did you mean \"scan.request\"?") != std::string::npos);
  CHECK(read_audit({"--action", "nonsense"}).complaint.find("did you mean") == std::string::npos);
}

TEST_CASE("`audit` reads times as `tail` does") {
  read_audit read({"--since", "2026-11-22", "--until", "10s"});
  CHECK(read.complaint.empty());
  CHECK(read.query.since == from_rfc3339("2026-11-22T00:00:00.000Z"));
  CHECK(read.query.until == audit_now - std::chrono::seconds(10));
}

}  // namespace sonde::daemon
