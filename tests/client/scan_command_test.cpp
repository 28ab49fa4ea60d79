#include "client/scan_command.hpp"

#include "base/async/task_group.hpp"
#include "client/errc.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/client/fake_api.hpp"
#include "tests/client/replaced_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <sstream>

namespace sonde::client {
namespace {

using test::ended_scan;
using test::fake_api;

struct outcome_of_command {
  int code = -1;
  std::string out;
  std::string err;
  [[nodiscard]] std::vector<model::json> lines() const {
    std::vector<model::json> all;
    std::istringstream from(out);
    for (std::string line; std::getline(from, line);)
      all.push_back(model::parse_own(line));
    return all;
  }
};

outcome_of_command run_command(fake_api& api, scan_options options,
                               const clock& clock = system_clock()) {
  outcome_of_command done;
  test::captured_output captured;
  {
    terminal out;
    scan_command command(api, out, clock, std::move(options));
    done.code = test::run(command.run());
  }
  done.out = captured.out();
  done.err = captured.err();
  return done;
}

/// Supplies each target only after all earlier scans have been looked up.
class slow_source final : public target_source {
 public:
  slow_source(fake_api& api, std::deque<std::string> list) : api_(api), list_(std::move(list)) {}

  awaitable<result<std::optional<std::string>>> next() override {
    using answer = result<std::optional<std::string>>;
    while (!stopped_ && api_.look_ups < static_cast<int>(api_.orders.size()))
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    waited_for_look_ups = api_.look_ups;
    if (stopped_ || (list_.empty() && !end)) co_return answer(std::optional<std::string>());
    if (list_.empty()) co_return answer(*end);
    std::optional<std::string> one(std::move(list_.front()));
    list_.pop_front();
    co_return answer(std::move(one));
  }
  void stop() override { stopped_ = true; }

  int waited_for_look_ups = 0;
  std::optional<error> end;

 private:
  fake_api& api_;
  std::deque<std::string> list_;
  bool stopped_ = false;
};

/// Advances by three seconds at each reading.
class hasty_clock final : public clock {
 public:
  [[nodiscard]] wall_time now() const override { return system_clock().now(); }
  [[nodiscard]] steady_time steady_now() const override {
    return steady_time(std::chrono::seconds(3 * ++looks_));
  }

 private:
  mutable std::atomic<std::int64_t> looks_ = 0;
};

scan_options targets(std::vector<std::string> names) {
  scan_options out;
  out.targets = std::move(names);
  return out;
}

}  // namespace

TEST_CASE("into a pipe every scan is one line of JSON, without other output") {
  fake_api api;
  for (const char* target : {"a.example", "b.example"})
    api.scans[std::string("id of ") + target] = {ended_scan(target)};
  auto done = run_command(api, targets({"a.example", "b.example"}));
  CHECK(done.code == exit_code::done);
  CHECK(done.lines().size() == 2);
  CHECK(done.lines()[0]["status"] == "done");
  CHECK(done.err.empty());
}

TEST_CASE("an order contains only the options that were given") {
  fake_api api;
  api.scans["id of a.example"] = {ended_scan("a.example")};
  run_command(api, targets({"a.example"}));
  CHECK(api.orders[0] == model::json{{"target", "a.example"}});
  auto all = targets({"a.example"});
  all.ports = "22";
  all.fresh = true;
  all.priority = -3;
  run_command(api, all);
  CHECK(api.orders[1] ==
        model::json{{"target", "a.example"}, {"ports", "22"}, {"max_age", 0}, {"priority", -3}});
}

TEST_CASE("a scan is polled until it has ended") {
  fake_api api;
  model::json running = {{"id", "id of a"},
                         {"status", "running"},
                         {"progress", {{"planned", 10}, {"done", 5}, {"open", 1}}}};
  api.scans["id of a"] = {running, running, ended_scan("a")};
  auto done = run_command(api, targets({"a"}));
  CHECK(done.code == exit_code::done);
  CHECK(done.lines().size() == 1);
  CHECK(api.look_ups == 3);
}

TEST_CASE("a failed scan sets the exit code and is printed like any other") {
  fake_api api;
  api.scans["id of a"] = {ended_scan("a", "failed")};
  auto done = run_command(api, targets({"a"}));
  CHECK(done.code == exit_code::scan_failed);
  CHECK(done.lines()[0]["outcome"]["name"] == "nxdomain");
}

TEST_CASE("a refused target is named, and the other targets are scanned") {
  fake_api api;
  api.bad_targets.emplace("bad", fail(errc::refused, "target: is not a name"));
  api.scans["id of good"] = {ended_scan("good")};
  auto done = run_command(api, targets({"bad", "good"}));
  CHECK(done.code == exit_code::scan_failed);
  auto lines = done.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] ==
        model::json{{"target", "bad"}, {"status", "refused"}, {"error", "target: is not a name"}});
  CHECK(lines[1]["target"] == "good");
}

TEST_CASE("without a server the command ends immediately with the reason on standard error") {
  fake_api api;
  api.bad_targets.emplace("a", fail(errc::no_server, "no server answers at x"));
  auto done = run_command(api, targets({"a"}));
  CHECK(done.code == exit_code::no_server);
  CHECK(done.out.empty());
  CHECK(done.err == "sonde: no server answers at x\n");
}

TEST_CASE("an order to a busy server is retried") {
  fake_api api;
  api.refusals = {fail(errc::try_later, "busy"), fail(errc::try_later, "busy")};
  api.scans["id of a"] = {ended_scan("a")};
  auto done = run_command(api, targets({"a"}));
  CHECK(done.code == exit_code::done);
  CHECK(api.orders.size() == 3);
}

TEST_CASE("without waiting the ids are printed") {
  fake_api api;
  auto options = targets({"a", "b"});
  options.wait = false;
  auto done = run_command(api, options);
  CHECK(done.code == exit_code::done);
  CHECK(done.lines()[0] == model::json{{"target", "a"}, {"id", "id of a"}, {"status", "new"}});
  CHECK(api.look_ups == 0);
}

TEST_CASE("targets on standard input are scanned as they arrive") {
  fake_api api;
  for (const char* target : {"a", "b", "c"})
    api.scans[std::string("id of ") + target] = {ended_scan(target)};
  slow_source source(api, {"b", "c"});
  test::captured_output captured;
  int code = -1;
  {
    terminal out;
    system_clock clock;
    scan_command command(api, out, clock, targets({"a"}), &source);
    code = test::run(command.run());
  }
  CHECK(code == exit_code::done);
  CHECK(source.waited_for_look_ups == 3);
  CHECK(api.orders.size() == 3);
  auto printed = captured.out();
  CHECK(std::ranges::count(printed, '\n') == 3);
}

TEST_CASE("unreadable input ends the command after the targets already read") {
  fake_api api;
  api.scans["id of a"] = {ended_scan("a")};
  slow_source source(api, {"a"});
  source.end = fail(errc::usage, "standard input cannot be read: Input/output error");
  test::captured_output captured;
  int code = -1;
  {
    terminal out;
    system_clock clock;
    scan_command command(api, out, clock, {}, &source);
    code = test::run(command.run());
  }
  CHECK(code == exit_code::usage);
  CHECK(captured.err() == "sonde: standard input cannot be read: Input/output error\n");
  CHECK(captured.out().find("\"target\":\"a\"") != std::string::npos);
}

TEST_CASE("an input without a target is a usage error") {
  fake_api api;
  slow_source source(api, {});
  test::captured_output captured;
  int code = -1;
  {
    terminal out;
    system_clock clock;
    scan_command command(api, out, clock, {}, &source);
    code = test::run(command.run());
  }
  CHECK(code == exit_code::usage);
  CHECK(captured.err().find("nothing to scan") != std::string::npos);
}

TEST_CASE("a scan that disappears while it is followed is a failure") {
  fake_api api;
  auto done = run_command(api, targets({"a"}));
  CHECK(done.code == exit_code::scan_failed);
  CHECK(done.lines()[0]["error"] == "there is no scan id of a");
}

TEST_CASE("the command waits for a server that is away for a short time") {
  fake_api api;
  api.scans["id of a"] = {fail(errc::no_server, "gone"), ended_scan("a")};
  auto done = run_command(api, targets({"a"}));
  CHECK(done.code == exit_code::done);
}

TEST_CASE(
    "a server that stays away is reported; after a minute the command ends without a server") {
  fake_api api;
  auto& told = api.scans["id of a"];
  for (int i = 0; i < 50; ++i)
    told.emplace_back(fail(errc::no_server, "nobody listens"));
  auto done = run_command(api, targets({"a"}), hasty_clock());
  CHECK(done.code == exit_code::no_server);
  CHECK(done.err.find("the server does not answer; retrying for a minute") != std::string::npos);
  CHECK(done.err.find("nobody listens") != std::string::npos);
}

TEST_CASE("an interrupted command says how to continue") {
  fake_api api;
  model::json running = {{"id", "id of a"}, {"status", "running"}};
  api.scans["id of a"] = {running};
  test::captured_output captured;
  int code = -1;
  {
    terminal out;
    system_clock clock;
    scan_command command(api, out, clock, targets({"a"}));
    auto both = [&]() -> awaitable<void> {
      auto loop = co_await asio::this_coro::executor;
      logger log(log_level::error);
      task_group group(loop, log, "command");
      auto work = [&]() -> awaitable<void> { code = co_await command.run(); };
      group.spawn(work());
      while (api.look_ups == 0)
        co_await asio::post(loop, asio::use_awaitable);
      command.interrupt();
      co_await group.join();
    };
    test::run(both());
  }
  CHECK(code == exit_code::interrupted);
  CHECK(captured.out().empty());
  CHECK(captured.err() ==
        "interrupted: 1 scan goes on in the server. To see it: sonde watch id of a\n");
}

TEST_CASE("a command whose output cannot be written ends") {
  fake_api api;
  model::json running = {{"id", "id of b"}, {"status", "running"}};
  api.scans["id of a"] = {ended_scan("a")};
  api.scans["id of b"] = {running};  // it would be followed indefinitely
  test::captured_output captured;
  int code = -1;
  {
    test::replaced_output full(test::full_disk());
    terminal out;
    system_clock clock;
    scan_command command(api, out, clock, targets({"a", "b"}));
    code = out.finish(test::run(command.run()));
  }
  CHECK(code == exit_code::output);
  CHECK(captured.err() == "sonde: standard output cannot be written: No space left on device\n");
}

TEST_CASE("no more scans are scheduled after the reader of the output has gone") {
  fake_api api;
  auto options = targets(std::vector<std::string>(1000, "a"));
  options.wait = false;
  test::captured_output captured;
  {
    test::replaced_output deserted(test::deserted_pipe());
    terminal out;
    system_clock clock;
    scan_command command(api, out, clock, std::move(options));
    test::run(command.run());
  }
  CHECK(!api.orders.empty());
  CHECK(api.orders.size() < 100);
  CHECK(captured.err().empty());
}

TEST_CASE("an existing scan can be watched") {
  fake_api api;
  api.scans["some id"] = {ended_scan("a")};
  test::captured_output captured;
  terminal out;
  system_clock clock;
  scan_command command(api, out, clock, {});
  CHECK(test::run(command.watch("some id")) == exit_code::done);
  CHECK(api.orders.empty());
}

TEST_CASE("an untrusted server ends a watch with the reason") {
  fake_api api;
  api.scans["some id"] = {fail(errc::untrusted, "who?")};
  test::captured_output captured;
  terminal out;
  system_clock clock;
  scan_command command(api, out, clock, {});
  CHECK(test::run(command.watch("some id")) == exit_code::no_server);
  CHECK(captured.err() == "sonde: who?\n");
}

}  // namespace sonde::client
