#pragma once

#include "base/async/condition.hpp"
#include "scanner/engine/channel.hpp"
#include "scanner/engine/conversation.hpp"
#include "scanner/engine/plan.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sonde::scanner {

/// State that all exchanges of one conversation share. Outlives them; they hold it.
struct exchange_context {
  exchange_context(conversation_tools& of, conversation_partner with, steady_time until)
      : tools(of),
        partner(std::move(with)),
        deadline(until),
        news(of.loop),
        most_connections(
            scanner::most_connections(how_deep(), of.bounds.conversation_connections)) {}

  conversation_tools& tools;
  conversation_partner partner;
  steady_time deadline;                ///< of the conversation
  condition news;                      ///< an exchange has begun to receive, or has ended
  tls::client_offer offer;             ///< of the last ClientHello, the name apart
  std::uint32_t connections = 0;       ///< opened so far
  std::uint32_t most_connections = 0;  ///< that may be opened
  bool over = false;                   ///< the conversation has ended; a dial under way hangs up

  [[nodiscard]] steady_time now() const { return tools.time.steady_now(); }
  [[nodiscard]] depth how_deep() const { return partner.how_deep.value_or(tools.how_deep); }
  /// The limit of one response, within the conversation's.
  [[nodiscard]] steady_time response_deadline() const;
  [[nodiscard]] talk_context talk() const;
  awaitable<result<std::shared_ptr<channel>>> dial();
  /// The TLS handshake on a connection, with the target's name where it has one.
  awaitable<result<>> secure(channel& link, tls::client_offer with, steady_time until);
};

/// Result of one talk.
struct talk_outcome {
  std::optional<recognition> known;  ///< by the module that asked
  bool start_tls = false;            ///< the server now expects a ClientHello
  std::string response;              ///< to the last request, `engine_limits::banner_bytes` at most
  bool echoed = false;               ///< the response repeats the request: it names no service
  error why;  ///< why no more was received; no code where the talk ended by itself
};

/// The service that an outcome shows: the talk's own, else what any module recognises in the
/// response. Nothing: the server sent nothing. Takes it from the outcome.
[[nodiscard]] std::optional<recognition> service_of(talk_outcome& outcome);

/// One connection of a conversation: the requests on it and their result.
struct exchange : talk_outcome {
  std::string asked;  ///< `greeting` where only listened, `tls`, `tls-1.2`, else a module's name
  std::shared_ptr<channel> link;
  bool begun = false;  ///< the server has begun to answer
  bool ended = false;
  bool taken = false;  ///< the conversation has looked at the outcome
  steady_time started{};
  steady_time ended_at{};

  [[nodiscard]] bool is_tls() const { return asked == "tls" || asked == "tls-1.2"; }
};

/// The outcome of a request for the results: `answered`, `closed`, `reset`, `refused` or `silent`.
[[nodiscard]] std::string fate_of(const talk_outcome& outcome);

/// Describes one request for the results: its module, its outcome, the bytes on its connection, and
/// its time. `link` may be null.
[[nodiscard]] model::request_result request_on(const channel* link, std::string module,
                                               std::string outcome, steady_time::duration took);

/// Takes a module's talk through one connection. What it does not know for its own is read to its
/// end, so that other modules can look at it. `begun`, if set, is called at the first byte.
awaitable<talk_outcome> run_talk(exchange_context& with, channel& link, protocol_talk& talk,
                                 steady_time until, std::function<void()> begun = nullptr);

/// Reads on after the first bytes of a banner until it is complete: by the rules of the protocol
/// that is recognised, else by a pause of 150 ms, at the latest at `until`.
awaitable<void> read_banner(exchange_context& with, channel& link, std::string& banner,
                            steady_time until);

/// The coroutines that conduct an exchange; each ends with `ended` and `news`. They run in
/// `conversation_tools::group` and end soon after the connection is closed.
awaitable<void> conduct_greeting(std::shared_ptr<exchange_context> with,
                                 std::shared_ptr<exchange> on, steady_time until);
/// These two dial where the exchange has no connection yet.
awaitable<void> conduct_talk(std::shared_ptr<exchange_context> with, std::shared_ptr<exchange> on,
                             const protocol_module& module);
/// Offers the lists of `alpn_offers` one after the other, as long as the server refuses them.
awaitable<void> conduct_tls(std::shared_ptr<exchange_context> with, std::shared_ptr<exchange> on,
                            tls::client_offer::version highest);

}  // namespace sonde::scanner
