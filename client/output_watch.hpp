#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

namespace sonde::client {

/// Detects that the reader of standard output has closed its end while a verb has nothing to print,
/// as in `sonde topic tail --follow | head -1` on a quiet topic.
///
/// Watches pipes, sockets and terminals; a file has no reader. Lives on one loop and is pending
/// work of that loop until it is destroyed.
class output_watch {
 public:
  /// `closed` is called at most once, on the loop.
  output_watch(const executor& loop, std::function<void()> closed);

 private:
  asio::posix::stream_descriptor events_;
};

}  // namespace sonde::client
