#pragma once

#include "model/scan/scan_task.hpp"

#include <optional>
#include <string>

namespace sonde::views {

/// A task as a column of its row holds it. Internal to this folder.
struct stored_task {
  model::scan_task task;
  std::string text;  ///< its JSON, with long lists of ports replaced by their numbers
};

/// The parts of a row of `tasks` that the next record of the task needs. Internal to this folder.
struct task_row {
  std::optional<stored_task> snapshot;
  std::optional<stored_task> effective;  ///< if it differs from the snapshot

  /// Returns nullptr if there is no row.
  [[nodiscard]] const model::scan_task* now() const {
    if (effective) return &effective->task;
    return snapshot ? &snapshot->task : nullptr;
  }
};

}  // namespace sonde::views
