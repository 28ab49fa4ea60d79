#pragma once

#include "base/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_set>

namespace sonde::scanner {

/// The bytes of banners and certificates that one scan keeps in full, all of its addresses
/// together: `limits::scan_evidence_bytes`. Of what comes beyond, fingerprints are kept.
///
/// A certificate counts once a scan, however many ports present it. Shared by the address scans of
/// one task, which run on different threads; thread-safe.
class scan_budget {
 public:
  explicit scan_budget(const limits& bounds) : left_(bounds.scan_evidence_bytes) {}

  /// Whether a certificate with this fingerprint may be parsed and kept.
  [[nodiscard]] bool admit_certificate(const std::string& sha256, std::size_t bytes);
  /// Whether a banner may be kept.
  [[nodiscard]] bool admit_banner(std::size_t bytes);

  struct counts {
    std::uint32_t certificates = 0;  ///< as often as they were presented
    std::uint32_t banners = 0;
  };
  /// What was not admitted.
  [[nodiscard]] counts left_out() const;

 private:
  [[nodiscard]] bool take(std::size_t bytes);

  mutable std::mutex mutex_;
  std::size_t left_;
  std::unordered_set<std::string> admitted_;  ///< bounded, as each takes its part of the budget
  counts left_out_;
};

}  // namespace sonde::scanner
