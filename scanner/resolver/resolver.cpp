#include "scanner/resolver/resolver.hpp"

#include "base/async/condition.hpp"
#include "scanner/errc.hpp"
#include "scanner/resolver/name_server.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::scanner {
namespace {

/// One of the two queries for a name, and the best result of all servers.
struct question {
  record_type type;
  dns_reply best{dns_answer::timeout, {}, {}};

  [[nodiscard]] bool settled() const {
    return best.what != dns_answer::failure && best.what != dns_answer::timeout;
  }
  void hear(dns_reply reply) {
    // A failure is more informative than a timeout.
    if (best.what == dns_answer::failure && reply.what == dns_answer::timeout) return;
    best = std::move(reply);
  }
};

/// A running look-up. Shared with the callbacks of the servers.
struct look_up {
  explicit look_up(executor loop) : answered(std::move(loop)) {}
  std::array<question, 2> questions = {question{record_type::a}, question{record_type::aaaa}};
  int outstanding = 0;
  condition answered;

  [[nodiscard]] bool said(dns_answer what) const {
    return std::ranges::any_of(questions, [&](const auto& q) { return q.best.what == what; });
  }
  [[nodiscard]] bool settled() const {
    // NXDOMAIN applies to the name, for every type (RFC 8020).
    return said(dns_answer::nxdomain) || said(dns_answer::cancelled) ||
           std::ranges::all_of(questions, &question::settled);
  }
};

void ask(name_server& server, const std::string& name, const std::shared_ptr<look_up>& asked) {
  for (auto& q : asked->questions) {
    if (q.settled()) continue;
    ++asked->outstanding;
    server.ask(name, q.type, [asked, &q](dns_reply reply) {
      q.hear(std::move(reply));
      --asked->outstanding;
      asked->answered.notify_all();
    });
  }
}

error explain(const std::string& name, const look_up& asked) {
  if (asked.said(dns_answer::nxdomain)) return fail(errc::nxdomain, name + " does not exist");
  if (asked.said(dns_answer::cancelled)) {
    return fail(errc::cancelled, "the look-up of " + name + " was cancelled");
  }
  // "No address" is certain only if both queries have this result.
  for (const auto& q : asked.questions) {
    if (q.best.what == dns_answer::failure) {
      return fail(errc::servfail,
                  "the name servers failed to look up " + name + " (" + q.best.reason + ")");
    }
    if (q.best.what == dns_answer::timeout) {
      return fail(errc::dns_timeout,
                  "no name server answered for " + name + " (" + q.best.reason + ")");
    }
  }
  return fail(errc::no_data, name + " exists and has no address");
}

}  // namespace

struct resolver::server_list {
  std::vector<std::unique_ptr<name_server>> list;
  std::uint32_t tries = 0;
};

resolver::resolver(executor loop, const std::vector<std::string>& servers,
                   const resolver_limits& limits)
    : loop_(std::move(loop)), servers_(std::make_unique<server_list>()) {
  servers_->tries = limits.dns_tries;
  for (const auto& server : servers.empty() ? system_name_servers() : servers)
    servers_->list.push_back(std::make_unique<name_server>(loop_, server, limits));
}

resolver::~resolver() = default;

awaitable<result<std::vector<model::ip_address>>> resolver::resolve(std::string name) {
  auto asked = std::make_shared<look_up>(loop_);
  for (std::uint32_t round = 0; round < servers_->tries; ++round) {
    for (std::size_t i = 0; i < servers_->list.size() && !asked->settled(); ++i) {
      ask(*servers_->list[i], name, asked);
      while (asked->outstanding > 0)
        co_await asked->answered.wait();
    }
  }
  std::vector<model::ip_address> found;
  for (const auto& q : asked->questions)
    found.insert(found.end(), q.best.addresses.begin(), q.best.addresses.end());
  if (found.empty()) co_return explain(name, *asked);
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  co_return found;
}

void resolver::cancel() {
  for (auto& server : servers_->list)
    server->cancel();
}

result<> check_server(const std::string& text) {
  auto host = text;
  std::string port = "53";
  if (host.starts_with('[')) {
    auto end = std::min(host.find(']'), host.size());
    auto behind = host.substr(end);
    if (behind.starts_with("]:")) {
      port = behind.substr(2);
    } else if (behind != "]") {
      port.clear();
    }
    host = host.substr(1, end - 1);
  } else if (std::ranges::count(host, ':') == 1) {
    auto colon = host.find(':');
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  std::uint16_t number = 0;
  auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  bool is_port = read.ec == std::errc{} && read.ptr == port.data() + port.size() && number > 0;
  if (is_port && model::ip_address::parse(host)) return {};
  return fail(
      errc::local_error,
      "\"" + text +
          "\" is not a name server: write its address, as in 192.0.2.53 or 192.0.2.53:5353");
}

}  // namespace sonde::scanner
