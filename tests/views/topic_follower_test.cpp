#include "views/topic_follower.hpp"

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "base/async/task_group.hpp"
#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "views/limits.hpp"

namespace sonde::views {
namespace {

constexpr const char* topic = "letters";

/// A reader whose position has left the topic.
class overtaken_reader final : public queue::reader {
 public:
  awaitable<result<std::vector<queue::stored_record>>> read() override {
    co_return fail(queue::errc::out_of_range);
  }
  void close() override {}
};

/// Has deleted all records before `start`, if it is set.
class retaining_queue final : public queue::forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;
  std::int64_t start = 0;

  std::unique_ptr<queue::reader> read_from(std::vector<std::string> topics,
                                           std::vector<queue::position> from) override {
    bool deleted = start > 0 && (from.empty() || from.front().offset < start);
    if (deleted) return std::make_unique<overtaken_reader>();
    return inner().read_from(std::move(topics), std::move(from));
  }
  awaitable<result<std::vector<queue::position>>> starts(std::vector<std::string>) override {
    co_return std::vector<queue::position>{{topic, 0, start}};
  }
};

struct follower_world {
  follower_world() {
    std::vector<queue::topic_spec> topics = {{.name = topic}};
    queue = std::make_unique<retaining_queue>(
        queue::make_memory_queue(topics, "test", clock, bounds, log).value());
    follower = std::make_unique<topic_follower>(loop.get_executor(), *queue,
                                                std::vector<std::string>{topic}, log);
    loop.start();
  }
  ~follower_world() {
    auto stop = [this]() -> awaitable<void> {
      follower->stop();
      follower->announce();
      co_await work.join();
    };
    test::run(run_coroutine_on(loop.get_executor(), stop));
    loop.join();
    queue->close();
  }

  void put(const std::vector<std::string>& values) {
    std::vector<record> batch;
    for (const auto& value : values) {
      record one;
      one.topic = topic;
      one.key = value;
      one.value = value;
      batch.push_back(std::move(one));
    }
    REQUIRE(test::run(queue->produce(std::move(batch))));
  }
  void restart(const std::vector<queue::position>& from) {
    test::run(run_on(loop.get_executor(), [this, from] { follower->restart(from); }));
  }
  void follow_from(const std::vector<queue::position>& from) {
    restart(from);
    test::run(run_on(loop.get_executor(), [this] { work.spawn(follow()); }));
  }
  awaitable<void> follow() {
    topic_follower::callbacks view;
    view.fold = [this](std::vector<queue::stored_record> batch) { return fold(std::move(batch)); };
    view.overtaken = [this]() -> awaitable<void> { co_await follower->skip_deleted(); };
    view.unreadable = "letters cannot be read";
    co_await follower->run(std::move(view));
  }
  awaitable<void> fold(std::vector<queue::stored_record> batch) {
    for (const auto& one : batch)
      folded.push_back(one.what.value);
    follower->advance(queue::positions_after(batch));
    follower->announce();
    co_return;
  }
  bool catch_up(steady_time deadline = steady_time::max()) {
    auto wait = [this, deadline] { return follower->catch_up(deadline); };
    return test::run(run_coroutine_on(loop.get_executor(), wait));
  }

  event_loop loop{"view"};
  test::manual_clock clock;
  limits bounds;
  logger log{log_level::error};
  task_group work{loop.get_executor(), log, "a test"};
  std::unique_ptr<retaining_queue> queue;
  std::unique_ptr<topic_follower> follower;
  std::vector<std::string> folded;
};

}  // namespace

TEST_CASE_FIXTURE(follower_world, "catching up waits for what is on the topic at the call") {
  put({"a", "b"});
  CHECK(!follower->has_passed(topic, 0, 0));
  follow_from({});
  CHECK(catch_up());
  CHECK(folded == std::vector<std::string>{"a", "b"});
  CHECK(follower->has_passed(topic, 0, 1));
  CHECK(!follower->has_passed(topic, 0, 2));
  CHECK(!follower->has_passed("others", 0, 0));
  put({"c"});
  CHECK(catch_up());
  CHECK(folded.back() == "c");
}

TEST_CASE_FIXTURE(follower_world, "catching up ends at its deadline") {
  put({"a"});
  CHECK(!catch_up(steady_time::min()));
  follower->advance({{topic, 0, 1}});
  CHECK(catch_up(steady_time::min()));
}

TEST_CASE_FIXTURE(follower_world, "a view continues at its positions") {
  put({"a", "b", "c"});
  follow_from({{topic, 0, 2}});
  CHECK(catch_up());
  CHECK(folded == std::vector<std::string>{"c"});
}

TEST_CASE_FIXTURE(follower_world, "a view that has folded more than its topic holds is ahead") {
  put({"a"});
  auto ends = test::run(queue->ends({topic})).value();
  CHECK(!follower->is_ahead_of(ends));
  restart({{topic, 0, 1}});
  CHECK(!follower->is_ahead_of(ends));
  restart({{topic, 0, 2}});
  CHECK(follower->is_ahead_of(ends));
}

TEST_CASE_FIXTURE(follower_world,
                  "a view that retention has overtaken goes on at the first record") {
  put({"a", "b", "c"});
  queue->start = 1;
  follow_from({{topic, 0, 0}});
  CHECK(catch_up());
  CHECK(folded == std::vector<std::string>{"b", "c"});
}

TEST_CASE_FIXTURE(follower_world, "stopping ends the waits") {
  auto stop_it = [this] {
    CHECK(follower->is_awaited());
    follower->stop();
    follower->announce();
  };
  auto wait = [&]() -> awaitable<bool> {
    asio::post(loop.get_executor(), stop_it);
    std::function<bool()> never = [] { return false; };
    bool reached = co_await follower->wait_until(std::move(never), steady_time::max());
    co_return reached;
  };
  CHECK(!test::run(run_coroutine_on(loop.get_executor(), wait)));
  CHECK(!follower->is_awaited());
}

}  // namespace sonde::views
