#pragma once

#include "client/scan_api.hpp"
#include "ingest/scan_service.hpp"

#include <memory>
#include <string>

namespace sonde::daemon {

/// The scan service of this process, as the verbs see a server. `loop` is the service's.
[[nodiscard]] std::unique_ptr<client::scan_api> make_local_api(executor loop,
                                                               ingest::scan_service& scans,
                                                               std::string process_id);

}  // namespace sonde::daemon
