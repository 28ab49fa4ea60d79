#pragma once

#include "base/record.hpp"
#include "base/result.hpp"
#include "ingest/http/http_message.hpp"
#include "model/facts/submission.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// The origin of a fact, as stored in its record.
struct submitted_by {
  caller who;
  std::string request_id;
  std::string traceparent;
};

/// Converts a body of `POST /entity` or `/well-known` to records. A value that shares nothing with
/// the service, so that any thread can run it.
struct submission_job {
  enum class kind : std::uint8_t { entity, well_known };

  struct outcome {
    std::string id;  ///< id of the submitted entity
    std::vector<record> records;
  };

  kind what = kind::entity;
  std::string body;
  submitted_by from;
  wall_time now{};
  std::shared_ptr<const model::address_scope> scope;
  std::uint32_t json_depth = 0;
  std::uint32_t nesting = 0;   ///< maximum nesting of associations
  std::uint32_t entities = 0;  ///< maximum number in one request
  std::uint32_t record_max_bytes = 0;

  /// Parses, checks and serialises with at most `work` units of work (see `model::work_budget`).
  /// `model::errc::over_budget`: it needs more.
  [[nodiscard]] result<outcome> run(std::uint64_t work) const;
};

/// Returns what the caller may submit, and its limits.
[[nodiscard]] model::submission_context submission_context_of(const caller& who, wall_time now,
                                                              const model::address_scope& scope);

}  // namespace sonde::ingest
