#pragma once

#include <string>

namespace sonde::views {

/// How a view gets on with its topics.
struct view_standing {
  bool complete = false;  ///< it has caught up with them once since it was opened
  /// Why nothing could be folded for seconds; empty where it could, or there was nothing to fold.
  std::string trouble;
};

}  // namespace sonde::views
