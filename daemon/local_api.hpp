#pragma once

#include "client/scan_api.hpp"
#include "ingest/facts/entity_service.hpp"
#include "ingest/scans/scan_service.hpp"

#include <memory>
#include <string>

namespace sonde::daemon {

/// Creates the API of this process's services. The services live on `loop`.
[[nodiscard]] std::unique_ptr<client::scan_api> make_local_api(executor loop,
                                                               ingest::scan_service& scans,
                                                               ingest::entity_service& facts,
                                                               std::string process_id);

}  // namespace sonde::daemon
