#pragma once

#include "base/result.hpp"
#include "ingest/scans/order_rules.hpp"
#include "ingest/scans/scan_receipt.hpp"
#include "model/ids.hpp"
#include "model/scan/scan_request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// A line of a body with many scans.
struct numbered_line {
  std::size_t number = 0;
  std::string text;
};

/// One line and its result.
struct bulk_entry {
  std::size_t line = 0;
  std::size_t bytes = 0;  ///< approximate size of its record
  std::string target;
  scan_order order;
  model::target_key key;
  scan_receipt receipt;
  bool to_be_written = false;  ///< its receipt holds once the batch is durable
  std::optional<error> refusal;
};

/// A scan request and the line that causes it.
struct numbered_request {
  std::size_t line = 0;
  model::scan_request what;
};

/// The data that all lines of a body share. Workers share it; immutable.
struct bulk_line_reader {
  std::shared_ptr<const order_rules> rules;
  std::uint32_t depth = 0;  ///< limit of the nesting of JSON
  model::group_list groups;
  std::string traceparent;
  std::string owner;

  /// Parses an order. The entry of an invalid one holds its refusal.
  [[nodiscard]] bulk_entry read(const numbered_line& line) const;
  [[nodiscard]] std::vector<bulk_entry> read_all(const std::vector<numbered_line>& lines) const;
};

}  // namespace sonde::ingest
