#include "ingest/http/idempotent_requests.hpp"

#include "base/async/condition.hpp"
#include "ingest/http/idempotency_key.hpp"
#include "ingest/http/problem.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/ingest/scan_world.hpp"
#include "tests/support/limits.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace sonde::ingest {
namespace {

using std::chrono::seconds;

/// A router behind the middleware, with handlers that count their calls. `/hold` is answered after
/// `release`, `/refuse` with the status that its body specifies.
struct repeat_world {
  repeat_world() {
    std::vector<queue::topic_spec> topics = {{.name = model::topics::idempotency}};
    queue = std::make_unique<test::moody_queue>(
        queue::make_memory_queue(topics, "test", wall, bounds, log).value());
    view = views::open_idempotency_view(view_loop.get_executor(), *queue, std::nullopt, bounds,
                                        clock, log)
               .value();
    idempotent_requests::context around{loop.get_executor(), *queue, bounds, wall, log, counts};
    repeats = std::make_unique<idempotent_requests>(around, *view);
    auto handle = [this](http_request request, path_parameters) {
      return answer(std::move(request));
    };
    for (const char* path : {"/make", "/hold", "/refuse", "/make/{id}"}) {
      for (const char* method : {"POST", "DELETE", "GET"})
        routes.add(method, path, access::everybody, handle);
    }
    routes.add("POST", "/secret", access::everybody, handle, {.what = secrecy::told_once});
    routes.set_middleware(*repeats);
    view_loop.start();
    loop.start();
  }
  ~repeat_world() {
    queue->refuse_with({});
    queue->keep_silent(false);
    test::run(run_coroutine_on(loop.get_executor(), [this] { return repeats->stop(); }));
    test::run(view->stop());
    loop.join();
    view_loop.join();
    queue->close();
  }

  awaitable<http_response> answer(http_request request) {
    ++handled;
    if (request.path == "/hold") {
      held.set_value();
      while (!released)
        co_await news.wait();
    }
    if (request.path == "/refuse" || request.body.starts_with("refuse")) {
      auto status = std::stoul(request.body.substr(request.body.find(' ') + 1));
      co_return problem(static_cast<unsigned>(status), "no", request.id);
    }
    http_response out;
    out.status = 202;
    out.headers = {{"Content-Type", "text/plain"}, {"X-More", "x"}};
    out.body = "answer " + std::to_string(handled) + " " + request.body;
    out.partial = request.body == "partial";
    co_return out;
  }
  static http_request request(const std::string& method, const std::string& path,
                              const std::string& key, const std::string& body = {}) {
    static int made = 0;
    http_request out;
    out.method = method;
    out.path = path;
    out.body = body;
    out.id = "id-" + std::to_string(++made);
    out.who.key_id = "ada's";
    if (!key.empty()) out.headers.emplace("idempotency-key", key);
    return out;
  }
  http_response ask(http_request request) {
    auto work = [this, request] { return routes.handle(request); };
    return test::run(run_coroutine_on(loop.get_executor(), work));
  }
  http_response post(const std::string& path, const std::string& key,
                     const std::string& body = {}) {
    return ask(request("POST", path, key, body));
  }
  void release() {
    test::run(run_on(loop.get_executor(), [this] {
      released = true;
      news.notify_all();
    }));
  }

  test::limits bounds;
  system_clock wall;
  system_clock clock;
  metrics counts;
  logger log{log_level::error};
  std::unique_ptr<test::moody_queue> queue;
  event_loop view_loop{"view"};
  event_loop loop{"http"};
  condition news{loop.get_executor()};
  std::promise<void> held;
  bool released = false;
  std::atomic<int> handled = 0;
  std::unique_ptr<views::idempotency_view> view;
  std::unique_ptr<idempotent_requests> repeats;
  router routes;
};

std::string shown_in(const http_response& answer, const std::string& name) {
  for (const auto& [each, value] : answer.headers) {
    if (each == name) return value;
  }
  return {};
}

bool replayed(const http_response& answer) {
  return shown_in(answer, "Idempotency-Replayed") == "true";
}

}  // namespace

TEST_CASE_FIXTURE(repeat_world, "a repeated request gets the cached response") {
  auto first = post("/make", "\"k\"", "body");
  CHECK(first.status == 202);
  CHECK(first.body == "answer 1 body");
  CHECK(!replayed(first));
  for (const char* key : {"\"k\"", "k"}) {
    auto again = post("/make", key, "body");
    CHECK(again.status == 202);
    CHECK(again.body == first.body);
    CHECK(shown_in(again, "Content-Type") == "text/plain");
    CHECK(replayed(again));
  }
  CHECK(handled == 1);
  auto gone = ask(request("DELETE", "/make/7", "d"));
  CHECK(ask(request("DELETE", "/make/7", "d")).body == gone.body);
  CHECK(handled == 2);
}

TEST_CASE_FIXTURE(repeat_world, "without a key, and for other methods, each request is executed") {
  (void)post("/make", "");
  (void)post("/make", "");
  CHECK(handled == 2);
  auto get = request("GET", "/make", "k");
  CHECK(!replayed(ask(get)));
  CHECK(!replayed(ask(get)));
  CHECK(ask(request("GET", "/make", "no key")).status == 202);
  CHECK(handled == 5);
}

TEST_CASE_FIXTURE(repeat_world,
                  "a different request under the same key is refused, whatever differs") {
  (void)post("/make", "k", "body");
  CHECK(post("/make", "k", "other").status == 422);
  CHECK(post("/make/7", "k", "body").status == 422);
  CHECK(ask(request("DELETE", "/make", "k", "body")).status == 422);
  auto asked = request("POST", "/make", "k", "body");
  asked.query = {{"a", "1"}};
  CHECK(ask(asked).status == 422);
  CHECK(handled == 1);
  // Another caller's keys are separate.
  auto others = request("POST", "/make", "k", "other");
  others.who.key_id = "ben's";
  CHECK(ask(others).body == "answer 2 other");
  others.who.key_id.clear();
  others.who.user_id = "ada's";
  CHECK(ask(others).body == "answer 3 other");
}

TEST_CASE_FIXTURE(repeat_world, "a repeat of a running request is answered with 409") {
  auto first = asio::co_spawn(
      loop.get_executor(), routes.handle(request("POST", "/hold", "k", "body")), asio::use_future);
  held.get_future().wait();
  auto conflict = post("/hold", "k", "body");
  CHECK(conflict.status == 409);
  CHECK(shown_in(conflict, "x-error").find("still in progress") != std::string::npos);
  CHECK(post("/hold", "k", "other").status == 422);
  release();
  CHECK(first.get().status == 202);
  CHECK(replayed(post("/hold", "k", "body")));
  CHECK(handled == 1);
}

TEST_CASE_FIXTURE(repeat_world, "a refusal is not cached, and the corrected request is executed") {
  for (const char* status : {"400", "401", "403", "404", "409", "413", "429", "500", "503"}) {
    CAPTURE(status);
    auto refused = post("/refuse", "k", std::string("refuse ") + status);
    CHECK(refused.status == std::stoul(status));
    CHECK(!replayed(refused));
  }
  CHECK(handled == 9);
  for (int i = 0; i < 2; ++i)
    CHECK(!replayed(post("/make", "k", "partial")));
  CHECK(handled == 11);
  CHECK(post("/make", "k", "mended").status == 202);
  CHECK(replayed(post("/make", "k", "mended")));
}

TEST_CASE_FIXTURE(repeat_world, "an invalid key is refused before the request is executed") {
  auto refused = post("/make", "two words");
  CHECK(refused.status == 400);
  CHECK(shown_in(refused, "x-error").starts_with("Idempotency-Key: "));
  auto twice = request("POST", "/make", "k");
  twice.repeated = {"idempotency-key"};
  CHECK(ask(twice).status == 400);
  CHECK(handled == 0);
}

TEST_CASE_FIXTURE(repeat_world, "a response is sent after it is durable, and not before") {
  queue->refuse_with(fail(queue::errc::unavailable, "no disk"));
  auto failed = post("/make", "k");
  CHECK(failed.status == 503);
  CHECK(shown_in(failed, "x-error") == "no disk");
  CHECK(shown_in(failed, "Retry-After") == "1");
  CHECK(handled == 1);
  queue->refuse_with({});
  CHECK(post("/make", "k").body == "answer 2 ");
  CHECK(replayed(post("/make", "k")));
}

TEST_CASE_FIXTURE(repeat_world, "for a response too long to cache the request is executed again") {
  bounds.idempotency_body_bytes = 20;
  auto body = std::string(100, 'x');
  CHECK(post("/make", "k", body).body.starts_with("answer 1"));
  CHECK(post("/make", "k", body).body.starts_with("answer 2"));
  queue->refuse_with(fail(queue::errc::too_large));
  CHECK(post("/make", "l", "short").status == 202);
}

TEST_CASE_FIXTURE(repeat_world, "a secret is returned once and never stored") {
  auto first = post("/secret", "k", "body");
  CHECK(first.status == 202);
  auto again = post("/secret", "k", "body");
  CHECK(again.status == 409);
  CHECK(shown_in(again, "x-error").find("a secret is shown once") != std::string::npos);
  CHECK(post("/secret", "k", "other").status == 422);
  CHECK(handled == 1);
  auto reader = queue->read_from({model::topics::idempotency}, {});
  auto records = test::run(reader->read()).value();
  REQUIRE(records.size() == 1);
  CHECK(records[0].what.value.find("answer") == std::string::npos);
  CHECK(records[0].what.value.find("\"begun\"") != std::string::npos);
}

TEST_CASE_FIXTURE(repeat_world, "if no secret was created, the key can be used again") {
  CHECK(post("/secret", "k", "refuse 400").status == 400);
  CHECK(post("/secret", "k", "mended").status == 202);
  CHECK(post("/secret", "k", "mended").status == 409);
  CHECK(handled == 2);
  // After a failure the result is unknown: the pair may exist, and there must not be a second one.
  CHECK(post("/secret", "m", "refuse 503").status == 503);
  CHECK(post("/secret", "m", "refuse 503").status == 409);
  CHECK(handled == 3);
  // A request whose start could not be recorded was not executed.
  queue->refuse_with(fail(queue::errc::unavailable, "no disk"));
  CHECK(post("/secret", "l").status == 503);
  CHECK(handled == 3);
}

TEST_CASE_FIXTURE(repeat_world, "requests answered or begun by another process are known here") {
  auto put = [this](const http_request& asked, model::cached_response::kind what) {
    model::cached_response kept;
    kept.id = idempotency_id(asked.who, "k");
    kept.request = hash_of(asked);
    kept.by = "another-1";
    kept.what = what;
    kept.status = 200;
    kept.body = "theirs";
    kept.time = wall.now();
    std::vector<record> batch;
    batch.push_back(to_record(kept));
    REQUIRE(test::run(queue->produce(std::move(batch))));
  };
  auto asked = request("POST", "/make", "k", "body");
  put(asked, model::cached_response::kind::answered);
  auto answer = ask(asked);
  CHECK(answer.status == 200);
  CHECK(answer.body == "theirs");
  CHECK(shown_in(answer, "Content-Type").empty());
  auto secret = request("POST", "/secret", "k", "body");
  secret.who.key_id = "ben's";
  put(secret, model::cached_response::kind::begun);
  CHECK(ask(secret).status == 409);
  CHECK(handled == 0);
}

TEST_CASE_FIXTURE(repeat_world, "each result of a request with a key is counted") {
  (void)post("/make", "k");
  (void)post("/make", "k");
  (void)post("/make", "k", "other");
  (void)post("/make", "two words");
  (void)post("/secret", "s");
  (void)post("/secret", "s");
  auto text = counts.text();
  const std::pair<const char*, int> results[] = {{"first", 2},     {"replayed", 1},
                                                 {"mismatch", 1},  {"invalid", 1},
                                                 {"told_once", 1}, {"under_way", 0}};
  for (const auto& each : results) {
    CAPTURE(each.first);
    auto line = "sonde_idempotent_requests_total{result=\"" + std::string(each.first) + "\"} " +
                std::to_string(each.second) + "\n";
    CHECK(text.find(line) != std::string::npos);
  }
}

}  // namespace sonde::ingest
