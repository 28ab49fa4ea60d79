#pragma once

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

/// The value of the first header called `name`, or nothing.
[[nodiscard]] inline const std::string* find_header(const record_headers& headers,
                                                    const std::string& name) {
  for (const auto& [header, value] : headers) {
    if (header == name) return &value;
  }
  return nullptr;
}

}  // namespace sonde
