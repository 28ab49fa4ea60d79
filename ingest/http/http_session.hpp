#pragma once

#include "base/async/asio.hpp"
#include "ingest/http/session_host.hpp"

namespace sonde::ingest {

/// Serves one connection until it ends. Requests are sequential: the next one is read after the
/// response to the previous one. Credentials are checked when a header is complete, before its body
/// is requested or stored.
awaitable<void> run_session(stream_socket socket, peer_address peer, connection_place place,
                            session_host& host);

}  // namespace sonde::ingest
