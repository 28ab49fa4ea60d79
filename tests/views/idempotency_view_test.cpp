#include "views/idempotency_view.hpp"

#include "base/async/event_loop.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/forgetful_queue.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace sonde::views {
namespace {

using kind = model::cached_response::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct answers_world {
  answers_world() {
    std::vector<queue::topic_spec> topics = {{.name = model::topics::idempotency}};
    queue = std::make_unique<test::forgetful_queue>(
        queue::make_memory_queue(topics, "test", wall, bounds, log).value());
  }
  ~answers_world() {
    if (view) stop();
    queue->close();
  }

  void start() {
    loop = std::make_unique<event_loop>("view");
    view = open_idempotency_view(loop->get_executor(), *queue, folder.path() / "answers.db", bounds,
                                 clock, log)
               .value();
    loop->start();
  }
  void stop() {
    test::run(view->stop());
    loop->join();
    view.reset();
  }
  model::cached_response answer(char id, std::string by = "process-1") {
    model::cached_response out;
    out.id = std::string(64, id);
    out.request = std::string(64, '0');
    out.by = std::move(by);
    out.status = 202;
    out.content_type = "application/json";
    out.body = "{}";
    out.time = clock.now();
    return out;
  }
  void put(record one) {
    std::vector<record> batch;
    batch.push_back(std::move(one));
    REQUIRE(test::run(queue->produce(std::move(batch))));
  }
  void put(const model::cached_response& answer) { put(to_record(answer)); }
  std::optional<model::cached_response> find(char id) {
    auto until = std::chrono::steady_clock::now() + seconds(20);
    return test::run(view->find(std::string(64, id), until)).value();
  }
  std::uint64_t rows() {
    CHECK(!find('f'));  // waits until everything has been folded
    return test::run(view->rows());
  }

  system_clock wall;
  test::manual_clock clock;
  test::temporary_folder folder;
  limits bounds;
  logger log{log_level::error};
  std::unique_ptr<test::forgetful_queue> queue;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<idempotency_view> view;
};

}  // namespace

TEST_CASE_FIXTURE(answers_world, "a cached response is found at once and after a restart") {
  start();
  CHECK(!find('a'));
  auto one = answer('a');
  put(one);
  CHECK(find('a') == one);
  CHECK(!find('b'));
  stop();
  auto two = answer('b');
  put(two);
  start();
  CHECK(find('a') == one);
  CHECK(find('b') == two);
}

TEST_CASE_FIXTURE(answers_world, "the first record of an id counts until it expires") {
  start();
  auto first = answer('a', "process-1");
  auto second = answer('a', "process-2");
  put(first);
  put(second);
  CHECK(find('a') == first);
  clock.advance(seconds(bounds.idempotency_s) - milliseconds(1));
  CHECK(find('a') == first);
  clock.advance(milliseconds(1));
  CHECK(!find('a'));
  auto third = answer('a', "process-3");
  put(third);
  CHECK(find('a') == third);
  // Simulates a view that is rebuilt: it receives old records after they have expired.
  put(first);
  CHECK(find('a') == third);
}

TEST_CASE_FIXTURE(
    answers_world,
    "only the process that began a request releases it, and a response is never released") {
  start();
  auto begun = answer('a', "process-1");
  begun.what = kind::begun;
  auto others = answer('a', "process-2");
  others.what = kind::begun;
  put(begun);
  put(others);
  REQUIRE(find('a'));
  CHECK(find('a')->by == "process-1");
  others.what = kind::released;
  put(others);
  REQUIRE(find('a'));
  CHECK(find('a')->what == kind::begun);
  begun.what = kind::released;
  put(begun);
  CHECK(!find('a'));
  put(answer('a'));
  put(begun);
  REQUIRE(find('a'));
  CHECK(find('a')->what == kind::answered);
}

TEST_CASE_FIXTURE(answers_world, "a record that is not a response under its own key is skipped") {
  start();
  put(record{model::topics::idempotency, std::string(64, 'a'), "no JSON", {}});
  auto stray = to_record(answer('b'));
  stray.key = std::string(64, 'a');
  put(std::move(stray));
  CHECK(!find('a'));
  CHECK(!find('b'));
}

TEST_CASE_FIXTURE(answers_world, "each new record removes a few expired rows") {
  start();
  const std::string_view ids = "0123456789abcde";
  for (char id : ids)
    put(answer(id));
  CHECK(rows() == ids.size());
  clock.advance(seconds(bounds.idempotency_s));
  for (int i = 0; i < 4; ++i)
    put(answer('a', "process-2"));
  CHECK(rows() == 1);
  CHECK(find('a')->by == "process-2");
}

TEST_CASE_FIXTURE(answers_world, "above the limit the oldest rows are removed") {
  bounds.idempotency_answers = 3;
  start();
  for (char id : std::string_view("0123456789")) {
    put(answer(id));
    clock.advance(milliseconds(1));
  }
  CHECK(rows() == 3);
  CHECK(!find('6'));
  CHECK(find('7'));
  CHECK(find('9'));
}

TEST_CASE_FIXTURE(answers_world, "the view reports no id as unknown before it has caught up") {
  start();
  queue->forgetful = true;
  auto soon = std::chrono::steady_clock::now() + milliseconds(20);
  auto asked = test::run(view->find(std::string(64, 'a'), soon));
  REQUIRE(!asked);
  CHECK(asked.error().code == make_error_code(queue::errc::unavailable));
}

}  // namespace sonde::views
