#pragma once

#include "base/result.hpp"
#include "model/scan/scan_task.hpp"
#include "model/text/json.hpp"

namespace sonde::model {

/// Writes one row of `results` of a snapshot.
[[nodiscard]] json to_json(const endpoint_result& r);
[[nodiscard]] result<endpoint_result> read_endpoint(const json& object);

}  // namespace sonde::model
