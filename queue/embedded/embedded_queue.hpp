#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/limits.hpp"

#include <filesystem>

namespace sonde::queue {

/// Opens the durable queue of one machine: a SQLite database, `queue.db`, in a data folder.
///
/// One process writes, and holds the folder's lock while it runs. Acknowledged records survive a
/// power cut: write-ahead log, `synchronous=FULL`, one fsync for all waiting writes. Errors name
/// the folder or file, the fault and the remedy.
[[nodiscard]] result<std::unique_ptr<backend>> open_embedded_queue(
    const std::filesystem::path& folder, std::vector<topic_spec> topics, std::string prefix,
    const clock& clock, const limits& limits, logger& log);

/// Checks that a data folder holds a queue; fails with `errc::read_only` if not.
/// `open_embedded_queue` creates a missing queue.
[[nodiscard]] result<> find_embedded_queue(const std::filesystem::path& folder);

/// Opens the same queue for reading only, also next to its writer. `produce` and commits fail with
/// `errc::read_only`.
[[nodiscard]] result<std::unique_ptr<backend>> open_embedded_queue_for_reading(
    const std::filesystem::path& folder, std::vector<topic_spec> topics, std::string prefix,
    const clock& clock, const limits& limits, logger& log);

}  // namespace sonde::queue
