#include "scanner/engine/exchange.hpp"

#include "scanner/engine/alpn.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t greeting_piece = 4096;
/// A pause that ends a banner that no protocol's rules end.
constexpr milliseconds end_of_banner{150};
/// A banner that comes in many small pieces is looked at only so often; then a pause or the limits
/// tell where it ends.
constexpr int looks = 64;
/// The pieces of one response that a talk looks at, each time at the whole of it.
constexpr int most_pieces = 512;

void end(exchange_context& with, exchange& on) {
  on.ended = true;
  on.ended_at = with.now();
  with.news.notify_all();
}

void begin(exchange_context& with, exchange& on) {
  on.begun = true;
  with.news.notify_all();
}

/// Dials where the exchange has no connection yet. False: it has ended.
awaitable<bool> connect(exchange_context& with, exchange& on) {
  if (on.link) co_return true;
  auto link = co_await with.dial();
  if (link) {
    on.link = std::move(*link);
    co_return true;
  }
  on.why = link.error();
  end(with, on);
  co_return false;
}

/// The server has none of the protocols that the ClientHello offered (RFC 7301, section 3.2).
bool refuses_protocols(const channel& link) {
  constexpr std::uint8_t no_application_protocol = 120;
  const auto& alert = link.handshake()->observation().alert;
  return alert && alert->number == no_application_protocol;
}

std::uint32_t draw_nonce(const random_source& random) {
  std::array<std::byte, 4> bytes{};
  random(bytes);
  std::uint32_t out = 0;
  for (auto byte : bytes)
    out = out << 8U | std::to_integer<std::uint32_t>(byte);
  return out;
}

}  // namespace

steady_time exchange_context::response_deadline() const {
  return std::min(deadline, now() + milliseconds(tools.bounds.answer_timeout_ms));
}

talk_context exchange_context::talk() const {
  talk_context out;
  out.host = partner.host.text();
  out.host_is_name = !partner.host.is_address();
  out.port = partner.port;
  out.user_agent = tools.user_agent;
  out.nonce = draw_nonce(tools.random);
  return out;
}

awaitable<result<std::shared_ptr<channel>>> exchange_context::dial() {
  dialer::permission allowed = [this]() -> result<> {
    if (over) return fail(errc::cancelled);
    return partner.allowed();
  };
  auto link = co_await tools.dial.dial(partner.address, partner.port, partner.rate,
                                       std::move(allowed), deadline);
  if (!link) co_return link.error();
  if (over) co_return fail(errc::cancelled);
  auto most = std::size_t{2} * tools.bounds.handshake_bytes;
  auto out = std::make_shared<channel>(std::move(*link), most);
  co_return out;
}

awaitable<result<>> exchange_context::secure(channel& link, tls::client_offer with,
                                             steady_time until) {
  tls::handshake_limits bounds;
  bounds.handshake_bytes = tools.bounds.handshake_bytes;
  bounds.chain_certificates = tools.bounds.chain_certificates;
  bounds.foreign_bytes = tools.bounds.banner_bytes;
  if (!partner.host.is_address()) with.sni = partner.host.text();
  auto done = co_await link.secure(tools.openssl, std::move(with), bounds, until);
  co_return done;
}

std::string fate_of(const talk_outcome& outcome) {
  if (outcome.known || !outcome.response.empty()) return "answered";
  if (outcome.why.code == make_error_code(errc::closed)) return "closed";
  if (outcome.why.code == make_error_code(errc::reset)) return "reset";
  if (outcome.why.code == make_error_code(errc::refused)) return "refused";
  return "silent";
}

model::request_result request_on(const channel* link, std::string module, std::string outcome,
                                 steady_time::duration took) {
  model::request_result out;
  out.module = std::move(module);
  out.outcome = std::move(outcome);
  out.sent = link != nullptr ? static_cast<std::uint32_t>(link->sent()) : 0;
  out.received = link != nullptr ? static_cast<std::uint32_t>(link->received()) : 0;
  out.time_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return out;
}

awaitable<void> read_banner(exchange_context& with, channel& link, std::string& banner,
                            steady_time until) {
  std::size_t most = with.tools.bounds.banner_bytes;
  bool named = false;
  for (int look = 0; banner.size() < most; ++look) {
    if (look < looks) {
      auto seen = recognise(banner);
      if (seen.complete) co_return;
      named = !seen.service.name.empty();
    }
    auto pause = named ? until : std::min(until, with.now() + end_of_banner);
    auto more = co_await link.read(most - banner.size(), pause);
    if (!more) co_return;
    banner += *more;
  }
  banner.resize(most);
}

awaitable<talk_outcome> run_talk(exchange_context& with, channel& link, protocol_talk& talk,
                                 steady_time until, std::function<void()> begun) {
  const auto& bounds = with.tools.bounds;
  talk_outcome out;
  auto step = talk_step::send(talk.begin());
  std::string request;
  for (std::uint32_t sent = 0; step.what == talk_step::kind::send; ++sent) {
    if (sent == bounds.talk_messages) {
      step = talk.ended(out.response);
      break;
    }
    request = step.request;
    auto written = co_await link.write(std::move(step.request), until);
    out.response.clear();
    step = talk_step::incomplete();
    if (!written) out.why = written.error();
    bool awaited = sent > 0 || talk.awaits_response();
    for (int piece = 0; awaited && step.what == talk_step::kind::more && !out.why.code; ++piece) {
      auto more = co_await link.read(bounds.talk_bytes - out.response.size(), until);
      if (!more) {
        out.why = more.error();
        break;
      }
      if (begun) begun();
      out.response += *more;
      step = talk.receive(out.response);
      if (out.response.size() >= bounds.talk_bytes || piece == most_pieces) break;
    }
    if (step.what == talk_step::kind::more) step = talk.ended(out.response);
  }
  if (step.what == talk_step::kind::known) {
    tidy_up(step.known);
    out.known = std::move(step.known);
    out.start_tls = step.start_tls;
    co_return out;
  }
  if (!out.response.empty() && !out.why.code) {
    co_await read_banner(with, link, out.response, until);
  }
  out.echoed = !request.empty() && out.response.starts_with(request);
  out.response.resize(std::min<std::size_t>(out.response.size(), bounds.banner_bytes));
  co_return out;
}

std::optional<recognition> service_of(talk_outcome& outcome) {
  if (outcome.known) return std::exchange(outcome.known, std::nullopt);
  if (outcome.response.empty()) return std::nullopt;
  return outcome.echoed ? nameless(outcome.response) : recognise(outcome.response);
}

awaitable<void> conduct_greeting(std::shared_ptr<exchange_context> with,
                                 std::shared_ptr<exchange> on, steady_time until) {
  auto first = co_await on->link->read(greeting_piece, until);
  if (first) {
    on->response = std::move(*first);
    begin(*with, *on);
    co_await read_banner(*with, *on->link, on->response, with->response_deadline());
  } else {
    on->why = first.error();
  }
  end(*with, *on);
}

awaitable<void> conduct_talk(std::shared_ptr<exchange_context> with, std::shared_ptr<exchange> on,
                             const protocol_module& module) {
  bool connected = co_await connect(*with, *on);
  if (!connected) co_return;
  if (module.risk == request_risk::industrial) on->link->permit_industrial();
  std::function<void()> begun = [with, on] {
    if (!on->begun) begin(*with, *on);
  };
  auto until = with->response_deadline();
  auto talk = module.talk(with->talk());
  auto outcome = co_await run_talk(*with, *on->link, *talk, until, std::move(begun));
  static_cast<talk_outcome&>(*on) = std::move(outcome);
  if (on->known) on->known->by = &module;
  end(*with, *on);
}

awaitable<void> conduct_tls(std::shared_ptr<exchange_context> with, std::shared_ptr<exchange> on,
                            tls::client_offer::version highest) {
  bool connected = co_await connect(*with, *on);
  if (!connected) co_return;
  auto offers = alpn_offers(with->partner.port);
  auto until = with->response_deadline();
  std::shared_ptr<channel> refusing;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    tls::client_offer offer{{}, std::move(offers[i]), highest};
    with->offer = offer;
    auto done = co_await with->secure(*on->link, std::move(offer), until);
    on->why = done ? error() : done.error();
    if (on->link->received() > 0) begin(*with, *on);
    if (i + 1 == offers.size() || !refuses_protocols(*on->link)) break;
    on->link->close();
    refusing = on->link;
    auto again = co_await with->dial();
    if (!again) break;
    on->link = std::move(*again);
  }
  if (refusing && on->link->received() == 0) {
    // The refusal of the last list shows TLS; the connection after it shows nothing.
    on->link->close();
    on->link = std::move(refusing);
  }
  if (!on->link->speaks_tls()) {
    on->response = on->link->handshake()->foreign_bytes();
    bool more = !on->response.empty() && !on->why.code;
    if (more) co_await read_banner(*with, *on->link, on->response, with->response_deadline());
  }
  end(*with, *on);
}

}  // namespace sonde::scanner
