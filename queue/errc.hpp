#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::queue {

/// How a queue can fail. The sentence beside the code says what to do about it.
enum class errc {
  busy = 1,     ///< too much waits for the disk or the brokers: try again later
  no_space,     ///< the disk is full: works again when there is room
  unavailable,  ///< cannot be made durable now: try again later
  broken,       ///< a write may be half done: stop, and recover by restart
  too_large,    ///< one record, or a batch of them, is over the limit
  unknown_topic,
  out_of_range,  ///< the offset asked for is not kept any more, or not yet there
  not_owned,     ///< the partition belongs to another member of the group by now
  closed,        ///< by this process itself
  locked,        ///< another process writes to this data folder
  read_only,
  not_ours,        ///< the file was made by another program
  unknown_schema,  ///< … or by a later version of this one
  damaged,
  mismatch,  ///< a topic is not what the configuration says it is
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
/// `broken` is transient: a restart mends it, and the item is not to blame. So is `unknown_topic`:
/// topics are made while processes run.
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::queue

template <>
struct boost::system::is_error_code_enum<sonde::queue::errc> : std::true_type {};
