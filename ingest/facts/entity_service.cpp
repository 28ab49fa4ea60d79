#include "ingest/facts/entity_service.hpp"

#include "base/async/deadline.hpp"
#include "ingest/errc.hpp"
#include "ingest/facts/entity_json.hpp"
#include "ingest/http/durable_write.hpp"
#include "ingest/http/record_fit.hpp"
#include "model/errc.hpp"
#include "model/events.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr std::size_t related_shown = 100;
constexpr std::size_t comments_shown = 1'000;
/// Maximum number of scans that one response reads for its verdicts, of all targets together.
constexpr std::size_t scans_compared = 20;
/// Longest time that a response waits for them.
constexpr milliseconds verdict_patience{500};
/// Maximum number of users whose last writes are remembered until they are folded.
constexpr std::size_t most_writers = 10'000;

error invalid(const std::string& what) {
  return fail(errc::invalid, what);
}

error no_entity() {
  return fail(errc::not_found, "there is no entity with this id");
}

/// Reads a mandatory text field.
result<std::string> required_text(const json& body, const char* name) {
  auto found = body.find(name);
  if (found == body.end()) return invalid(std::string(name) + ": is missing");
  if (found->is_string()) return found->get<std::string>();
  return invalid(std::string(name) + ": is not a string but of the type " + found->type_name());
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

struct read_association {
  model::entity_id first;
  model::entity_id second;
  model::association_mode mode;
};

result<read_association> parse_association(const json& body) {
  if (auto known = model::check_fields(body, {"entityID", "relatedEntityID", "mode"}); !known) {
    return invalid(known.error().message());
  }
  auto mode = mode_of(body);
  if (!mode) return mode.error();
  auto first = required_entity(body, "entityID");
  if (!first) return first.error();
  auto second = required_entity(body, "relatedEntityID");
  if (!second) return second.error();
  if (*first == *second) return invalid("relatedEntityID: is the same entity as entityID");
  return read_association{std::move(*first), std::move(*second), *mode};
}

struct read_comment {
  model::entity_id entity;
  std::string text;
  std::optional<model::comment_id> parent;
  model::group_list visible_by;
};

result<read_comment> parse_comment(const json& body, const model::submission_context& context) {
  if (auto known = model::check_fields(body, {"entityID", "comment", "parentID", "visibleBy"});
      !known) {
    return invalid(known.error().message());
  }
  auto entity = required_entity(body, "entityID");
  if (!entity) return entity.error();
  auto text = required_text(body, "comment");
  if (!text) return text.error();
  if (model::is_blank(*text)) return invalid("comment: is blank; write a text");
  if (text->size() > model::longest_comment) {
    return invalid(
        fmt::format("comment: is longer than {} bytes; shorten it", model::longest_comment));
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

port_verdicts verdicts_of(const std::vector<views::task_list>& scans) {
  port_verdicts out;
  for (const auto& list : scans) {
    for (const auto& one : list.tasks)
      out.take_in(one.task);
  }
  return out;
}

bool is_over_budget(const result<submission_job::outcome>& made) {
  return !made && made.error().code == make_error_code(model::errc::over_budget);
}

}  // namespace

entity_service::entity_service(const context& around,
                               std::shared_ptr<const model::address_scope> scope)
    : workers_(around.workers),
      queue_(around.queue),
      entities_(around.entities),
      scope_(std::move(scope)),
      bounds_(around.bounds),
      clock_(around.time),
      writes_(around.workers.loop(), around.log, "entity service") {}

steady_time entity_service::deadline() const {
  return clock_.steady_now() + milliseconds(bounds_.http.http_answer_timeout_ms);
}

awaitable<result<std::string>> entity_service::submit(std::string body, submitted_by from) {
  submission_job job;
  job.body = std::move(body);
  job.from = std::move(from);
  return take_in(std::move(job));
}

awaitable<result<std::string>> entity_service::submit_well_known(std::string body,
                                                                 submitted_by from) {
  submission_job job;
  job.what = submission_job::kind::well_known;
  job.body = std::move(body);
  job.from = std::move(from);
  return take_in(std::move(job));
}

/// Tries a small body on this loop first: mostly it is done before a worker would have started.
awaitable<result<std::string>> entity_service::take_in(submission_job job) {
  auto until = deadline();
  job.now = clock_.now();
  job.scope = scope_;
  job.json_depth = bounds_.http.json_depth;
  job.nesting = bounds_.facts.submission_nesting;
  job.entities = bounds_.facts.submission_entities;
  std::uint64_t most = bounds_.facts.submission_work;
  job.record_max_bytes = bounds_.queue.record_max_bytes;
  auto who = job.from.who;
  auto turn = turn_of(job.from.who);
  result<submission_job::outcome> made = fail(model::errc::over_budget);
  std::uint64_t tried = 0;
  if (workers_.is_small(job.body.size())) {
    tried = std::min<std::uint64_t>(bounds_.facts.inline_work, most);
    made = job.run(tried);
  }
  if (is_over_budget(made) && tried < most) {
    std::function<result<submission_job::outcome>()> work = [job = std::move(job), most] {
      return job.run(most);
    };
    made = co_await workers_.run(std::move(turn), until, std::move(work));
  }
  if (is_over_budget(made)) co_return fail(errc::too_large, made.error().message());
  if (!made) co_return made.error();
  auto written = co_await write(std::move(made->records), std::move(who), until);
  if (!written) co_return written.error();
  co_return std::move(made->id);
}

template <class T>
awaitable<result<T>> entity_service::read_body(std::string body, std::string caller,
                                               steady_time until,
                                               std::function<result<T>(const model::json&)> check) {
  bool small = workers_.is_small(body.size());
  std::function<result<T>()> work = [body = std::move(body), depth = bounds_.http.json_depth,
                                     check = std::move(check)]() -> result<T> {
    auto object = model::parse_json(body, depth);
    if (!object) return invalid(object.error().message());
    return check(*object);
  };
  if (small) co_return work();
  auto read = co_await workers_.run(std::move(caller), until, std::move(work));
  co_return read;
}

awaitable<result<std::string>> entity_service::associate(std::string body, submitted_by from) {
  auto until = deadline();
  std::function<result<read_association>(const json&)> check = parse_association;
  auto read = co_await read_body(std::move(body), turn_of(from.who), until, std::move(check));
  if (!read) co_return read.error();
  auto& [first, second, mode] = *read;
  std::vector<model::entity_id> ends = {first, second};
  auto missing = co_await entities_.first_missing(std::move(ends), from.who.sees, until);
  if (!missing) co_return as_answer(missing.error());
  if (*missing) {
    const char* field = **missing == first ? "entityID" : "relatedEntityID";
    co_return fail(errc::not_found, std::string(field) + ": there is no entity with this id");
  }
  model::provenance said{from.who.user_id, from.who.groups, clock_.now(), std::nullopt};
  auto edge = model::make_association(first, mode, second, {}, std::move(said));
  std::vector<record> batch;
  batch.push_back(to_record(edge, from.request_id + "/0", from.traceparent));
  auto written = co_await write(std::move(batch), from.who, until);
  if (!written) co_return written.error();
  co_return edge.id.str();
}

awaitable<result<std::string>> entity_service::comment(std::string body, submitted_by from) {
  auto until = deadline();
  std::function<result<read_comment>(const json&)> check = [who = from.who, now = clock_.now(),
                                                            scope = scope_](const json& object) {
    return parse_comment(object, submission_context_of(who, now, *scope));
  };
  auto read = co_await read_body(std::move(body), turn_of(from.who), until, std::move(check));
  if (!read) co_return read.error();
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
  auto fits = check_fits(batch.back(), made, bounds_.queue.record_max_bytes);
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

/// Waits until this process can read what this user has written here. After the deadline the
/// response contains what is folded by then.
awaitable<void> entity_service::see_own_writes(std::string user, steady_time until) {
  auto found = unread_.find(user);
  if (found == unread_.end()) co_return;
  auto positions = found->second;
  bool seen = co_await entities_.wait_until_passed(positions, until);
  found = unread_.find(user);
  if (seen && found != unread_.end() && found->second == positions) unread_.erase(found);
}

/// The newest scans of the targets. If the task view is slow or fails, the response has fewer
/// verdicts and no wrong one.
awaitable<std::vector<views::task_list>> entity_service::scans_of(
    std::vector<model::target> targets, model::group_list groups, steady_time until) {
  std::vector<views::task_list> out;
  if (scans_ == nullptr || targets.empty()) co_return out;
  until = std::min(until, clock_.steady_now() + verdict_patience);
  auto each = std::max<std::size_t>(scans_compared / targets.size(), 1);
  for (auto& target : targets) {
    views::list_query query;
    query.groups = groups;
    query.target = std::move(target);
    query.limit = each;
    auto work = scans_->list(std::move(query), until);
    auto listed = co_await abandon_after(writes_, std::move(work), until);
    if (!listed || !*listed) break;
    out.push_back(std::move(**listed));
  }
  co_return out;
}

/// Moves the captures of `work` to the builder's thread and destroys them there, which takes as
/// long as building.
awaitable<result<json>> entity_service::build(std::function<json()> work) {
  if (builder_ == nullptr) co_return work();
  auto built = co_await builder_->run<json>(std::move(work));
  co_return built;
}

awaitable<result<json>> entity_service::details(std::string id, caller who) {
  if (!model::is_entity_id(id)) co_return no_entity();
  auto until = deadline();
  co_await see_own_writes(who.user_id, until);
  auto found =
      co_await entities_.find(model::entity_id(std::move(id)), who.sees, related_shown, until);
  if (!found) co_return as_answer(found.error());
  if (!*found) co_return no_entity();
  auto targets = scanned_targets(**found);
  auto scans = co_await scans_of(std::move(targets), std::move(who.sees), until);
  std::function<json()> work = [entity = std::move(**found), scans = std::move(scans)] {
    return to_json(entity, verdicts_of(scans));
  };
  co_return co_await build(std::move(work));
}

awaitable<result<json>> entity_service::relations(std::string id, caller who, std::uint32_t levels,
                                                  std::uint32_t limit) {
  if (!model::is_entity_id(id)) co_return no_entity();
  auto until = deadline();
  co_await see_own_writes(who.user_id, until);
  auto found =
      co_await entities_.walk(model::entity_id(std::move(id)), who.sees, levels, limit, until);
  if (!found) co_return as_answer(found.error());
  if (!*found) co_return no_entity();
  auto targets = scanned_targets(**found);
  auto scans = co_await scans_of(std::move(targets), std::move(who.sees), until);
  std::function<json()> work = [graph = std::move(**found), scans = std::move(scans)] {
    return to_json(graph, verdicts_of(scans));
  };
  co_return co_await build(std::move(work));
}

awaitable<result<json>> entity_service::comments(std::string id, caller who) {
  if (!model::is_entity_id(id)) co_return no_entity();
  auto found = co_await entities_.comments(model::entity_id(std::move(id)), std::move(who.sees),
                                           comments_shown, deadline());
  if (!found) co_return as_answer(found.error());
  if (!*found) co_return no_entity();
  std::function<json()> work = [said = std::move(**found)] { return to_json(said); };
  co_return co_await build(std::move(work));
}

void entity_service::set_scope(std::shared_ptr<const model::address_scope> scope) {
  scope_ = std::move(scope);
}

awaitable<void> entity_service::stop() {
  co_await writes_.join();
}

}  // namespace sonde::ingest
