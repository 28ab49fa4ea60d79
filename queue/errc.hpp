#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::queue {

/// Errors of a queue. The comment of each code says when it occurs and what to do.
enum class errc {
  busy = 1,     ///< too much data waits for the disk or the brokers; retry later
  no_space,     ///< the disk is full; the queue works again when there is space
  unavailable,  ///< records cannot be made durable now; retry later
  broken,       ///< a write may be incomplete; stop, and recover by a restart
  too_large,    ///< one record, or one batch of records, exceeds the limit
  unknown_topic,
  out_of_range,  ///< the requested offset has expired or does not exist yet
  not_owned,     ///< another member of the group owns the partition now
  closed,        ///< this process closed the queue
  locked,        ///< another process writes to this data folder
  read_only,
  not_ours,        ///< another program created the file
  unknown_schema,  ///< a later version of this program wrote the file
  damaged,
  mismatch,  ///< a topic differs from the configuration
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
/// Returns true for transient errors. `broken` is transient because a restart repairs it and the
/// item is not the cause. `unknown_topic` is transient because topics can be created while
/// processes run.
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::queue

template <>
struct boost::system::is_error_code_enum<sonde::queue::errc> : std::true_type {};
