#include "base/async/task_group.hpp"
#include "client/errc.hpp"
#include "client/read_commands.hpp"
#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/client/replaced_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <sstream>

namespace sonde::client {
namespace {

/// Two topics, one of them with records.
struct topics_world {
  topics_world() {
    std::vector<queue::topic_spec> topics = {
        {.name = "entities"}, {.name = "scan.tasks", .policy = queue::cleanup::compact}};
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
    put({"entities", "k1", R"({"a":1})", {{"ce_id", "x"}}});
    put({"entities", "k\xFF", "no json \xFF", {}});
  }
  ~topics_world() { queue->close(); }

  void put(record one) {
    std::vector<record> batch;
    batch.push_back(std::move(one));
    REQUIRE(test::run(queue->produce(std::move(batch))));
  }
  int tail(const std::string& topic, bool from_start) {
    test::captured_output captured;
    int code = -1;
    {
      terminal screen;
      tail_options options;
      options.topic = topic;
      options.from_start = from_start;
      tail_command command(*queue, screen, options);
      code = test::run(command.run());
    }
    out = captured.out();
    err = captured.err();
    return code;
  }
  [[nodiscard]] std::vector<model::json> lines() const {
    std::vector<model::json> all;
    std::istringstream from(out);
    for (std::string line; std::getline(from, line);)
      all.push_back(model::parse_own(line));
    return all;
  }

  queue::limits bounds;
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::string out;
  std::string err;
};

}  // namespace

TEST_CASE_FIXTURE(topics_world,
                  "records are printed as JSON, one a line, whatever bytes they contain") {
  REQUIRE(tail("entities", true) == exit_code::done);
  auto all = lines();
  REQUIRE(all.size() == 2);
  CHECK(all[0]["topic"] == "test.entities.v1");
  CHECK(all[0]["partition"] == 0);
  CHECK(all[0]["offset"] == 0);
  CHECK(all[0]["key"] == "k1");
  CHECK(all[0]["headers"] == model::json{{"ce_id", "x"}});
  CHECK(all[0]["value"] == model::json{{"a", 1}});
  CHECK(all[1]["key"] == "k\xEF\xBF\xBD");
  CHECK(all[1]["value"] == "no json \xEF\xBF\xBD");
}

TEST_CASE_FIXTURE(topics_world, "a topic is found by its short name and by its full name") {
  CHECK(tail("test.entities.v1", true) == exit_code::done);
  CHECK(lines().size() == 2);
  CHECK(tail("scan.tasks", true) == exit_code::done);
  CHECK(out.empty());
}

TEST_CASE_FIXTURE(topics_world, "without a flag the command says what the flags print") {
  CHECK(tail("entities", false) == exit_code::done);
  CHECK(out.empty());
  CHECK(err.find("--from-start") != std::string::npos);
  CHECK(err.find("--follow") != std::string::npos);
  CHECK(tail("entities", true) == exit_code::done);
  CHECK(err.empty());
}

TEST_CASE_FIXTURE(topics_world, "--follow ends when the output cannot be written") {
  test::captured_output captured;
  int code = -1;
  {
    test::replaced_output deserted(test::deserted_pipe());
    terminal screen;
    tail_options options;
    options.topic = "entities";
    options.from_start = true;
    options.follow = true;
    tail_command command(*queue, screen, options);
    code = screen.finish(test::run(command.run()));
  }
  CHECK(code == exit_code::output_closed);
  CHECK(captured.err().empty());
}

TEST_CASE_FIXTURE(topics_world, "an unknown topic is refused with the most similar name") {
  CHECK(tail("entites", true) == exit_code::usage);
  CHECK(err.find("did you mean \"entities\"?") != std::string::npos);
  CHECK(tail("colours", true) == exit_code::usage);
  CHECK(err.find("`sonde topic list` shows them") != std::string::npos);
}

TEST_CASE_FIXTURE(topics_world, "the list has every topic with its first and next offset") {
  test::captured_output captured;
  {
    terminal screen;
    CHECK(test::run(list_topics(*queue, screen)) == exit_code::done);
  }
  out = captured.out();
  auto all = lines();
  REQUIRE(all.size() == 2);
  CHECK(all[0] == model::json{{"topic", "test.entities.v1"},
                              {"name", "entities"},
                              {"partitions", 1},
                              {"compacted", false},
                              {"start", 0},
                              {"end", 2}});
  CHECK(all[1]["compacted"] == true);
}

TEST_CASE_FIXTURE(topics_world, "--follow ends when it is interrupted") {
  test::captured_output captured;
  {
    terminal screen;
    tail_options options;
    options.topic = "entities";
    options.follow = true;
    tail_command command(*queue, screen, options);
    auto both = [&]() -> awaitable<void> {
      auto loop = co_await asio::this_coro::executor;
      task_group group(loop, log, "tail");
      auto work = [&]() -> awaitable<void> {
        int code = co_await command.run();
        CHECK(code == exit_code::done);
      };
      group.spawn(work());
      std::vector<record> batch;
      batch.push_back({"entities", "k2", "{}", {}});
      while (captured.out().empty()) {
        auto produced = co_await queue->produce(batch);
        CHECK(produced);
        co_await asio::post(loop, asio::use_awaitable);
      }
      command.interrupt();
      co_await group.join();
    };
    test::run(both());
  }
  CHECK(captured.out().find("\"key\":\"k2\"") != std::string::npos);
  CHECK(captured.err() ==
        "waiting for new records of entities; --from-start also prints the existing ones\n");
}

}  // namespace sonde::client
