#pragma once

#include "base/limits.hpp"
#include "base/record.hpp"
#include "base/result.hpp"
#include "ingest/http_message.hpp"
#include "model/submission.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Where a fact comes from, as its record says it.
struct submitted_by {
  caller who;
  std::string request_id;
  std::string traceparent;
};

/// A body of `POST /entity` or `/well-known` on its way to records. A value that shares nothing
/// with the service, so that it can be worked on by any thread.
struct submission_job {
  enum class kind : std::uint8_t { entity, well_known };

  struct outcome {
    std::string id;  ///< of the entity that was submitted
    std::vector<record> records;
  };

  kind what = kind::entity;
  std::string body;
  submitted_by from;
  wall_time now{};
  std::shared_ptr<const model::address_scope> scope;
  std::uint32_t json_depth = 0;
  std::uint32_t nesting = 0;   ///< of associations
  std::uint32_t entities = 0;  ///< of one request
  std::uint32_t record_max_bytes = 0;

  /// Reads, checks and writes out, for at most so many units of work (see `model::work_budget`).
  /// `model::errc::over_budget`: it needs more.
  [[nodiscard]] result<outcome> run(std::uint64_t work) const;
};

/// What somebody may submit, and within which bounds.
[[nodiscard]] model::submission_context submission_context_of(const caller& who, wall_time now,
                                                              const model::address_scope& scope);

}  // namespace sonde::ingest
