#pragma once

#include <cstdint>

namespace sonde::scanner {

/// Limits on the data that one scan may hold and publish in total, whatever the target sends. The
/// values are the defaults.
struct scan_limits {
  std::uint32_t scan_evidence_bytes =
      4u << 20;  ///< banners and DER of certificates, 2,500 usual ones. Beyond it: fingerprints
  std::uint32_t scan_unpublished_bytes =
      8u << 20;  ///< findings in memory, not yet published; beyond it no new conversation starts
  std::uint32_t scan_entities = 50'000;       ///< published; 8 addresses with 1,000 open ports each
  std::uint32_t scan_associations = 150'000;  ///< published; three for each entity
  std::uint32_t scan_hostnames = 5'000;       ///< of the entities: alternative names of leaves
  std::uint32_t banner_text_bytes = 4'096;    ///< kept of a banner, as text
  std::uint32_t results_endpoints = 1000;     ///< listed in a task's results; the rest is counted
};

}  // namespace sonde::scanner
