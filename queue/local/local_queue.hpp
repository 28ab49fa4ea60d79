#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/limits.hpp"
#include "queue/local/log_store.hpp"

#include <memory>

namespace sonde::queue::local {

/// The two sides of a store on this machine, and whether they may run at the same time.
struct log_store {
  std::unique_ptr<log_writer> writer;  ///< null: opened for reading next to another process
  std::unique_ptr<log_reader> reader;
  std::string identity;
  bool own_threads = true;  ///< false: both sides share one thread, because they share memory
};

/// Creates a queue from a store, and adds group commit, waiting readers and consumer groups. `log`
/// and `clock` must outlive it. Its threads are running on return.
[[nodiscard]] result<std::unique_ptr<backend>> make_local_queue(layout layout, log_store store,
                                                                const clock& clock,
                                                                const limits& limits, logger& log);

}  // namespace sonde::queue::local
