#include "scanner/engine/scan_budget.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// Cost of a certificate beyond its own bytes, which also limits the number of tiny ones.
constexpr std::size_t certificate_overhead = 512;
/// Bytes beyond the size of a usual certificate are names and other lists, each of which is
/// converted to text several times on its way to the topics: 15 certificates of 60 KiB took 10 MiB.
constexpr std::size_t usual_certificate = 4'096;
constexpr std::size_t cost_beyond_usual = 4;

std::size_t cost_of_certificate(std::size_t bytes) {
  auto usual = std::min(bytes, usual_certificate);
  return certificate_overhead + usual + (bytes - usual) * cost_beyond_usual;
}

}  // namespace

bool scan_budget::take(std::size_t bytes) {
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

bool scan_budget::admit_certificate(const std::string& sha256, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  if (admitted_.contains(sha256)) return true;
  if (!take(cost_of_certificate(bytes))) {
    ++left_out_.certificates;
    return false;
  }
  admitted_.insert(sha256);
  return true;
}

bool scan_budget::admit_banner(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  if (take(bytes)) return true;
  ++left_out_.banners;
  return false;
}

bool scan_budget::admit_facts(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  if (take(bytes)) return true;
  ++left_out_.facts;
  return false;
}

scan_budget::counts scan_budget::left_out() const {
  std::lock_guard lock(mutex_);
  return left_out_;
}

}  // namespace sonde::scanner
