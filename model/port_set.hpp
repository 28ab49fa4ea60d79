#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// A set of TCP ports in its one written form: `22,80-90`, ascending, ranges merged.
///
/// Ports can be counted and picked by rank, so that a sweep walks any set in any order without
/// listing it.
class port_set {
 public:
  port_set() = default;

  /// Numbers and ranges between commas, in any order, overlaps allowed; 1 to 65535.
  [[nodiscard]] static result<port_set> parse(std::string_view text);
  [[nodiscard]] static port_set all();
  [[nodiscard]] static port_set of(std::vector<std::uint16_t> ports);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool contains(std::uint16_t port) const;
  /// The port with `rank` smaller ones in the set; `rank` is below `size()`.
  [[nodiscard]] std::uint16_t at(std::uint32_t rank) const;
  [[nodiscard]] std::string text() const;

  bool operator==(const port_set&) const = default;

 private:
  struct range {
    std::uint16_t first;
    std::uint16_t last;
    std::uint32_t rank;  ///< of `first`
    bool operator==(const range&) const = default;
  };
  /// Sorts, merges and ranks.
  [[nodiscard]] static port_set normalised(std::vector<range> ranges);

  std::vector<range> ranges_;
  std::uint32_t size_ = 0;
};

}  // namespace sonde::model
