#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

namespace sonde::client {

/// Notices that the reader of standard output has closed its end while a verb has nothing to
/// print: `sonde topic tail --follow | head -1` on a quiet topic.
///
/// Pipes, sockets and terminals are watched; files have no reader. Lives on one loop, whose pending
/// work it is until it is destroyed.
class output_watch {
 public:
  /// `closed` is called once at most, on the loop.
  output_watch(const executor& loop, std::function<void()> closed);

 private:
  asio::posix::stream_descriptor events_;
};

}  // namespace sonde::client
