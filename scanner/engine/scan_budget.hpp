#pragma once

#include "scanner/scan_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_set>

namespace sonde::scanner {

/// Limits the bytes of banners, certificates and facts that one scan keeps in full, for all its
/// addresses together: `scan_limits::scan_evidence_bytes`. Beyond it only fingerprints are kept,
/// and no facts.
///
/// A certificate counts once per scan, for any number of ports that present it. Shared by the
/// address scans of one task, which run on different threads; thread-safe.
class scan_budget {
 public:
  explicit scan_budget(const scan_limits& bounds) : left_(bounds.scan_evidence_bytes) {}

  /// Tells whether a certificate with this fingerprint may be parsed and kept.
  [[nodiscard]] bool admit_certificate(const std::string& sha256, std::size_t bytes);
  /// Tells whether a banner may be kept.
  [[nodiscard]] bool admit_banner(std::size_t bytes);
  /// Tells whether the facts that a service stated may be kept.
  [[nodiscard]] bool admit_facts(std::size_t bytes);

  struct counts {
    std::uint32_t certificates = 0;  ///< one per presentation
    std::uint32_t banners = 0;
    std::uint32_t facts = 0;  ///< one per service
  };
  /// Counts what was not admitted.
  [[nodiscard]] counts left_out() const;

 private:
  [[nodiscard]] bool take(std::size_t bytes);

  mutable std::mutex mutex_;
  std::size_t left_;
  std::unordered_set<std::string> admitted_;  ///< limited, as each entry takes a part of the budget
  counts left_out_;
};

}  // namespace sonde::scanner
