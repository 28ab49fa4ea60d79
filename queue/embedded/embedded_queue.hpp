#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"

#include <filesystem>

namespace sonde::queue {

/// The durable queue of one machine: a SQLite database, `queue.db`, in a data folder.
///
/// One process writes, and holds the folder's lock while it lives. What it acknowledged survives a
/// power cut: write-ahead log, `synchronous=FULL`, one fsync for all that waits. Errors name the
/// folder or file, what is wrong with it and what can be done.
[[nodiscard]] result<std::unique_ptr<backend>> open_embedded_queue(
    const std::filesystem::path& folder, std::vector<topic_spec> topics, std::string prefix,
    const clock& clock, const limits& limits, logger& log);

/// Whether a data folder has one; opening makes it where it is missing. `errc::read_only`.
[[nodiscard]] result<> find_embedded_queue(const std::filesystem::path& folder);

/// The same queue for reading only, also beside its writer. What it cannot do, `produce` and
/// commits, answers `errc::read_only`.
[[nodiscard]] result<std::unique_ptr<backend>> open_embedded_queue_for_reading(
    const std::filesystem::path& folder, std::vector<topic_spec> topics, std::string prefix,
    const clock& clock, const limits& limits, logger& log);

}  // namespace sonde::queue
