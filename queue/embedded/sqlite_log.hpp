#pragma once

#include "queue/embedded/database.hpp"
#include "queue/embedded/disk_floor.hpp"
#include "queue/embedded/folder_lock.hpp"
#include "queue/local/log_store.hpp"

#include <filesystem>
#include <memory>

namespace sonde::queue::embedded {

/// Creates the writing side of a queue file: appends, group offsets, checkpoints, retention and
/// compaction. A write that does not fit the disk is retried with a slice of the reserve.
[[nodiscard]] result<std::unique_ptr<local::log_writer>> make_sqlite_writer(
    std::filesystem::path file, folder_lock lock, disk_floor floor, opened_database database,
    local::layout layout);

/// Creates the reading side, on a separate connection.
[[nodiscard]] std::unique_ptr<local::log_reader> make_sqlite_reader(std::filesystem::path file,
                                                                    opened_database database,
                                                                    local::layout layout);

}  // namespace sonde::queue::embedded
