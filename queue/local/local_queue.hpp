#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/local/log_store.hpp"

#include <memory>

namespace sonde::queue::local {

/// The two sides of a store on this machine, and whether they may work at the same time.
struct log_store {
  std::unique_ptr<log_writer> writer;  ///< none: opened for reading beside another process
  std::unique_ptr<log_reader> reader;
  std::string identity;
  bool own_threads = true;  ///< false: both sides share one, because they share memory
};

/// Makes a queue from a store: group commit, waiting readers and consumer groups come with it.
/// `log` and `clock` must outlive it. Threads are running when this returns.
[[nodiscard]] result<std::unique_ptr<backend>> make_local_queue(layout layout, log_store store,
                                                                const clock& clock,
                                                                const limits& limits, logger& log);

}  // namespace sonde::queue::local
