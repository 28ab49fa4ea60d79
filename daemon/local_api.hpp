#pragma once

#include "client/scan_api.hpp"
#include "ingest/entity_service.hpp"
#include "ingest/scan_service.hpp"

#include <memory>
#include <string>

namespace sonde::daemon {

/// The services of this process, as the verbs see a server. `loop` is theirs.
[[nodiscard]] std::unique_ptr<client::scan_api> make_local_api(executor loop,
                                                               ingest::scan_service& scans,
                                                               ingest::entity_service& facts,
                                                               std::string process_id);

}  // namespace sonde::daemon
