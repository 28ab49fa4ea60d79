#pragma once

#include "scanner/engine/endpoint_notes.hpp"
#include "scanner/engine/exchange.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace sonde::scanner {

/// The requests of a conversation once the server is known: inside TLS, after a greeting and after
/// a response. Each ends at the conversation's deadline and writes what it learns into the notes.
/// Lives on the conversation's loop; cancelled by closing the connection.

/// Notes the handshake of a server that speaks TLS. If it completed, the service may speak first
/// inside and then gets a request for its capabilities; otherwise it gets the requests of
/// `plan_inside_tls`. `why` is why the handshake ended.
awaitable<void> ask_inside_tls(exchange_context& with, std::shared_ptr<channel> link, error why,
                               endpoint_notes& notes, std::chrono::microseconds rtt);

/// Asks a service that `on` has shown for more, and for TLS: on the same connection what its
/// module's `after_greeting` asks after a greeting, and a handshake where the server expects one;
/// else what `upgrade` asks on a connection of its own. Inside TLS the requests are repeated. A
/// failure takes nothing from the service that is known. Nothing at depth `light`.
awaitable<void> ask_known(exchange_context& with, exchange& on, recognition known,
                          endpoint_notes& notes);

/// Runs one more talk on a connection of its own and notes the request under `name`. Nothing: there
/// is no such connection.
awaitable<std::optional<talk_outcome>> ask_more(exchange_context& with, talk_place where,
                                                protocol_talk& talk, std::string name,
                                                endpoint_notes& notes);

/// Sends the own request of a service that the response to another request has named, for its
/// version and facts, on one more connection. Does nothing at depth `light`, for a module without a
/// harmless request, and where the connections are used up.
awaitable<void> confirm(exchange_context& with, const protocol_module& by, talk_place where,
                        endpoint_notes& notes);

}  // namespace sonde::scanner
