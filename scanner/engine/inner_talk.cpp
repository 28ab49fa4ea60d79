#include "scanner/engine/inner_talk.hpp"

#include "scanner/engine/port_manners.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

constexpr std::size_t inner_piece = 4096;

/// A connection of its own for the next request. Null: the connections or the time are used up, or
/// it could not be opened.
awaitable<std::shared_ptr<channel>> dial_more(exchange_context& with, talk_place where) {
  if (with.connections >= with.most_connections || with.now() >= with.deadline) co_return nullptr;
  ++with.connections;
  auto link = co_await with.dial();
  if (!link) co_return nullptr;
  auto out = std::move(*link);
  if (where == talk_place::plain) co_return out;
  auto offer = with.offer;
  auto done = co_await with.secure(*out, std::move(offer), with.response_deadline());
  if (!done || !out->is_secure()) co_return nullptr;
  co_return out;
}

/// Result of a response inside TLS.
struct inside_result {
  bool named = false;                      ///< the service has a name, and HTTP would tell no more
  const protocol_module* other = nullptr;  ///< the module of the name, if it has not asked
};

inside_result take_inside(const protocol_module& module, talk_outcome outcome,
                          endpoint_notes& notes) {
  bool own = outcome.known.has_value();
  auto seen = service_of(outcome);
  if (!seen) return {};
  bool page = !own && seen->service.name == "http" && &module != &modules::http_module;
  bool named = own || (!seen->service.name.empty() && !page);
  const auto* by = seen->by;
  notes.take(module.name, std::move(*seen));
  return {named, own || by == &module ? nullptr : by};
}

awaitable<void> take_more(exchange_context& with, channel& link, protocol_talk* talk,
                          endpoint_notes& notes) {
  if (talk == nullptr) co_return;
  auto outcome = co_await run_talk(with, link, *talk, with.response_deadline());
  if (outcome.known) notes.take_details(std::move(outcome.known->service));
}

/// The talk after a greeting, if the depth allows one.
std::unique_ptr<protocol_talk> talk_after(const exchange_context& with, const recognition& known,
                                          talk_place where) {
  bool asks = known.by != nullptr && known.by->after_greeting != nullptr;
  if (!asks || with.how_deep() == depth::light) return nullptr;
  return known.by->after_greeting(known, where);
}

bool may_confirm(const exchange_context& with, const protocol_module& module) {
  return module.talk != nullptr && module.risk == request_risk::harmless &&
         manners_of(with.partner.port) == port_manners::speak && with.how_deep() != depth::light;
}

/// Works as outside TLS: the service may speak first, and gets a request if it does not.
awaitable<void> ask_inside(exchange_context& with, std::shared_ptr<channel> link,
                           endpoint_notes& notes, std::chrono::microseconds rtt) {
  auto patience = std::min(with.deadline, with.now() + greeting_patience(rtt));
  auto banner = co_await link->read(inner_piece, patience);
  if (banner) {
    auto text = std::move(*banner);
    co_await read_banner(with, *link, text, with.response_deadline());
    auto known = recognise(text);
    auto talk = talk_after(with, known, talk_place::inside_tls);
    notes.take("greeting", std::move(known));
    co_await take_more(with, *link, talk.get(), notes);
    co_return;
  }
  bool used = false;
  auto alpn = link->handshake()->observation().alpn;
  auto plan = plan_inside_tls(with.partner.port, with.how_deep(), alpn);
  for (const auto& step : plan) {
    if (used) link = co_await dial_more(with, talk_place::inside_tls);
    if (!link) co_return;
    used = true;
    auto talk = step.module->talk(with.talk());
    auto outcome = co_await run_talk(with, *link, *talk, with.response_deadline());
    auto shown = take_inside(*step.module, std::move(outcome), notes);
    link->close();
    if (!shown.named) continue;
    if (shown.other != nullptr) {
      co_await confirm(with, *shown.other, talk_place::inside_tls, notes);
    }
    break;
  }
}

/// Performs the handshake on a connection whose server expects it, notes what it shows, and asks
/// the service inside.
awaitable<void> begin_tls(exchange_context& with, channel& link, const recognition& known,
                          endpoint_notes& notes) {
  tls::client_offer offer;
  if (known.by->carrier == tls_carrier::tds_packets) {
    link.carry_in_tds();
    offer.highest = tls::client_offer::version::tls12;
  }
  auto done = co_await with.secure(link, std::move(offer), with.response_deadline());
  bool speaks = link.speaks_tls();
  if (!speaks) co_return;
  notes.take_upgrade(*link.handshake(), done);
  if (!link.is_secure()) co_return;
  std::unique_ptr<protocol_talk> talk;
  if (known.by->inside_upgrade != nullptr) {
    talk = known.by->inside_upgrade(with.talk());
  } else {
    talk = talk_after(with, known, talk_place::inside_tls);
  }
  co_await take_more(with, link, talk.get(), notes);
}

/// Asks for TLS on a connection of its own.
awaitable<void> upgrade(exchange_context& with, const recognition& known, endpoint_notes& notes) {
  if (manners_of(with.partner.port) != port_manners::speak) co_return;
  auto begun = with.now();
  auto dialled = co_await with.dial();
  if (!dialled) co_return;
  ++with.connections;
  auto link = std::move(*dialled);
  auto talk = known.by->upgrade(with.talk());
  auto outcome = co_await run_talk(with, *link, *talk, with.response_deadline());
  notes.take_request(request_on(link.get(), "starttls", fate_of(outcome), with.now() - begun));
  if (outcome.start_tls) co_await begin_tls(with, *link, known, notes);
  link->close();
}

}  // namespace

awaitable<void> ask_inside_tls(exchange_context& with, std::shared_ptr<channel> link, error why,
                               endpoint_notes& notes, std::chrono::microseconds rtt) {
  result<> last;
  if (why.code) last = why;
  notes.take_handshake(*link->handshake(), last);
  if (!link->is_secure()) co_return;
  co_await ask_inside(with, link, notes, rtt);
  notes.take_failure(*link->handshake());
}

awaitable<std::optional<talk_outcome>> ask_more(exchange_context& with, talk_place where,
                                                protocol_talk& talk, std::string name,
                                                endpoint_notes& notes) {
  auto begun = with.now();
  auto link = co_await dial_more(with, where);
  if (!link) co_return std::nullopt;
  auto outcome = co_await run_talk(with, *link, talk, with.response_deadline());
  link->close();
  auto took = with.now() - begun;
  notes.take_request(request_on(link.get(), std::move(name), fate_of(outcome), took));
  co_return outcome;
}

awaitable<void> confirm(exchange_context& with, const protocol_module& by, talk_place where,
                        endpoint_notes& notes) {
  if (!may_confirm(with, by)) co_return;
  auto talk = by.talk(with.talk());
  auto outcome = co_await ask_more(with, where, *talk, std::string(by.name), notes);
  if (outcome && outcome->known) notes.take_confirmation(std::move(outcome->known->service));
}

awaitable<void> ask_known(exchange_context& with, exchange& on, recognition known,
                          endpoint_notes& notes) {
  bool asks = known.by != nullptr && with.how_deep() != depth::light;
  if (!asks) co_return;
  if (on.start_tls) {
    co_await begin_tls(with, *on.link, known, notes);
    co_return;
  }
  if (on.asked != "greeting") {
    on.link->close();
    if (known.by->upgrade != nullptr) co_await upgrade(with, known, notes);
    co_return;
  }
  auto talk = talk_after(with, known, talk_place::plain);
  if (!talk) co_return;
  auto outcome = co_await run_talk(with, *on.link, *talk, with.response_deadline());
  if (!outcome.known) co_return;
  notes.take_details(std::move(outcome.known->service));
  if (outcome.start_tls) co_await begin_tls(with, *on.link, known, notes);
}

}  // namespace sonde::scanner
