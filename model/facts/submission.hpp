#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/facts/entity.hpp"
#include "model/net/address_scope.hpp"
#include "model/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::model {

/// The author, the time and the bounds of a submission.
struct submission_context {
  std::string source;   ///< the caller's user id
  group_list groups;    ///< the default visibility
  group_list may_name;  ///< groups that `visibleBy` may hold
  bool may_name_any = false;
  wall_time now{};
  const address_scope& scope;
  std::uint32_t nesting = 8;      ///< depth of associations
  std::uint32_t entities = 1000;  ///< entities of one request, correlated ones included
  std::uint64_t work = 150'000;   ///< work to check it; see `work_budget`
};

/// The entities and associations that a caller asserts.
struct submission {
  entity_id id;                  ///< the submitted entity
  std::vector<entity> entities;  ///< one for each visibility set; the submitted one is first
  std::vector<association> associations;
};

/// Reads the body of `POST /entity`: a type, attributes in canonical form, nested associations, and
/// attributes that become separate entities (`correlate`).
///
/// Fails with `errc::invalid_value` or `errc::invalid_field`; the sentence begins with the place,
/// as in `associations[0].attributes.ip: …`. Fails with `errc::over_budget` if the check costs more
/// than `submission_context::work`; the work done until then does not exceed that limit.
[[nodiscard]] result<submission> parse_submission(const json& body,
                                                  const submission_context& context);

/// Reads the body of `POST /well-known`: a type and attributes.
[[nodiscard]] result<submission> parse_well_known(const json& body,
                                                  const submission_context& context);

/// Reads `visibleBy`: sorted, unique, not empty, and only groups that the caller may name. If it is
/// missing: `otherwise`. `where` begins the sentence of an error.
[[nodiscard]] result<group_list> parse_visible_by(const json& body, const group_list& otherwise,
                                                  const submission_context& context,
                                                  const std::string& where);

}  // namespace sonde::model
