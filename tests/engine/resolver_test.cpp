#include "scanner/resolver/resolver.hpp"

#include "scanner/errc.hpp"
#include "tests/engine/child_process.hpp"
#include "tests/engine/fake_dns.hpp"
#include "tests/engine/loopback_server.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/until.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::query_type;
using addresses = std::vector<model::ip_address>;
using answer_function = test::fake_dns::answer_function;

resolver_limits short_dns_limits() {
  resolver_limits out;
  out.dns_timeout_ms = 150;
  out.dns_tries = 2;
  return out;
}

std::string texts_of(const addresses& found) {
  std::string out;
  for (const auto& each : found)
    out += (out.empty() ? "" : " ") + each.text();
  return out;
}

/// The error code of a failed look-up, or no error for a successful one.
error_code code_of(const result<addresses>& found) {
  return found ? error_code() : found.error().code;
}

/// An unmodified third-party name server.
class real_dns {
 public:
  explicit real_dns(std::vector<std::string> records)
      : port_(test::closed_port("127.0.0.1")), child_(command(port_, std::move(records))) {
    REQUIRE(child_.says("started"));
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  static std::vector<std::string> command(std::uint16_t port, std::vector<std::string> records) {
    std::vector<std::string> out = {"dnsmasq",           "--keep-in-foreground",
                                    "--log-facility=-",  "--conf-file=/dev/null",
                                    "--pid-file=",       "--user=root",
                                    "--no-resolv",       "--no-hosts",
                                    "--bind-interfaces", "--listen-address=127.0.0.1",
                                    "--local=/example/", "--port=" + std::to_string(port)};
    out.insert(out.end(), records.begin(), records.end());
    return out;
  }

  std::uint16_t port_;
  test::child_process child_;
};

awaitable<result<addresses>> ask_once(std::vector<std::string> servers, std::string name) {
  auto loop = co_await asio::this_coro::executor;
  auto bounds = short_dns_limits();
  resolver names(loop, servers, bounds);
  co_return co_await names.resolve(std::move(name));
}

result<addresses> look_up(std::vector<std::string> servers, const std::string& name) {
  return test::run(ask_once(std::move(servers), name));
}

/// The result of a look-up over several fake servers, tried in order, and the number of queries
/// that each received.
struct fake_answer {
  result<addresses> found;
  std::vector<int> asked;
};
fake_answer look_up_at(std::vector<answer_function> servers) {
  fake_answer out{addresses(), {}};
  test::run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    std::vector<std::unique_ptr<test::fake_dns>> running;
    std::vector<std::string> names;
    for (auto& each : servers) {
      running.push_back(std::make_unique<test::fake_dns>(loop, each));
      names.push_back(running.back()->address());
    }
    auto found = co_await ask_once(names, "host.example");
    out.found = std::move(found);
    for (auto& each : running) {
      out.asked.push_back(each->asked());
      co_await each->stop();
    }
  }());
  return out;
}

answer_function with_response_code(unsigned char code) {
  return [code](const std::string& query, query_type) { return test::with_code(query, code); };
}
answer_function says_nothing() {
  return [](const std::string&, query_type) { return std::nullopt; };
}
/// Answers with one IPv4 address and no IPv6 address.
answer_function knows_it() {
  return [](const std::string& query, query_type type) {
    return type == query_type::a ? test::with_address(query, type, {'\x0A', 1, 2, 3})
                                 : test::with_code(query, 0);
  };
}

}  // namespace

TEST_CASE("a real name server returns addresses, NXDOMAIN, no address, and refusal") {
  real_dns server({"--host-record=one.example,192.0.2.1",
                   "--host-record=both.example,192.0.2.9,2001:db8::9",
                   "--host-record=both.example,192.0.2.1", "--host-record=six.example,2001:db8::1",
                   "--cname=alias.example,both.example", "--txt-record=text.example,hello"});
  auto ask = [&](const char* name) { return look_up({server.address()}, name); };
  CHECK(texts_of(ask("one.example").value()) == "192.0.2.1");
  CHECK(texts_of(ask("both.example").value()) == "192.0.2.1 192.0.2.9 2001:db8::9");
  CHECK(texts_of(ask("six.example").value()) == "2001:db8::1");
  CHECK(texts_of(ask("alias.example").value()) == "192.0.2.1 192.0.2.9 2001:db8::9");
  auto absent = ask("absent.example");
  CHECK(code_of(absent) == make_error_code(errc::nxdomain));
  CHECK(absent.error().detail == "absent.example does not exist");
  auto empty = ask("text.example");
  CHECK(code_of(empty) == make_error_code(errc::no_data));
  CHECK(empty.error().detail == "text.example exists and has no address");
  CHECK(code_of(ask("somewhere.else")) == make_error_code(errc::servfail));
}

TEST_CASE("an answer too large for a datagram is fetched over TCP") {
  std::vector<std::string> records;
  for (int i = 1; i <= 60; ++i)
    records.push_back("--host-record=many.example,10.0.0." + std::to_string(i));
  real_dns server(records);
  auto found = look_up({server.address()}, "many.example");
  REQUIRE(found);
  CHECK(found->size() == 60);
}

TEST_CASE("a look-up returns a limited number of addresses") {
  std::vector<std::string> records;
  for (int i = 0; i < 300; ++i) {
    auto address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    records.push_back("--host-record=many.example," + address);
  }
  real_dns server(records);
  auto found = look_up({server.address()}, "many.example");
  REQUIRE(found);
  CHECK(found->size() == 64);
}

TEST_CASE("the resolver uses no hosts file and no search list") {
  real_dns server({"--local=/localhost/"});
  CHECK(!look_up({server.address()}, "localhost"));
}

TEST_CASE("a failing server is queried again, then the look-up fails") {
  for (int code : {2, 4, 5}) {  // SERVFAIL, NOTIMP, REFUSED
    CAPTURE(code);
    auto one = look_up_at({with_response_code(static_cast<unsigned char>(code))});
    CHECK(code_of(one.found) == make_error_code(errc::servfail));
    CHECK(one.asked == std::vector<int>{4});  // A and AAAA, twice
  }
  auto nonsense = [](const std::string& query, query_type) { return query.substr(0, 12); };
  CHECK(!look_up_at({nonsense}).found);
}

TEST_CASE("NXDOMAIN is final: the resolver neither tries another server nor retries") {
  auto one = look_up_at({with_response_code(3), knows_it()});
  CHECK(code_of(one.found) == make_error_code(errc::nxdomain));
  CHECK(one.asked == std::vector<int>{2, 0});
}

TEST_CASE("a silent server makes the look-up time out") {
  auto begun = std::chrono::steady_clock::now();
  auto one = look_up_at({says_nothing()});
  auto took = std::chrono::steady_clock::now() - begun;
  CHECK(code_of(one.found) == make_error_code(errc::dns_timeout));
  CHECK(one.found.error().detail.starts_with("no name server answered for host.example"));
  CHECK(took >= milliseconds(300));
  CHECK(took < seconds(5));
  CHECK(one.asked == std::vector<int>{4});
}

TEST_CASE("the next server is queried when the first is silent or fails") {
  for (const auto& useless : {says_nothing(), with_response_code(2), with_response_code(5)}) {
    auto two = look_up_at({useless, knows_it()});
    REQUIRE(two.found);
    CHECK(texts_of(*two.found) == "10.1.2.3");
    CHECK(two.asked == std::vector<int>{2, 2});
  }
  // This port has no listener.
  auto closed = "127.0.0.1:" + std::to_string(test::closed_port("127.0.0.1"));
  real_dns server({"--host-record=one.example,192.0.2.1"});
  CHECK(look_up({closed, server.address()}, "one.example"));
  CHECK(code_of(look_up({closed}, "one.example")) == make_error_code(errc::dns_timeout));
}

TEST_CASE("a failed server outweighs a silent one in the reported error") {
  auto two = look_up_at({with_response_code(2), says_nothing()});
  CHECK(code_of(two.found) == make_error_code(errc::servfail));
}

TEST_CASE(
    "an answer to only one of the two queries counts, and a missing second answer does no harm") {
  auto only_a = [](const std::string& query, query_type type) -> std::optional<std::string> {
    if (type == query_type::aaaa) return std::nullopt;
    return test::with_address(query, type, {'\x0A', 1, 2, 3});
  };
  auto one = look_up_at({only_a});
  REQUIRE(one.found);
  CHECK(texts_of(*one.found) == "10.1.2.3");
  auto no_a = [](const std::string& query, query_type type) -> std::optional<std::string> {
    if (type == query_type::aaaa) return std::nullopt;
    return test::with_code(query, 0);
  };
  CHECK(code_of(look_up_at({no_a}).found) == make_error_code(errc::dns_timeout));
}

TEST_CASE("a response to a different query is ignored") {
  auto forged = [](std::string query, query_type type) {
    query[0] = static_cast<char>(query[0] + 1);  // the id
    return test::with_address(query, type, {'\x0A', 1, 2, 3});
  };
  CHECK(code_of(look_up_at({forged}).found) == make_error_code(errc::dns_timeout));
}

TEST_CASE("cancelling ends look-ups at once, and later look-ups work") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bool silent = true;
    auto knows = knows_it();
    test::fake_dns server(loop, [&](const std::string& query, query_type type) {
      return silent ? std::optional<std::string>() : knows(query, type);
    });
    auto bounds = short_dns_limits();
    bounds.dns_timeout_ms = 20'000;
    std::vector<std::string> servers{server.address()};
    resolver names(loop, servers, bounds);
    logger log(log_level::error);
    task_group group(loop, log, "look-ups");
    std::vector<error_code> ended;
    auto look = [&](std::string name) -> awaitable<void> {
      auto found = co_await names.resolve(std::move(name));
      ended.push_back(code_of(found));
    };
    for (int i = 0; i < 3; ++i)
      group.spawn(look("host-" + std::to_string(i) + ".example"));
    co_await test::until([&] { return server.asked() == 6; });
    names.cancel();
    co_await group.join();
    CHECK(ended == std::vector<error_code>(3, make_error_code(errc::cancelled)));
    silent = false;
    auto found = co_await names.resolve("host.example");
    CHECK(found.has_value());
    co_await server.stop();
  }());
}

TEST_CASE("an idle resolver keeps no loop busy") {
  real_dns server({"--host-record=one.example,192.0.2.1"});
  asio::io_context loop(1);
  auto bounds = short_dns_limits();
  std::vector<std::string> servers{server.address()};
  resolver names(loop.get_executor(), servers, bounds);
  std::optional<result<addresses>> found;
  auto ask = [&]() -> awaitable<void> {
    auto answer = co_await names.resolve("one.example");
    found.emplace(std::move(answer));
  };
  asio::co_spawn(loop, ask, asio::detached);
  loop.run_for(seconds(20));
  CHECK(loop.stopped());
  REQUIRE(found.has_value());
  CHECK(found->has_value());
}

TEST_CASE("a resolver may be destroyed during a look-up") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto bounds = short_dns_limits();
    std::vector<std::string> servers{"127.0.0.1:" + std::to_string(test::closed_port("127.0.0.1"))};
    logger log(log_level::error);
    task_group group(loop, log, "look-ups");
    {
      resolver names(loop, servers, bounds);
      auto look = [&]() -> awaitable<void> { co_await names.resolve("host.example"); };
      group.spawn(look());
      names.cancel();
      co_await group.join();
    }
    co_await test::pause(milliseconds(1));  // pause: a late response may still arrive
  }());
}

TEST_CASE("many concurrent look-ups succeed") {
  real_dns server({"--address=/wild.example/192.0.2.7"});
  test::run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto bounds = short_dns_limits();
    bounds.dns_timeout_ms = 3'000;
    std::vector<std::string> servers{server.address()};
    resolver names(loop, servers, bounds);
    logger log(log_level::error);
    task_group group(loop, log, "look-ups");
    int known = 0;
    auto look = [&](std::string name) -> awaitable<void> {
      auto found = co_await names.resolve(std::move(name));
      known += found && texts_of(*found) == "192.0.2.7";
    };
    for (int i = 0; i < 100; ++i)
      group.spawn(look("n" + std::to_string(i) + ".wild.example"));
    co_await group.join();
    CHECK(known == 100);
  }());
}

TEST_CASE("a server is written as an address with an optional port") {
  for (const char* good : {"192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]",
                           "[2001:db8::53]:5353", "127.0.0.1:65535"}) {
    CAPTURE(good);
    CHECK(check_server(good));
  }
  for (const char* bad :
       {"", "dns.example", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:5x",
        "[2001:db8::53", "[2001:db8::53]5353", "[", "[]:53", ":53", "192.0.2.53,192.0.2.54"}) {
    CAPTURE(bad);
    CHECK(!check_server(bad));
  }
  auto refused = check_server("dns.example");
  CHECK(refused.error().detail.find("\"dns.example\" is not a name server") == 0);
}

}  // namespace sonde::scanner
