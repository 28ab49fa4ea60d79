#pragma once

#include "model/ids.hpp"

#include <string>

namespace sonde::ingest {

/// The result of an order: a new task or an existing one.
struct scan_receipt {
  model::task_id id;
  std::string status;  ///< `new`, `queued`, `running` or `done`
  [[nodiscard]] bool is_new() const { return status == "new"; }
};

}  // namespace sonde::ingest
