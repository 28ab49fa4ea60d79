#include "model/scan/refused_request.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

constexpr wall_time refused_at{std::chrono::seconds(1'767'323'045)};

scan_request asked(std::uint64_t generation) {
  scan_request out;
  out.target = target::parse("203.0.113.1").value();
  out.profile = "standard";
  out.visibility = {"public"};
  out.key = key_of(out.target, out.profile, out.visibility);
  out.generation = generation;
  out.requested = refused_at;
  return out;
}

/// Returns the request's record, with a part of its value replaced.
record spoilt(const scan_request& request, const std::string& what, const std::string& by) {
  auto out = to_record(request, "r");
  auto at = out.value.find(what);
  REQUIRE(at != std::string::npos);
  out.value.replace(at, what.size(), by);
  return out;
}

std::optional<scan_request> read(const record& from, std::uint64_t known) {
  auto refused = parse_scan_request(from.value);
  REQUIRE(!refused);
  return read_refused_request(from, refused.error().message(), known, refused_at);
}

}  // namespace

TEST_CASE("a request with an unreadable field ends its generation with the reason") {
  auto request = asked(1);
  request.webhooks = {{std::string(64, 'a'), "https://hooks.example.com:443", "c2VhbGVk"}};
  auto refused = read(spoilt(request, "\"priority\":0", "\"priority\":\"high\""), 0);
  REQUIRE(refused);
  CHECK(refused->id() == request.id());
  CHECK(refused->target == request.target);
  CHECK(refused->visibility == request.visibility);
  auto task = fold(std::nullopt, *refused, 7, 16);
  CHECK(task.current.id == request.id());
  CHECK(task.current.state == task_state::failed);
  CHECK(task.current.outcome->kind == outcome_kind::attempts);
  CHECK(task.current.outcome->reason.find("priority") != std::string::npos);
  CHECK(task.pending.size() == 1);
  CHECK(task.folded == 7);
  CHECK(parse_scan_task(to_json_text(task)).value() == task);
}

TEST_CASE("an unreadable generation is recovered from the id") {
  auto request = asked(4);
  auto from = spoilt(request, "\"generation\":4", "\"generation\":\"four\"");
  auto refused = read(from, 3);
  REQUIRE(refused);
  CHECK(refused->generation == 4);
  CHECK(!read(from, 4));
  CHECK(!read(spoilt(asked(400), "\"generation\":400", "\"generation\":\"many\""), 3));
}

TEST_CASE("an unreadable target gets the subject of the record, or a placeholder") {
  auto from = spoilt(asked(1), "\"203.0.113.1\"", "\"no target\"");
  auto refused = read(from, 0);
  REQUIRE(refused);
  CHECK(refused->target.text() == "203.0.113.1");  // from the record's ce_subject
  from.headers.clear();
  refused = read(from, 0);
  REQUIRE(refused);
  CHECK(refused->target.text() == "unreadable.invalid");
  auto task = fold(std::nullopt, *refused, 0, 16);
  CHECK(parse_scan_task(to_json_text(task)).value() == task);
}

TEST_CASE("a value that is not JSON fails the first scan of a key, and no existing one") {
  auto from = to_record(asked(1), "r");
  from.value.resize(from.value.size() / 2);
  auto refused = read(from, 0);
  REQUIRE(refused);
  CHECK(refused->id() == asked(1).id());
  CHECK(!read(from, 1));
}

TEST_CASE("a record without a task, or for an existing task, ends none") {
  auto request = asked(2);
  request.kind = request_kind::attach;
  CHECK(!read(spoilt(request, "\"priority\":0", "\"priority\":99"), 1));
  request.kind = request_kind::cancel;
  CHECK(!read(spoilt(request, "\"priority\":0", "\"priority\":99"), 1));
  auto from = spoilt(asked(2), "\"priority\":0", "\"priority\":99");
  CHECK(!read(from, 2));
  CHECK(read(from, 1));
  from.key = std::string(64, '0');
  CHECK(!read(from, 1));
  from.key = "not a key";
  CHECK(!read(from, 1));
}

TEST_CASE("a refused generation waits for the end of the previous one, and fails then") {
  auto task = started(fold(std::nullopt, asked(1), 0, 16), refused_at);
  auto refused = read(spoilt(asked(2), "\"priority\":0", "\"priority\":99"), 1);
  REQUIRE(refused);
  task = fold(task, *refused, 1, 16);
  CHECK(task.current.state == task_state::running);
  task = parse_scan_task(to_json_text(task)).value();
  REQUIRE(task.next);
  task = promoted(ended(task, {outcome_kind::complete, "all said"}, refused_at), 16);
  CHECK(task.current.number == 2);
  CHECK(task.current.state == task_state::failed);
  CHECK(task.history.front().state == task_state::done);
}

}  // namespace sonde::model
