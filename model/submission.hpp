#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/address_scope.hpp"
#include "model/entity.hpp"
#include "model/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::model {

/// Who submits, when, and within which bounds.
struct submission_context {
  std::string source;   ///< the caller's user id
  group_list groups;    ///< see it where nothing else is said
  group_list may_name;  ///< groups that `visibleBy` may hold
  bool may_name_any = false;
  wall_time now{};
  const address_scope& scope;
  std::uint32_t nesting = 8;      ///< of associations
  std::uint32_t entities = 1000;  ///< of one request, correlated ones included
  std::uint64_t work = 150'000;   ///< what checking it may cost; see `work_budget`
};

/// What a caller says of an entity and of those around it.
struct submission {
  entity_id id;                  ///< of the entity that was submitted
  std::vector<entity> entities;  ///< each once for every set of readers; that one first
  std::vector<association> associations;
};

/// Reads the body of `POST /entity`: a type, attributes in their canonical forms, associations
/// nested in it, and attributes that become entities of their own (`correlate`).
///
/// Errors are of `errc::invalid_value` or `errc::invalid_field`; the sentence begins with the
/// place, as in `associations[0].attributes.ip: …`. `errc::over_budget`: to check it costs more
/// than `submission_context::work`; so much work and no more has been done.
[[nodiscard]] result<submission> parse_submission(const json& body,
                                                  const submission_context& context);

/// Reads the body of `POST /well-known`: a type and attributes.
[[nodiscard]] result<submission> parse_well_known(const json& body,
                                                  const submission_context& context);

/// Reads a `visibleBy`: sorted, unique, not empty, and only what the caller may name. Missing: the
/// groups of the context. `where` begins the sentence of an error.
[[nodiscard]] result<group_list> parse_visible_by(const json& body, const group_list& otherwise,
                                                  const submission_context& context,
                                                  const std::string& where);

}  // namespace sonde::model
