#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// A set of TCP ports in canonical text form: `22,80-90`, ascending, with merged ranges.
///
/// Ports can be counted and selected by rank, so that a sweep can use any order without a list of
/// all ports.
class port_set {
 public:
  port_set() = default;

  /// Parses numbers and ranges between commas, in any order and with overlaps. Ports are 1 to
  /// 65535.
  [[nodiscard]] static result<port_set> parse(std::string_view text);
  [[nodiscard]] static port_set all();
  [[nodiscard]] static port_set of(std::vector<std::uint16_t> ports);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool contains(std::uint16_t port) const;
  /// Returns the port that has `rank` smaller ports in the set. `rank` must be below `size()`.
  [[nodiscard]] std::uint16_t at(std::uint32_t rank) const;
  [[nodiscard]] std::string text() const;

  bool operator==(const port_set&) const = default;

 private:
  struct range {
    std::uint16_t first;
    std::uint16_t last;
    std::uint32_t rank;  ///< rank of `first`
    bool operator==(const range&) const = default;
  };
  /// Sorts and merges the ranges and computes their ranks.
  [[nodiscard]] static port_set normalised(std::vector<range> ranges);

  std::vector<range> ranges_;
  std::uint32_t size_ = 0;
};

}  // namespace sonde::model
