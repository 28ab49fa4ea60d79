#include "scanner/engine/conversation.hpp"

#include "tests/scanner/scan_fixture.hpp"
#include "tests/scanner/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::tcp_socket;

/// What came of talking to one server.
struct talk_report {
  model::endpoint_observation endpoint;
  std::string outcome;
  std::string reason;
  std::size_t endpoints = 0;
  int connections = 0;
  milliseconds took{};
};

talk_report talk_to(const test::behaviour& how, limits bounds = test::short_limits()) {
  talk_report out;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(how);
    auto begun = f.time().steady_now();
    auto report = co_await f.scan("127.77.0.1", std::to_string(server.port()));
    out.took = std::chrono::duration_cast<milliseconds>(f.time().steady_now() - begun);
    out.endpoint = test::endpoint_of(report, server.port());
    out.endpoints = report.observed.endpoints.size();
    out.outcome = test::outcome_of(report);
    out.reason = report.observed.how->reason;
    out.connections = server.accepted();
  };
  test::with_engine(body, bounds);
  return out;
}

/// Reads until the peer hangs up, however it does.
awaitable<void> record_all(tcp_socket& peer, std::string& received) {
  error_code failed;
  std::string bytes(4096, '\0');
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  while (!failed) {
    auto size = co_await peer.async_read_some(asio::buffer(bytes), token);
    received.append(bytes, 0, size);
  }
}

/// Answers the first bytes that come, whatever they are.
test::behaviour answers_anything(std::string words) {
  return [words](tcp_socket peer) -> awaitable<void> {
    std::string bytes(4096, '\0');
    co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    co_await test::say(peer, words);
    co_await test::ignore(peer);
  };
}

}  // namespace

TEST_CASE("a service that speaks first is listened to, and asked nothing") {
  auto seen = talk_to(test::greets_with("SSH-2.0-OpenSSH_9.2p1\r\nkey exchange"));
  CHECK(seen.outcome == "complete");
  CHECK(seen.endpoint.module == "greeting");
  CHECK(seen.endpoint.service.name == "ssh");
  CHECK(seen.endpoint.service.product == "OpenSSH");
  CHECK(seen.endpoint.raw_banner == "SSH-2.0-OpenSSH_9.2p1");
  CHECK(seen.endpoint.trouble.empty());
  CHECK(!seen.endpoint.tls);
  CHECK(seen.connections == 1);
}

TEST_CASE("a greeting in pieces is one greeting") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    for (const char* piece : {"220-mail", ".example.com ESM", "TP Postfix\r\n220 ", "ready\r\n"}) {
      co_await test::say(peer, piece);
      co_await test::pause(milliseconds(20));
    }
    co_await test::ignore(peer);
  });
  CHECK(seen.endpoint.service.name == "smtp");
  CHECK(seen.endpoint.raw_banner == "220-mail.example.com ESMTP Postfix\r\n220 ready\r\n");
  CHECK(seen.connections == 1);
}

TEST_CASE("words that nobody knows are a banner") {
  auto seen = talk_to(test::greets_with("who goes there?"));
  CHECK(seen.endpoint.module == "greeting");
  CHECK(seen.endpoint.service.name.empty());
  CHECK(seen.endpoint.raw_banner == "who goes there?");
  CHECK(seen.endpoint.trouble.empty());
}

TEST_CASE("a late greeting is heard, while other questions are asked") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    co_await test::pause(milliseconds(700));
    co_await test::say(peer, "220 slow.example.com ESMTP Postfix\r\n");
    co_await test::ignore(peer);
  });
  CHECK(seen.endpoint.module == "greeting");
  CHECK(seen.endpoint.service.name == "smtp");
  CHECK(seen.took >= milliseconds(700));
  CHECK(seen.connections <= 3);
}

TEST_CASE("a greeting before the end of the connection counts") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    co_await test::say(peer, "-DENIED Redis is running in protected mode\r\n");
  });
  CHECK(seen.endpoint.service.name == "redis");
  CHECK(seen.connections == 1);
}

TEST_CASE("a web server is asked for its page, and says who it is") {
  auto seen = talk_to(test::answers_http("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1"));
  CHECK(seen.endpoint.module == "http");
  CHECK(seen.endpoint.service.name == "http");
  CHECK(seen.endpoint.service.product == "nginx");
  CHECK(seen.endpoint.raw_banner == "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1");
  CHECK(!seen.endpoint.tls);
  CHECK(seen.connections <= 3);
}

TEST_CASE("the question says who asks") {
  std::string asked;
  talk_to([&asked](tcp_socket peer) -> awaitable<void> {
    auto question = co_await test::read_until(peer, "\r\n\r\n");
    if (question.starts_with("GET")) asked = question;
  });
  CHECK(asked ==
        "GET / HTTP/1.0\r\nUser-Agent: Sonde/test (+https://sonde.example)\r\nAccept: */*\r\n\r\n");
}

TEST_CASE("an error in a protocol of its own is an answer to the question") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    auto line = co_await test::read_until(peer, "\n");
    if (line.starts_with("GET / ")) {
      co_await test::say(peer, "-ERR wrong number of arguments for 'get' command\r\n");
    }
    co_await test::ignore(peer);
  });
  CHECK(seen.endpoint.module == "http");
  CHECK(seen.endpoint.service.name == "redis");
}

TEST_CASE("what is said to a ClientHello counts where nothing else is said") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    std::string bytes(4096, '\0');
    co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    if (bytes[0] == '\x16') co_await test::say(peer, "what was that?\r\n");
    co_await test::ignore(peer);
  });
  CHECK(seen.endpoint.module == "tls");
  CHECK(seen.endpoint.raw_banner == "what was that?\r\n");
  CHECK(!seen.endpoint.tls);
}

TEST_CASE("a service that says nothing, whatever it is asked, is open and silent") {
  auto seen = talk_to(test::is_mute());
  CHECK(seen.outcome == "complete");
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.module.empty());
  CHECK(seen.endpoint.raw_banner.empty());
  CHECK(seen.endpoint.trouble == describe(errc::silent));
  CHECK(seen.took < milliseconds(4'000));
  CHECK(seen.connections == 3);
}

TEST_CASE("a service that hangs up on everybody is open, and that is why it says nothing") {
  auto seen = talk_to([](tcp_socket) -> awaitable<void> { co_return; });
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.raw_banner.empty());
  CHECK(seen.endpoint.trouble == describe(errc::closed));
  CHECK(seen.took < milliseconds(1'000));
}

TEST_CASE("a port that resets every connection before a word is not open") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    test::reset(peer);
    co_return;
  });
  CHECK(seen.outcome == "complete");
  CHECK(seen.endpoints == 0);
  CHECK(seen.reason.find("1 reset at once") != std::string::npos);
}

TEST_CASE("a port that resets one connection is open") {
  int count = 0;
  auto seen = talk_to([&count](tcp_socket peer) -> awaitable<void> {
    if (++count == 1) {
      test::reset(peer);
      co_return;
    }
    co_await test::read_until(peer, "\r\n\r\n");
    co_await test::say(peer, "HTTP/1.0 200 OK\r\nServer: moody\r\n\r\n");
  });
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.service.name == "http");
}

TEST_CASE("a service that drips is heard for as long as an answer may take") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    while (true) {
      co_await test::say(peer, "drip ");
      co_await test::pause(milliseconds(60));
    }
  });
  CHECK(seen.endpoint.raw_banner.starts_with("drip drip drip"));
  CHECK(seen.took < milliseconds(2'500));
}

TEST_CASE("of a service that never stops talking so much is kept") {
  auto bounds = test::short_limits();
  auto flood = [](tcp_socket peer) -> awaitable<void> {
    while (true)
      co_await test::say(peer, std::string(10'000, 'x'));
  };
  auto seen = talk_to(flood, bounds);
  CHECK(seen.endpoint.raw_banner.size() == bounds.banner_bytes);
  CHECK(seen.took < milliseconds(2'000));
  seen = talk_to(answers_anything(std::string(1'000'000, 'x')), bounds);
  CHECK(seen.endpoint.raw_banner.size() == bounds.banner_bytes);
}

TEST_CASE("a conversation ends when its time is over") {
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 30'000;
  bounds.answer_timeout_ms = 30'000;
  bounds.conversation_timeout_ms = 700;
  auto seen = talk_to(test::is_mute(), bounds);
  CHECK(seen.took >= milliseconds(700));
  CHECK(seen.took < milliseconds(3'000));
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.trouble == describe(errc::silent));
}

TEST_CASE("a raw-printing port is listened to: it greets, is silent or drips, and gets no byte") {
  struct printer {
    const char* address;
    std::string greeting;
    const char* banner;
  };
  const std::vector<printer> printers = {
      {"127.77.9.1", "@PJL\r\n", "@PJL\r\n"}, {"127.77.9.2", "", ""}, {"127.77.9.3", "xxx", "xxx"}};
  std::string received;
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 300;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    for (const auto& one : printers) {
      auto how = [&received, greeting = one.greeting](tcp_socket peer) -> awaitable<void> {
        for (char c : greeting) {
          co_await test::say(peer, std::string(1, c));
          co_await test::pause(milliseconds(20));
        }
        co_await record_all(peer, received);
      };
      test::loopback_server server(f.loop(), one.address, how, 9'100);
      auto report = co_await f.scan(one.address, "9100");
      auto endpoint = test::endpoint_of(report, 9'100);
      CHECK(test::outcome_of(report) == "complete");
      CHECK(endpoint.listened_only);
      CHECK(endpoint.raw_banner == one.banner);
      CHECK(server.accepted() == 1);
      co_await server.stop();
    }
  };
  test::with_engine(body, bounds);
  CHECK(received.empty());
}

TEST_CASE("a banner beyond the scan's budget leaves its first line and its hash") {
  auto bounds = test::short_limits();
  bounds.scan_evidence_bytes = 10;
  auto seen = talk_to(test::greets_with("SSH-2.0-OpenSSH_9.2p1\r\n"), bounds);
  CHECK(seen.endpoint.service.product == "OpenSSH");
  CHECK(seen.endpoint.truncated);
  CHECK(seen.endpoint.raw_banner == "SSH-2.0-OpenSSH_9.2p1");
  CHECK(seen.endpoint.masked_banner.empty());
  CHECK(seen.endpoint.banner_sha256.size() == 64);
}

}  // namespace sonde::scanner
