#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sonde {

/// Names and values that travel beside a record, in order; names may repeat.
using record_headers = std::vector<std::pair<std::string, std::string>>;

/// What a topic carries. It is here, below both, because `model` says what stands in one and
/// `queue` moves it without looking inside.
struct record {
  std::string topic;  ///< the topic's short name, as in "scan.requests"
  std::string key;
  std::string value;
  record_headers headers;
  /// Revocations, cancellations and ends of scans: written even when the disk is nearly full. Not
  /// part of what is stored.
  bool urgent = false;

  bool operator==(const record& other) const {
    return topic == other.topic && key == other.key && value == other.value &&
           headers == other.headers;
  }
};

/// What a record says, and the time that it tells. Records with the same `said` differ in when and
/// by which run they say it, and in nothing that a reader of the topic keeps of more than the
/// newest.
struct repeat_mark {
  std::array<std::byte, 16> said{};
  wall_time time{};
};

/// The value of the first header called `name`, or nothing.
[[nodiscard]] inline const std::string* find_header(const record_headers& headers,
                                                    const std::string& name) {
  for (const auto& [header, value] : headers) {
    if (header == name) return &value;
  }
  return nullptr;
}

}  // namespace sonde
