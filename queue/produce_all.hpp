#pragma once

#include "base/async/retry.hpp"
#include "base/async/stop_signal.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sonde::queue {

/// A record that can never be made durable in its present form.
struct refused_record {
  std::size_t index = 0;  ///< index in the batch of the caller
  error why;
};

struct produced {
  std::vector<position> places;  ///< positions of the accepted records, in their order
  std::vector<refused_record> refused;
};

/// Makes a batch of any size durable, in order, in parts that fit into a transaction.
///
/// Retries transient errors until `stop` is requested. A permanent error ends only the record that
/// caused it: the error is logged and returned in `refused`, and the records after it continue.
/// Returns an error if the queue itself accepts no more records: `stop` was requested, the queue is
/// closed, or another process owns the partition. `what` is the event that a failure logs.
awaitable<result<produced>> produce_all(sink& to, std::vector<record> batch, stop_signal& stop,
                                        logger& log, std::string what);

/// Returns true if the record caused the error, and not the queue or its owner.
[[nodiscard]] bool blames_the_record(const error& why);

}  // namespace sonde::queue
