#pragma once

#include "base/clock.hpp"
#include "client/scan_api.hpp"
#include "client/scan_table.hpp"
#include "client/tail_range.hpp"
#include "client/terminal.hpp"
#include "queue/io.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sonde::client {

/// Runs `sonde show`: prints a scan or an entity by its id, a service by its endpoint, or the
/// newest scan of a target. `detail` applies to tables of scans. Returns the exit code.
awaitable<int> show(scan_api& api, terminal& out, const clock& clock, std::string what,
                    table_detail detail);

/// Runs `sonde cancel`: cancels scans by id and prints the status that each scan had. Continues
/// after a scan that cannot be cancelled. Returns the exit code of the first failure.
awaitable<int> cancel(scan_api& api, terminal& out, std::vector<std::string> scans);

/// Runs `sonde topic list`: prints every topic with its partitions and the number of its records.
awaitable<int> list_topics(queue::backend& queue, terminal& out);

/// Runs `sonde topic tail`: prints the records of a topic, one per line, up to its current end or
/// until it is interrupted.
class tail_command {
 public:
  tail_command(queue::backend& queue, terminal& out, tail_options options);

  /// Returns the exit code.
  awaitable<int> run();
  /// Ends `run`. A signal handler calls it on the loop.
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
