#include "daemon/tail_flags.hpp"

#include "tests/daemon/parse_flags.hpp"
#include "tests/support/doctest.hpp"

#include <string>
#include <vector>

namespace sonde::daemon {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const wall_time tail_now = from_rfc3339("2026-11-22T06:29:41.000Z").value();

/// Parses the flags of a verb `tail`.
struct read_flags {
  explicit read_flags(const std::vector<std::string>& flags) {
    complaint = test::parse_flags(
        flags, [this](CLI::App* verb) { add_tail_flags(verb, options, tail_now); });
  }

  client::tail_options options;
  std::string complaint;
};

}  // namespace

TEST_CASE("an offset applies to every partition, or to the partition written before it") {
  CHECK(parse_tail_offset("17").value() == client::tail_offset{.offset = 17});
  CHECK(parse_tail_offset("2:17").value() == client::tail_offset{.partition = 2, .offset = 17});
  CHECK(parse_tail_offset("0:0").value() == client::tail_offset{.partition = 0, .offset = 0});
  for (const std::string bad : {"", ":", "x", "-1", "1:-1", "-1:1", ":5", "5:", "1:2:3", "1.5",
                                "+1", "2147483648:0", "9223372036854775808", "1 7"}) {
    CAPTURE(bad);
    auto offset = parse_tail_offset(bad);
    REQUIRE(!offset);
    CHECK(
        offset.error().message() ==
        "\"" + bad +
            "\" is not an offset; write a whole number, as in 17, or PARTITION:OFFSET, as in 2:17");
  }
}

TEST_CASE("the flags of tail set its options") {
  read_flags none({});
  CHECK(none.complaint.empty());
  CHECK(!client::reads_existing(none.options));
  read_flags times({"--since", "2h", "--until", "2026-11-22T06:00:00Z"});
  CHECK(times.complaint.empty());
  CHECK(times.options.since == tail_now - hours(2));
  CHECK(times.options.until == from_rfc3339("2026-11-22T06:00:00.000Z"));
  read_flags offset({"--offset", "2:17", "--follow"});
  CHECK(offset.options.offset == client::tail_offset{.partition = 2, .offset = 17});
  CHECK(offset.options.follow);
  CHECK(read_flags({"--from-start"}).options.from_start);
}

TEST_CASE("an invalid value of a flag is reported with its flag") {
  const std::string help = "; `sonde verb --help` shows how it is used\n";
  for (const std::string flag : {"--since", "--until"}) {
    auto said = read_flags({flag, "noon"}).complaint;
    CHECK(said.starts_with("sonde: " + flag + ": \"noon\" is not a time; write a time as in"));
    CHECK(said.ends_with(help));
  }
  CHECK(read_flags({"--offset", "-1"})
            .complaint.starts_with("sonde: --offset: \"-1\" is not an offset"));
}

TEST_CASE("tail accepts only one flag for its start") {
  const std::vector<std::vector<std::string>> beginnings = {
      {"--from-start"}, {"--since", "2h"}, {"--offset", "17"}};
  for (const auto& one : beginnings) {
    for (const auto& other : beginnings) {
      if (one == other) continue;
      auto flags = one;
      flags.insert(flags.end(), other.begin(), other.end());
      auto said = read_flags(flags).complaint;
      CHECK(said.find(one.front()) != std::string::npos);
      CHECK(said.find(other.front()) != std::string::npos);
      CHECK(said.find(" contradict each other; give one of them") != std::string::npos);
    }
  }
}

TEST_CASE("an end that is never reached, or is before the start, is refused") {
  client::tail_options options;
  options.until = tail_now;
  CHECK(check_tail_options(options));
  options.since = tail_now - milliseconds(1);
  CHECK(check_tail_options(options));
  options.since = tail_now;
  auto refused = check_tail_options(options);
  REQUIRE(!refused);
  CHECK(refused.error().message() ==
        "--until 2026-11-22T06:29:41.000Z is not after --since 2026-11-22T06:29:41.000Z; no record "
        "is between them");
  options.since.reset();
  options.follow = true;
  refused = check_tail_options(options);
  REQUIRE(!refused);
  CHECK(refused.error().message().starts_with("--until and --follow contradict each other: "));
  options.until.reset();
  CHECK(check_tail_options(options));
}

}  // namespace sonde::daemon
