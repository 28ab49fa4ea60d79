#include "ingest/facts/submission_job.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/record_fit.hpp"
#include "model/errc.hpp"
#include "model/events.hpp"

namespace sonde::ingest {

model::submission_context submission_context_of(const caller& who, wall_time now,
                                                const model::address_scope& scope) {
  model::submission_context out{who.user_id, who.groups, who.groups, who.has("admin"), now, scope};
  out.may_name.emplace_back("public");
  return out;
}

result<submission_job::outcome> submission_job::run(std::uint64_t work) const {
  auto object = model::parse_json(body, json_depth);
  if (!object) return fail(errc::invalid, object.error().message());
  auto context = submission_context_of(from.who, now, *scope);
  context.nesting = nesting;
  context.entities = entities;
  context.work = work;
  auto read = what == kind::entity ? model::parse_submission(*object, context)
                                   : model::parse_well_known(*object, context);
  if (!read && read.error().code == make_error_code(model::errc::over_budget)) return read.error();
  if (!read) return fail(errc::invalid, read.error().message());
  outcome out;
  out.id = read->id.str();
  out.records.reserve(read->entities.size() + read->associations.size());
  auto event_id = [&] { return from.request_id + "/" + std::to_string(out.records.size()); };
  for (const auto& entity : read->entities) {
    out.records.push_back(to_record(entity, event_id(), from.traceparent));
    auto fits = check_fits(out.records.back(), entity, record_max_bytes);
    if (!fits) return fits.error();
  }
  for (const auto& edge : read->associations)
    out.records.push_back(to_record(edge, event_id(), from.traceparent));
  return out;
}

}  // namespace sonde::ingest
