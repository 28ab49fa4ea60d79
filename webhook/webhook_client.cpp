#include "webhook/webhook_client.hpp"

#include "net/connection.hpp"
#include "net/errc.hpp"
#include "net/http_client.hpp"
#include "net/tls_client.hpp"
#include "webhook/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

namespace sonde::webhook {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_header_bytes = 16'384;
/// Time limit for the rest of a response whose status is known.
constexpr milliseconds rest_patience{1'000};

using connection_ptr = std::unique_ptr<net::connection>;

bool has_net_code(const error& why, net::errc code) {
  return why.code == net::make_error_code(code);
}

/// Maps an error on an established connection.
error broken(const error& failed) {
  if (has_net_code(failed, net::errc::timeout)) {
    return fail(errc::timeout, "the receiver did not answer in time");
  }
  if (has_net_code(failed, net::errc::cancelled)) return fail(errc::cancelled);
  if (has_net_code(failed, net::errc::closed)) {
    return fail(errc::broken, "the receiver closed the connection before it responded");
  }
  if (has_net_code(failed, net::errc::interim_only)) {
    return fail(errc::broken, "the receiver sent only interim responses");
  }
  return fail(errc::broken, "the receiver's response is not HTTP: " + failed.message());
}

/// Maps an error of a TLS handshake, with the words of OpenSSL.
error no_tls(const error& failed, const std::string& name) {
  if (has_net_code(failed, net::errc::timeout)) {
    return fail(errc::timeout, "the TLS handshake did not end in time");
  }
  if (has_net_code(failed, net::errc::cancelled)) return fail(errc::cancelled);
  std::string why = "stream truncated";
  if (has_net_code(failed, net::errc::untrusted)) {
    why = "certificate verify failed (SSL routines)";
  } else if (has_net_code(failed, net::errc::tls)) {
    why = failed.message() + " (SSL routines)";
  }
  return fail(errc::tls, "no TLS with " + name + ": " + why);
}

client_trust trust_in(const std::string& ca_file) {
  client_trust out;
  out.more_ca_file = ca_file;
  out.strictness = tls_strictness::compatible;
  return out;
}

std::unique_ptr<tls_client> load_trust(const std::string& ca_file) {
  auto loaded = tls_client::load(trust_in(ca_file));
  if (!loaded) throw std::runtime_error(loaded.error().message());
  return std::move(*loaded);
}

}  // namespace

struct webhook_client::parts {
  executor loop;
  std::unique_ptr<tls_client> tls;
  std::string user_agent;
  model::webhook_guard guard;
  const limits& bounds;
  const clock& time;

  net::http_request request_of(const post_order& order) const {
    net::http_request out{"POST", order.url.path};
    out.set("Host", order.url.authority());
    out.set("User-Agent", user_agent);
    out.set("Content-Type", "application/json");
    out.set("Connection", "close");
    for (const auto& [name, value] : order.headers)
      out.set(name, value);
    out.body = order.body;
    return out;
  }

  /// Connects to one address within a share of the time.
  awaitable<result<>> connect(net::connection& to, const post_order& order,
                              const model::ip_address& address, steady_time deadline) const {
    auto share = time.steady_now() + milliseconds(bounds.webhook_connect_timeout_ms);
    to.set_deadline(std::min(share, deadline));
    auto connected = co_await to.connect_to_address(address.text(), order.url.port);
    if (!connected) {
      const auto& failed = connected.error();
      if (has_net_code(failed, net::errc::cancelled)) co_return fail(errc::cancelled);
      bool late = has_net_code(failed, net::errc::timeout);
      co_return fail(errc::unreachable,
                     fmt::format("no connection to {} port {}: {}", address.text(), order.url.port,
                                 late ? "no answer in time" : failed.message()));
    }
    auto peer = to.peer_address();
    if (peer.empty()) co_return broken(fail(net::errc::closed));
    if (auto may = guard.check(model::ip_address::from_bytes(peer), order.url.host); !may) {
      co_return fail(errc::forbidden, may.error().message());
    }
    to.set_deadline(deadline);
    co_return result<>();
  }

  /// Connects to the first address that accepts a connection.
  awaitable<result<connection_ptr>> connect_any(const post_order& order,
                                                steady_time deadline) const {
    error last = fail(errc::no_address, "the receiver has no address");
    for (const auto& address : order.addresses) {
      auto made = std::make_unique<net::connection>(loop);
      auto connected = co_await connect(*made, order, address, deadline);
      if (connected) co_return made;
      last = connected.error();
      bool next = last.code == make_error_code(errc::unreachable) && time.steady_now() < deadline;
      if (!next) break;
    }
    co_return last;
  }
};

webhook_client::webhook_client(executor loop, settings how, const limits& limits,
                               const clock& clock)
    : parts_(new parts{std::move(loop), load_trust(how.ca_file), std::move(how.user_agent),
                       std::move(how.guard), limits, clock}) {}

webhook_client::~webhook_client() = default;

void webhook_client::set_guard(model::webhook_guard guard) {
  parts_->guard = std::move(guard);
}

void webhook_client::set_user_agent(std::string user_agent) {
  parts_->user_agent = std::move(user_agent);
}

awaitable<result<post_answer>> webhook_client::post(post_order order, steady_time deadline) {
  auto request = parts_->request_of(order);
  auto connected = co_await parts_->connect_any(order, deadline);
  if (!connected) co_return connected.error();
  if (order.url.tls) {
    auto name = order.url.host.text();
    auto secured = co_await (*connected)->start_tls(*parts_->tls, name);
    if (!secured) co_return no_tls(secured.error(), name);
  }
  net::response_limits bounds{most_header_bytes, parts_->bounds.webhook_answer_bytes};
  net::http_client http(std::move(*connected), bounds);
  auto status = co_await http.send(std::move(request), deadline);
  if (!status) co_return broken(status.error());
  post_answer out{*status, http.field("retry-after")};
  // The rest only lets the receiver finish: its errors do not matter.
  auto rest = std::min(deadline, parts_->time.steady_now() + rest_patience);
  (void)co_await http.read_body(rest);
  co_return out;
}

}  // namespace sonde::webhook
