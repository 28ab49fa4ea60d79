#pragma once

#include "scanner/engine/endpoint_notes.hpp"
#include "scanner/engine/exchange.hpp"

namespace sonde::scanner {

/// Requests the icon of a web page and notes its hash, on a separate connection, with TLS if the
/// page was inside TLS. Sends nothing if the depth is not `deep`, if the endpoint did not show a
/// page, or if the connections of the conversation are used up. Ends at the conversation's
/// deadline. Cancelled by cancelling the coroutine.
awaitable<void> ask_for_icon(exchange_context& with, endpoint_notes& notes);

}  // namespace sonde::scanner
