#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "scanner/modules/recog.hpp"

#include <memory>

namespace sonde::daemon {

/// Loads the folder `scan.recog_dir`. Null if the setting is empty. Blocks. An error names the
/// setting, the file and the line.
[[nodiscard]] result<std::shared_ptr<const scanner::recog_database>> load_fingerprints(
    const configuration& config);

/// Logs how many fingerprints are loaded and how many are left out.
void log_fingerprints(logger& log, const scanner::recog_database::counts& loaded);

}  // namespace sonde::daemon
