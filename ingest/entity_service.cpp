#include "ingest/entity_service.hpp"

#include "ingest/durable_write.hpp"
#include "ingest/entity_json.hpp"
#include "ingest/errc.hpp"
#include "ingest/record_fit.hpp"
#include "model/events.hpp"
#include "model/text.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr std::size_t related_shown = 100;
constexpr std::size_t comments_shown = 1'000;
/// Users whose last writes are remembered until they have been folded.
constexpr std::size_t most_writers = 10'000;

error invalid(const std::string& what) {
  return fail(errc::invalid, what);
}

error no_entity() {
  return fail(errc::not_found, "there is no entity with this id");
}

/// A text that has to be there.
result<std::string> required_text(const json& body, const char* name) {
  auto found = body.find(name);
  if (found == body.end()) return invalid(std::string(name) + ": is missing");
  if (found->is_string()) return found->get<std::string>();
  return invalid(std::string(name) + ": is not a text but of the type " + found->type_name());
}

result<model::entity_id> required_entity(const json& body, const char* name) {
  auto text = required_text(body, name);
  if (!text) return text.error();
  if (model::is_entity_id(*text)) return model::entity_id(std::move(*text));
  return fail(errc::not_found, std::string(name) + ": there is no entity with this id");
}

result<model::association_mode> mode_of(const json& body) {
  auto found = body.find("mode");
  if (found == body.end()) return model::association_mode::association;
  for (auto mode : {model::association_mode::association, model::association_mode::aggregation}) {
    if (*found == name_of(mode)) return mode;
  }
  return invalid("mode: is neither \"association\" nor \"aggregation\"");
}

struct read_comment {
  model::entity_id entity;
  std::string text;
  std::optional<model::comment_id> parent;
  model::group_list visible_by;
};

result<read_comment> parse(const json& body, const model::submission_context& context) {
  if (auto known = model::check_fields(body, {"entityID", "comment", "parentID", "visibleBy"});
      !known) {
    return invalid(known.error().message());
  }
  auto entity = required_entity(body, "entityID");
  if (!entity) return entity.error();
  auto text = required_text(body, "comment");
  if (!text) return text.error();
  if (model::is_blank(*text)) return invalid("comment: is blank; say something");
  if (text->size() > model::longest_comment) {
    return invalid("comment: is longer than " + std::to_string(model::longest_comment) +
                   " bytes; shorten it");
  }
  read_comment out{std::move(*entity), std::move(*text), std::nullopt, {}};
  if (body.contains("parentID")) {
    auto parent = required_text(body, "parentID");
    if (!parent) return parent.error();
    out.parent = model::comment_id(std::move(*parent));
  }
  auto groups = model::parse_visible_by(body, context.groups, context, "");
  if (!groups) return invalid(groups.error().message());
  out.visible_by = std::move(*groups);
  return out;
}

}  // namespace

entity_service::entity_service(executor loop, queue::backend& queue, views::entity_view& entities,
                               std::shared_ptr<const model::address_scope> scope,
                               const limits& limits, const clock& clock, logger& log)
    : queue_(queue),
      entities_(entities),
      scope_(std::move(scope)),
      limits_(limits),
      clock_(clock),
      writes_(loop, log, "entity service") {}

steady_time entity_service::deadline() const {
  return clock_.steady_now() + milliseconds(limits_.http_answer_timeout_ms);
}

model::submission_context entity_service::context_of(const caller& who) const {
  model::submission_context out{who.user_id,      who.groups,   who.groups,
                                who.has("admin"), clock_.now(), *scope_};
  out.may_name.emplace_back("public");
  out.nesting = limits_.submission_nesting;
  out.entities = limits_.submission_entities;
  return out;
}

awaitable<result<std::string>> entity_service::submit(json body, submitted_by from) {
  auto read = model::parse_submission(body, context_of(from.who));
  return write_submission(std::move(read), std::move(from));
}

awaitable<result<std::string>> entity_service::submit_well_known(json body, submitted_by from) {
  auto read = model::parse_well_known(body, context_of(from.who));
  return write_submission(std::move(read), std::move(from));
}

awaitable<result<std::string>> entity_service::write_submission(result<model::submission> read,
                                                                submitted_by from) {
  if (!read) co_return invalid(read.error().message());
  std::vector<record> batch;
  auto event_id = [&] { return from.request_id + "/" + std::to_string(batch.size()); };
  for (const auto& entity : read->entities) {
    batch.push_back(to_record(entity, event_id(), from.traceparent));
    auto fits = check_fits(batch.back(), entity, limits_.record_max_bytes);
    if (!fits) co_return fits.error();
  }
  for (const auto& edge : read->associations)
    batch.push_back(to_record(edge, event_id(), from.traceparent));
  auto written = co_await write(std::move(batch), from.who, deadline());
  if (!written) co_return written.error();
  co_return read->id.str();
}

awaitable<result<std::string>> entity_service::associate(json body, submitted_by from) {
  if (auto known = model::check_fields(body, {"entityID", "relatedEntityID", "mode"}); !known) {
    co_return invalid(known.error().message());
  }
  auto mode = mode_of(body);
  if (!mode) co_return mode.error();
  auto first = required_entity(body, "entityID");
  if (!first) co_return first.error();
  auto second = required_entity(body, "relatedEntityID");
  if (!second) co_return second.error();
  if (*first == *second) co_return invalid("relatedEntityID: is the same entity as entityID");
  auto until = deadline();
  std::vector<model::entity_id> ends = {*first, *second};
  auto missing = co_await entities_.first_missing(std::move(ends), from.who.sees, until);
  if (!missing) co_return as_answer(missing.error());
  if (*missing) {
    const char* field = **missing == *first ? "entityID" : "relatedEntityID";
    co_return fail(errc::not_found, std::string(field) + ": there is no entity with this id");
  }
  model::provenance said{from.who.user_id, from.who.groups, clock_.now(), std::nullopt};
  auto edge = model::make_association(*first, *mode, *second, {}, std::move(said));
  std::vector<record> batch;
  batch.push_back(to_record(edge, from.request_id + "/0", from.traceparent));
  auto written = co_await write(std::move(batch), from.who, until);
  if (!written) co_return written.error();
  co_return edge.id.str();
}

awaitable<result<std::string>> entity_service::comment(json body, submitted_by from) {
  auto read = parse(body, context_of(from.who));
  if (!read) co_return read.error();
  auto until = deadline();
  std::vector<model::entity_id> of = {read->entity};
  auto missing = co_await entities_.first_missing(std::move(of), from.who.sees, until);
  if (!missing) co_return as_answer(missing.error());
  if (*missing) co_return fail(errc::not_found, "entityID: there is no entity with this id");
  if (read->parent) {
    auto there = co_await entities_.has_comment(read->entity, *read->parent, from.who.sees, until);
    if (!there) co_return as_answer(there.error());
    if (!*there) {
      co_return fail(errc::not_found, "parentID: this entity has no comment with this id");
    }
  }
  model::provenance said{from.who.user_id, std::move(read->visible_by), clock_.now(), std::nullopt};
  auto made = model::make_comment(read->entity, std::move(read->text), std::move(read->parent),
                                  std::move(said));
  std::vector<record> batch;
  batch.push_back(to_record(made, from.request_id + "/0", from.traceparent));
  auto fits = check_fits(batch.back(), made, limits_.record_max_bytes);
  if (!fits) co_return fits.error();
  auto written = co_await write(std::move(batch), from.who, until);
  if (!written) co_return written.error();
  co_return made.id.str();
}

awaitable<result<>> entity_service::write(std::vector<record> batch, caller who,
                                          steady_time until) {
  auto bytes = bytes_of(batch);
  auto written = co_await write_durably(writes_, queue_, std::move(batch), until);
  if (!written) co_return written.error();
  if (quota_ != nullptr) quota_->charge(who.groups, bytes);
  const auto& user = who.user_id;
  if (unread_.size() >= most_writers && !unread_.contains(user)) unread_.erase(unread_.begin());
  auto& unread = unread_[user];
  for (const auto& place : *written) {
    auto same = [&](const auto& p) {
      return p.topic == place.topic && p.partition == place.partition;
    };
    auto found = std::ranges::find_if(unread, same);
    if (found == unread.end()) {
      unread.push_back({place.topic, place.partition, place.offset});
    } else {
      found->offset = std::max(found->offset, place.offset);
    }
  }
  co_return result<>();
}

/// Waits until what this user has written here can be read here. Past the deadline the answer is
/// what there is.
awaitable<void> entity_service::see_own_writes(std::string user, steady_time until) {
  auto found = unread_.find(user);
  if (found == unread_.end()) co_return;
  auto positions = found->second;
  bool seen = co_await entities_.wait_until_passed(positions, until);
  found = unread_.find(user);
  if (seen && found != unread_.end() && found->second == positions) unread_.erase(found);
}

/// Moved there and back: it is destroyed where it was built, which takes as long.
template <class Found>
awaitable<result<json>> entity_service::build(Found found) {
  if (builder_ == nullptr) co_return to_json(found);
  std::function<json()> work = [found = std::move(found)] { return to_json(found); };
  auto built = co_await builder_->run<json>(std::move(work));
  co_return built;
}

awaitable<result<json>> entity_service::details(std::string id, caller who) {
  if (!model::is_entity_id(id)) co_return no_entity();
  auto until = deadline();
  co_await see_own_writes(who.user_id, until);
  auto found = co_await entities_.find(model::entity_id(std::move(id)), std::move(who.sees),
                                       related_shown, until);
  if (!found) co_return as_answer(found.error());
  if (!*found) co_return no_entity();
  co_return co_await build(std::move(**found));
}

awaitable<result<json>> entity_service::relations(std::string id, caller who, std::uint32_t levels,
                                                  std::uint32_t limit) {
  if (!model::is_entity_id(id)) co_return no_entity();
  auto until = deadline();
  co_await see_own_writes(who.user_id, until);
  auto found = co_await entities_.walk(model::entity_id(std::move(id)), std::move(who.sees), levels,
                                       limit, until);
  if (!found) co_return as_answer(found.error());
  if (!*found) co_return no_entity();
  co_return co_await build(std::move(**found));
}

awaitable<result<json>> entity_service::comments(std::string id, caller who) {
  if (!model::is_entity_id(id)) co_return no_entity();
  auto found = co_await entities_.comments(model::entity_id(std::move(id)), std::move(who.sees),
                                           comments_shown, deadline());
  if (!found) co_return as_answer(found.error());
  if (!*found) co_return no_entity();
  co_return co_await build(std::move(**found));
}

void entity_service::set_scope(std::shared_ptr<const model::address_scope> scope) {
  scope_ = std::move(scope);
}

awaitable<void> entity_service::stop() {
  co_await writes_.join();
}

}  // namespace sonde::ingest
