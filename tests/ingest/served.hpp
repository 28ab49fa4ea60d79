#pragma once

#include "base/ascii.hpp"
#include "base/async/condition.hpp"
#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "ingest/http/http_server.hpp"
#include "ingest/http/problem.hpp"
#include "tests/ingest/raw_client.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/limits.hpp"
#include "tests/support/run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace sonde::ingest {

/// A server that returns the method, path and body of each request. `/hold` is answered after
/// `release`, and so is `/wait?wait=1`, whose connection can be closed meanwhile; `/close` ends its
/// connection; `/large` is answered with 80,000 bytes.
struct served {
  explicit served(test::limits how = quick(), admission door = {},
                  std::vector<std::string> names = {})
      : bounds(how) {
    auto handle = [this](http_request request) { return answer(std::move(request)); };
    http_server::context around{loop.get_executor(), bounds, log, counts, "test"};
    server = std::make_unique<http_server>(std::move(around), handle);
    server->admit_by(std::move(door));
    server->allow_names(std::move(names));
    REQUIRE(server->listen("127.0.0.1", 0));
    server->start();
    loop.start();
  }
  ~served() {
    if (!stopped) stop();
    loop.join();
  }

  static test::limits quick() {
    test::limits out;
    out.http_header_bytes = 1024;
    out.http_body_bytes = 1000;
    out.http_header_timeout_ms = 150;
    out.http_body_timeout_ms = 150;
    out.http_idle_timeout_ms = 20'000;
    return out;
  }

  awaitable<http_response> answer(http_request request) {
    ++handled;
    if (request.path == "/throw") throw std::runtime_error("a bug");
    if (request.path == "/hold") {
      held = true;
      while (!released)
        co_await news.wait();
    }
    if (request.path == "/wait") {
      request.wait->begin();
      held = true;
      while (!released)
        co_await news.wait();
      request.wait->end();
    }
    if (request.path == "/large") co_return json_response(200, std::string(80'000, 'x'));
    auto out = json_response(200, request.method + " " + request.path + " " + request.body);
    out.close = request.path == "/close";
    co_return out;
  }
  void release() {
    test::run(run_on(loop.get_executor(), [this] {
      released = true;
      news.notify_all();
    }));
  }
  void stop(std::chrono::seconds patience = std::chrono::seconds(20)) {
    stopped = true;
    auto until = std::chrono::steady_clock::now() + patience;
    test::run(run_coroutine_on(loop.get_executor(), [this, until] { return server->stop(until); }));
  }

  test::raw_client connect() { return test::raw_client(server->endpoint()); }

  test::limits bounds;
  metrics counts;
  logger log{log_level::error};
  event_loop loop{"http"};
  condition news{loop.get_executor()};
  std::atomic<bool> held = false;
  bool released = false;
  bool stopped = false;
  std::atomic<int> handled = 0;
  std::unique_ptr<http_server> server;
};

inline std::string get(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

inline std::string post(const std::string& body, const std::string& more = {}) {
  return "POST /scan HTTP/1.1\r\nHost: localhost\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
}

inline bool closes(std::string_view answer) {
  return ascii::contains_ignoring_case(answer, "connection: close");
}

inline std::string body_of(const std::string& answer) {
  auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace sonde::ingest
