#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sonde {

/// Names and values of a record's headers, in order. Names may repeat.
using record_headers = std::vector<std::pair<std::string, std::string>>;

/// A record of a topic. The type is here, below both folders, because `model` defines the content
/// of records and `queue` moves them without reading it.
struct record {
  std::string topic;  ///< the topic's short name, as in "scan.requests"
  std::string key;
  std::string value;
  record_headers headers;
  /// True for revocations, cancellations, leases, and snapshots of scans that are queued, are being
  /// cancelled or have ended. Such a record is written even if the disk is nearly full. The flag is
  /// not stored.
  bool urgent = false;

  bool operator==(const record& other) const {
    return topic == other.topic && key == other.key && value == other.value &&
           headers == other.headers;
  }
};

/// A digest of the content of a record, and the time of the record. Records with equal `said`
/// differ only in their time and in the run that wrote them. A reader of the topic keeps only
/// the newest of them.
struct repeat_mark {
  std::array<std::byte, 16> said{};
  wall_time time{};
};

/// Returns the value of the first header `name`, or null.
[[nodiscard]] inline const std::string* find_header(const record_headers& headers,
                                                    const std::string& name) {
  for (const auto& [header, value] : headers) {
    if (header == name) return &value;
  }
  return nullptr;
}

}  // namespace sonde
