#pragma once

#include "base/async/asio.hpp"
#include "ingest/session_host.hpp"

namespace sonde::ingest {

/// Serves one connection until it ends: requests one after the other, each answered before the next
/// is read. Credentials are looked at when a header is complete, before its body is asked for or
/// kept.
awaitable<void> run_session(stream_socket socket, peer_address peer, connection_place place,
                            session_host& host);

}  // namespace sonde::ingest
