#pragma once

#include "daemon/limits.hpp"

namespace sonde::test {

/// All limits, for tests in which the limits of several folders meet.
using limits = daemon::limits;

}  // namespace sonde::test
