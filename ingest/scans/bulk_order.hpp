#pragma once

#include "model/ids.hpp"

#include <string>

namespace sonde::ingest {

/// A body with one order per line, and its owner.
struct bulk_order {
  std::string body;
  model::group_list groups;  ///< visibility of the scans
  std::string traceparent;
  std::string request_id;
  std::string owner = {};  ///< the user
};

/// The results of such a body: one line of JSON per order.
struct bulk_receipts {
  std::string lines;
  bool some_refused = false;
};

}  // namespace sonde::ingest
