#include "scanner/engine/conversation.hpp"

#include "tests/engine/scan_fixture.hpp"
#include "tests/engine/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::tcp_socket;

/// Result of a conversation with one server.
struct talk_report {
  model::endpoint_observation endpoint;
  std::string outcome;
  std::string reason;
  std::size_t endpoints = 0;
  int connections = 0;
  milliseconds took{};
};

talk_report talk_to(const test::behaviour& how, test::limits bounds = test::short_limits()) {
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
  CHECK(seen.endpoint.detail.empty());
  CHECK(!seen.endpoint.tls);
  CHECK(seen.connections == 1);
}

TEST_CASE("a greeting in pieces is one greeting") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    for (const char* piece : {"220-mail", ".example.com ESM", "TP Postfix\r\n220 ", "ready\r\n"}) {
      co_await test::say(peer, piece);
      co_await test::pause(milliseconds(20));  // pause: makes the pieces separate packets
    }
    co_await test::until_asked(peer);
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
  CHECK(seen.endpoint.detail.empty());
}

TEST_CASE("a late greeting is read while other requests are sent") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    co_await test::pause(milliseconds(700));  // pause: the greeting is late
    co_await test::say(peer, "220 slow.example.com ESMTP Postfix\r\n");
    co_await test::until_asked(peer);
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

TEST_CASE("the response of a web server to the request for its page names it") {
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
    auto question = co_await test::read_get(peer);
    if (!question.empty()) asked = question;
  });
  CHECK(asked ==
        "GET / HTTP/1.0\r\nUser-Agent: Sonde/test (+https://sonde.example)\r\nAccept: */*\r\n\r\n");
}

TEST_CASE("an error in a protocol of its own is an answer to the question") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    auto request = co_await test::read_get(peer);
    if (!request.starts_with("GET / ")) co_return;
    co_await test::say(peer, "-ERR wrong number of arguments for 'get' command\r\n");
    co_await test::ignore(peer);
  });
  CHECK(seen.endpoint.module == "http");
  CHECK(seen.endpoint.service.name == "redis");
}

TEST_CASE("the response to a ClientHello counts where there is no other response") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    std::string bytes(4096, '\0');
    co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    if (bytes[0] != '\x16') co_return;
    co_await test::say(peer, "what was that?\r\n");
    co_await test::ignore(peer);
  });
  CHECK(seen.endpoint.module == "tls");
  CHECK(seen.endpoint.raw_banner == "what was that?\r\n");
  CHECK(!seen.endpoint.tls);
}

TEST_CASE("a service that answers no request is open and silent") {
  auto seen = talk_to(test::is_mute());
  CHECK(seen.outcome == "complete");
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.module.empty());
  CHECK(seen.endpoint.raw_banner.empty());
  CHECK(seen.endpoint.detail == describe(errc::silent));
  CHECK(seen.took < milliseconds(2'300));
  CHECK(seen.connections == 6);
}

TEST_CASE("a service that hangs up on everybody is open, and that is why it says nothing") {
  auto seen = talk_to([](tcp_socket) -> awaitable<void> { co_return; });
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.raw_banner.empty());
  CHECK(seen.endpoint.detail == describe(errc::closed));
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
    auto request = co_await test::read_get(peer);
    if (request.empty()) co_return;
    co_await test::say(peer, "HTTP/1.0 200 OK\r\nServer: moody\r\n\r\n");
  });
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.service.name == "http");
}

TEST_CASE("a service that drips is heard for as long as an answer may take") {
  auto seen = talk_to([](tcp_socket peer) -> awaitable<void> {
    while (true) {
      co_await test::say(peer, "drip ");
      co_await test::pause(milliseconds(60));  // pause: the service drips
    }
  });
  CHECK(seen.endpoint.raw_banner.starts_with("drip drip drip"));
  CHECK(seen.took < milliseconds(2'500));
}

TEST_CASE("of a service that never stops sending a bounded part is kept") {
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

TEST_CASE("the request of a port's own protocol uses the connection of the greeting listener") {
  std::vector<std::string> received;
  auto memcached = [&received](tcp_socket peer) -> awaitable<void> {
    received.push_back(co_await test::read_until(peer, "\r\n"));
    co_await test::say(peer, "VERSION 1.6.18\r\n");
    co_await test::ignore(peer);
  };
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    test::loopback_server server(f.loop(), "127.77.9.4", memcached, 11'211);
    auto report = co_await f.scan("127.77.9.4", "11211");
    auto endpoint = test::endpoint_of(report, 11'211);
    CHECK(endpoint.service.name == "memcached");
    CHECK(endpoint.service.version == "1.6.18");
    CHECK(endpoint.service.sure == model::confidence::proven);
    CHECK(endpoint.service.cpe == "cpe:2.3:a:memcached:memcached:1.6.18:*:*:*:*:*:*:*");
    CHECK(endpoint.module == "memcached");
    CHECK(server.accepted() == 1);
    co_await server.stop();
  };
  test::with_engine(body, test::short_limits());
  CHECK(received == std::vector<std::string>{"version\r\n"});
}

TEST_CASE("a server that serves one connection at a time is served in turn") {
  bool busy = false;
  auto bounds = test::short_limits();
  bounds.answer_timeout_ms = 200;
  auto one_at_a_time = [&busy](tcp_socket peer) -> awaitable<void> {
    co_await test::until([&busy] { return !busy; });
    busy = true;
    auto request = co_await test::read_until(peer, "\r\n\r\n");
    if (request.starts_with("GET ")) {
      co_await test::say(peer, "HTTP/1.0 200 OK\r\nServer: one-at-a-time\r\n\r\n");
    }
    busy = false;
  };
  auto seen = talk_to(one_at_a_time, bounds);
  CHECK(seen.endpoint.service.name == "http");
  CHECK(seen.endpoint.service.product == "one-at-a-time");
}

TEST_CASE("what a protocol calls incomplete is waited for") {
  auto http = talk_to([](tcp_socket peer) -> awaitable<void> {
    auto request = co_await test::read_get(peer);
    if (request.empty()) co_return;
    co_await test::say(peer, "HTTP/1.1 200 OK\r\nSer");
    co_await test::pause(milliseconds(200));  // pause: longer than one that ends a banner
    co_await test::say(peer, "ver: late\r\n\r\n");
  });
  CHECK(http.endpoint.service.product == "late");
  auto mail = talk_to([](tcp_socket peer) -> awaitable<void> {
    co_await test::say(peer, "220-mail.example.com ESMTP Exim 4.96\r\n");
    co_await test::pause(milliseconds(200));  // pause: longer than one that ends a banner
    co_await test::say(peer, "220 ready\r\n");
    co_await test::until_asked(peer);
  });
  CHECK(mail.endpoint.raw_banner == "220-mail.example.com ESMTP Exim 4.96\r\n220 ready\r\n");
}

TEST_CASE("an industrial port is only listened to, unless its own request is allowed") {
  std::string received;
  auto record = [&received](tcp_socket peer) -> awaitable<void> {
    co_await record_all(peer, received);
  };
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    test::loopback_server server(f.loop(), "127.77.9.5", record, 502);
    auto report = co_await f.scan("127.77.9.5", "502");
    CHECK(test::endpoint_of(report, 502).listened_only);
    CHECK(server.accepted() == 1);
    co_await server.stop();
  };
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 300;
  test::with_engine(body, bounds);
  CHECK(received.empty());
}

TEST_CASE("a conversation ends when its time is over") {
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 30'000;
  bounds.answer_timeout_ms = 30'000;
  bounds.conversation_timeout_ms = 400;
  auto seen = talk_to(test::is_mute(), bounds);
  CHECK(seen.took >= milliseconds(400));
  CHECK(seen.took < milliseconds(3'000));
  REQUIRE(seen.endpoints == 1);
  CHECK(seen.endpoint.detail == describe(errc::silent));
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
          co_await test::pause(milliseconds(20));  // pause: the printer drips
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

TEST_CASE("facts beyond the scan's budget are left out, and the service stays") {
  auto bounds = test::short_limits();
  auto telnet = test::greets_with("\xFF\xFD\x18\xFF\xFD\x20");
  auto whole = talk_to(telnet, bounds);
  CHECK(whole.endpoint.service.facts.size() == 1);
  bounds.scan_evidence_bytes = 8;
  auto cut = talk_to(telnet, bounds);
  CHECK(cut.endpoint.service.name == "telnet");
  CHECK(cut.endpoint.service.facts.empty());
  CHECK(cut.endpoint.truncated);
}

}  // namespace sonde::scanner
