#pragma once

#include "base/async/retry.hpp"
#include "base/async/stop_signal.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sonde::queue {

/// A record that can never be made durable as it is.
struct refused_record {
  std::size_t index = 0;  ///< in the batch that was given
  error why;
};

struct produced {
  std::vector<position> places;  ///< of the accepted records, in their order
  std::vector<refused_record> refused;
};

/// Makes a batch of any size durable, in parts that a transaction can hold, in order.
///
/// Transient errors are retried until `stop` is requested. A permanent error ends only the record
/// that caused it: it is logged, returned in `refused`, and the records after it go on. The result
/// is an error where the queue itself takes nothing more: stop was requested, the queue is closed,
/// or the partition belongs to another process. `what` is the event that a failure logs.
awaitable<result<produced>> produce_all(sink& to, std::vector<record> batch, stop_signal& stop,
                                        logger& log, std::string what);

/// Whether an error is the fault of what was to be written, and not of the queue or its owner.
[[nodiscard]] bool blames_the_record(const error& why);

}  // namespace sonde::queue
