#pragma once

#include <string>

namespace sonde::views {

/// The state of a view relative to its topics.
struct view_health {
  bool complete = false;  ///< has caught up once since it was opened
  /// Why folding has failed for some seconds; empty if it works or there is nothing to fold.
  std::string reason;
};

}  // namespace sonde::views
