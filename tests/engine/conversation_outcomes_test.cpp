#include "scanner/engine/conversation.hpp"
#include "scanner/engine/dialer.hpp"
#include "scanner/engine/scan_budget.hpp"
#include "tests/engine/scan_fixture.hpp"
#include "tests/engine/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The outcomes of requests in the results, and the requests that a delay or a port forbids.
namespace sonde::scanner::outcome_tests {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using test::behaviour;
using test::tcp_socket;

struct scan_options {
  test::limits bounds = test::short_limits();
  engine_settings settings = test::test_settings();
  std::uint16_t port = 0;  ///< 0: a free one
};

struct outcome_report {
  model::endpoint_observation endpoint;
  int connections = 0;

  /// The outcomes of the requests of a module, separated by commas. Empty: it sent none.
  [[nodiscard]] std::string outcomes(std::string_view module) const {
    std::string out;
    for (const auto& each : endpoint.requests) {
      if (each.module == module) out += (out.empty() ? "" : ",") + each.outcome;
    }
    return out;
  }
};

outcome_report scan_one(const behaviour& how, const scan_options& with = {}) {
  outcome_report out;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    test::loopback_server server(f.loop(), "127.77.9.8", how, with.port);
    auto report = co_await f.scan("127.77.9.8", std::to_string(server.port()));
    out.endpoint = test::endpoint_of(report, server.port());
    out.connections = server.accepted();
    co_await server.stop();
  };
  test::with_engine(body, with.bounds, with.settings);
  return out;
}

/// The first bytes of a connection, which stay in its buffer.
awaitable<std::string> first_bytes(tcp_socket& peer) {
  co_await peer.async_wait(tcp_socket::wait_read, asio::use_awaitable);
  std::string out(256, '\0');
  out.resize(peer.receive(asio::buffer(out), tcp_socket::message_peek));
  co_return out;
}

bool is_client_hello(std::string_view bytes) {
  return bytes.starts_with('\x16');
}

/// A server that is silent, except to a ClientHello.
behaviour silent_but_for_tls(behaviour secure) {
  return [secure](tcp_socket peer) -> awaitable<void> {
    auto bytes = co_await first_bytes(peer);
    if (is_client_hello(bytes)) {
      co_await secure(std::move(peer));
    } else {
      co_await test::ignore(peer);
    }
  };
}

/// Behaves in one way on the first connection that reaches it, and in another way afterwards.
behaviour at_first(behaviour first, behaviour later) {
  auto count = std::make_shared<int>(0);
  return [=](tcp_socket peer) {
    return (*count)++ == 0 ? first(std::move(peer)) : later(std::move(peer));
  };
}

behaviour hangs_up() {
  return [](tcp_socket) -> awaitable<void> { co_return; };
}

/// The tools of one conversation without an engine.
struct lone_conversation {
  explicit lone_conversation(executor loop)
      : certificates(openssl, bounds),
        connect(loop, 8, milliseconds(300), time, log),
        dial(loop, connect, time),
        group(loop, log, "conversation"),
        tools{loop, dial, openssl, certificates, group, bounds, time, log, "Sonde/test"} {
    bounds.greeting_timeout_ms = 200;
    connect.on_room([this] { dial.room(); });
    connect.start();
  }
  conversation_partner partner_at(const test::loopback_server& server) {
    conversation_partner out;
    out.address = server.address();
    out.port = server.port();
    out.host = model::target::of(out.address);
    out.rate = rates.lease_for(out.address, network_owner::us);
    out.budget = std::make_shared<scan_budget>(bounds);
    out.known = &known;
    return out;
  }
  awaitable<void> stop() {
    co_await group.join();
    co_await connect.stop();
  }

  test::limits bounds = test::short_limits();
  system_clock time;
  logger log{log_level::error};
  tls::library openssl;
  certificate_cache certificates;
  rate_table rates{{}};
  connector connect;
  dialer dial;
  task_group group;
  known_certificates known;
  conversation_tools tools;
};

const std::string postgresql_error =
    "E\0\0\0\x79SFATAL\0VFATAL\0C28000\0Mno PostgreSQL user name specified in startup packet\0"
    "Fpostmaster.c\0L2351\0RProcessStartupPacket\0\0"s;

}  // namespace

TEST_CASE("a request inside TLS without a response is silent, although the handshake had one") {
  test::inside_tls inside{.answer = "-ERR unknown command 'GET'\r\n", .request = "GET / "};
  auto seen = scan_one(silent_but_for_tls(test::speaks_tls({}, inside)));
  CHECK(seen.endpoint.tls.has_value());
  CHECK(seen.endpoint.service.name == "redis");
  CHECK(seen.outcomes("redis") == "silent");
}

TEST_CASE("a server that hangs up on a request for TLS has closed, and was not silent") {
  auto plain = test::answers_then({{"\0\0\0\x09\0\x03\0\0\0"s, postgresql_error}}, test::is_mute());
  auto closes = test::answers_then({{"\x04\xD2\x16\x2F"s, ""}}, hangs_up());
  auto seen = scan_one(at_first(plain, closes), {.port = 5433});
  CHECK(seen.endpoint.service.name == "postgresql");
  CHECK(seen.outcomes("starttls") == "closed");
}

TEST_CASE("a server that hangs up on the request for its icon has closed, and was not silent") {
  auto page = [](tcp_socket peer) -> awaitable<void> {
    auto request = co_await test::read_until(peer, "\r\n\r\n");
    bool wants_page = request.starts_with("GET / ");
    if (wants_page) {
      co_await test::say(peer,
                         "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>A</title>");
    }
  };
  scan_options deep;
  deep.settings.how_deep = depth::deep;
  auto seen = scan_one(page, deep);
  CHECK(seen.outcomes("http") == "answered");
  CHECK(seen.outcomes("favicon") == "closed");
}

TEST_CASE("a request that this machine did not send is not in the results") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    lone_conversation talk(loop);
    test::loopback_server server(loop, "127.77.9.8", test::is_mute());
    int dials = 0;
    auto partner = talk.partner_at(server);
    partner.allowed = [&dials]() -> result<> {
      if (++dials > 1) return fail(errc::excluded);
      return {};
    };
    unique_socket none;
    auto seen = co_await converse(talk.tools, std::move(partner), std::move(none), milliseconds(1));
    CHECK(dials > 1);
    CHECK(server.accepted() == 1);
    REQUIRE(seen.endpoint.requests.size() == 1);
    CHECK(seen.endpoint.requests[0].module == "greeting");
    CHECK(seen.endpoint.requests[0].outcome == "silent");
    co_await talk.stop();
    co_await server.stop();
  }());
}

TEST_CASE("the refusal of a protocol shows TLS, although the server then hangs up") {
  auto refuses_once = at_first(test::speaks_tls({.protocol = "imap"}, {}), hangs_up());
  auto seen = scan_one(silent_but_for_tls(refuses_once));
  REQUIRE(seen.endpoint.tls.has_value());
  CHECK(seen.endpoint.tls->alert == "no_application_protocol");
  CHECK(seen.endpoint.module == "tls");
}

TEST_CASE("a silent port that dropped a hello of TLS 1.3 gets one of TLS 1.2, however late") {
  test::inside_tls inside{.answer = "HTTP/1.1 200 OK\r\nServer: old\r\n\r\n"};
  scan_options deep;
  deep.settings.how_deep = depth::deep;
  // Requests that take longer than a silent port is waited for.
  deep.bounds.conversation_connections = 10;
  auto seen = scan_one(silent_but_for_tls(test::drops_tls13({}, inside)), deep);
  REQUIRE(seen.endpoint.tls.has_value());
  CHECK(seen.endpoint.tls->version == "TLSv1.2");
  CHECK(seen.endpoint.service.product == "old");
}

TEST_CASE("a port that has answered slowly gets time for each further response") {
  bool dripped = false;
  std::vector<steady_time> later;
  auto how = [&](tcp_socket peer) -> awaitable<void> {
    auto bytes = co_await first_bytes(peer);
    if (dripped) later.push_back(std::chrono::steady_clock::now());
    // The response to HTTP lasts longer than a silent port is waited for.
    bool drips = bytes.starts_with("GET / ");
    for (int i = 0; drips && i < 36; ++i) {
      co_await test::say(peer, "drip ");
      co_await test::pause(milliseconds(60));  // pause: the response is slow
    }
    dripped = dripped || drips;
    if (!drips) co_await test::ignore(peer);
  };
  scan_options patient;
  patient.bounds.answer_timeout_ms = 5'000;
  auto seen = scan_one(how, patient);
  CHECK(seen.endpoint.raw_banner.starts_with("drip drip"));
  // Two requests are sent together, and the next one after the time for their responses.
  REQUIRE(later.size() >= 3);
  CHECK(later[2] - later[1] > milliseconds(100));
}

TEST_CASE("an industrial port that answers for another service gets no request of that service") {
  std::string received;
  auto how = [&received](tcp_socket peer) -> awaitable<void> {
    std::string bytes(4096, '\0');
    auto size = co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    received.append(bytes, 0, size);
    co_await test::say(peer, postgresql_error);
    co_await test::ignore(peer);
  };
  scan_options allowed;
  allowed.settings.industrial = true;
  allowed.port = 502;
  auto seen = scan_one(how, allowed);
  CHECK(seen.endpoint.service.name == "postgresql");
  CHECK(seen.outcomes("modbus") == "answered");
  CHECK(seen.outcomes("postgresql").empty());
  CHECK(seen.outcomes("starttls").empty());
  CHECK(seen.connections == 1);
  CHECK(received.size() == 11);
}

}  // namespace sonde::scanner::outcome_tests
