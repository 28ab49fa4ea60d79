#pragma once

#include "base/clock.hpp"
#include "client/scan_api.hpp"
#include "client/tail_range.hpp"
#include "client/terminal.hpp"
#include "queue/io.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sonde::client {

/// `sonde show`: a scan by its id, an entity by its id, or the newest scan of a target. Returns the
/// exit code.
awaitable<int> show(scan_api& api, terminal& out, const clock& clock, std::string what);

/// `sonde cancel`: ends scans by their ids, and says what each was. Goes on after one that cannot
/// be cancelled; returns the exit code of the first such.
awaitable<int> cancel(scan_api& api, terminal& out, std::vector<std::string> scans);

/// `sonde topic list`: every topic with its partitions and how many records each holds.
awaitable<int> list_topics(queue::backend& queue, terminal& out);

/// `sonde topic tail`: the records of a topic, one a line, up to its end as it is now, or until it
/// is interrupted.
class tail_command {
 public:
  tail_command(queue::backend& queue, terminal& out, tail_options options);

  /// Returns the exit code.
  awaitable<int> run();
  /// From a signal's handler, on the loop.
  void interrupt();

 private:
  [[nodiscard]] std::string find_topic() const;
  int complain_of_topic();

  queue::backend& queue_;
  terminal& out_;
  tail_options options_;
  std::unique_ptr<queue::reader> reader_;
  bool interrupted_ = false;
};

}  // namespace sonde::client
