#include "model/facts/submission.hpp"

#include "model/errc.hpp"
#include "model/facts/entity_fields.hpp"
#include "model/facts/value.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace sonde::model {
namespace {

constexpr std::size_t most_tags = 100;
constexpr std::size_t longest_tag = 256;
constexpr std::size_t most_groups = 100;
constexpr std::size_t longest_group = 128;
constexpr std::size_t most_correlated = 200;

/// The work for a record of an entity or association besides its values.
constexpr std::uint64_t record_work = 20;
/// Bytes of a visibility set that cost one unit of work. The set is copied and written several
/// times.
constexpr std::size_t reader_bytes_of_unit = 32;

std::uint64_t work_of(const group_list& readers) {
  std::size_t bytes = 0;
  for (const auto& each : readers)
    bytes += each.size() + sizeof(std::string);
  return record_work + bytes / reader_bytes_of_unit;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(to));
}

void sort_once(std::vector<std::string>& words) {
  std::ranges::sort(words);
  auto twice = std::unique(words.begin(), words.end());
  words.erase(twice, words.end());
}

/// Merges the data of another occurrence of an entity. Its lists are sorted once, at the end.
/// Sorting them at each occurrence would multiply the time by the number of occurrences.
void merge(entity& into, entity more) {
  into.attributes.update(more.attributes);
  append(into.tags, std::move(more.tags));
  append(into.correlate, std::move(more.correlate));
  if (more.reputation) {
    into.reputation = std::min(into.reputation.value_or(best_reputation), *more.reputation);
  }
}

/// Builds a submission from its tree, depth first.
class submission_reader {
 public:
  explicit submission_reader(const submission_context& context)
      : context_(context), budget_(context.work) {}

  /// An entity that was read, and its visibility.
  struct placed {
    entity_id id;
    group_list readers;
  };

  result<placed> read(const json& body, const std::string& at, std::uint32_t depth,
                      const group_list& readers);
  result<placed> read_well_known(const json& body);
  submission take(entity_id root);

 private:
  result<entity> entity_of(const json& body, const definition& what, const std::string& at,
                           group_list readers);
  result<std::vector<entity>> correlated(const json& body, entity& parent, const std::string& at);
  result<> associate(const json& body, const entity_id& parent, const std::string& at,
                     std::uint32_t depth, const group_list& readers);
  result<> add(entity one, const std::string& at);
  bool connect(const entity_id& from, association_mode mode, const entity_id& to,
               const group_list& readers);
  [[nodiscard]] provenance seen_by(group_list readers) const;

  const submission_context& context_;
  work_budget budget_;
  submission out_;
  std::set<std::size_t> merged_;  ///< indexes of entities with unsorted lists
  std::map<std::pair<std::string, group_list>, std::size_t> places_;
  std::set<std::pair<std::string, group_list>> edges_;
};

provenance submission_reader::seen_by(group_list readers) const {
  return {context_.source, std::move(readers), context_.now, std::nullopt};
}

result<entity> submission_reader::entity_of(const json& body, const definition& what,
                                            const std::string& at, group_list readers) {
  auto attributes = entity_fields::attributes_of(body, what, at, context_.scope, budget_);
  if (!attributes) return attributes.error();
  entity out;
  out.id = entity_id_of(what.type, attributes->main_value);
  out.type = what.type;
  out.attributes = std::move(attributes->values);
  out.from = seen_by(std::move(readers));
  auto reputation = entity_fields::reputation_of(body, at);
  if (!reputation) return reputation.error();
  out.reputation = *reputation;
  if (auto tags = body.find("tags"); tags != body.end()) {
    auto read = entity_fields::words(*tags, most_tags, longest_tag, at + "tags");
    if (!read) return read.error();
    out.tags = std::move(*read);
  }
  return out;
}

/// Adds an entity. Occurrences with the same visibility become one record with the data of all.
result<> submission_reader::add(entity one, const std::string& at) {
  if (!budget_.spend(work_of(one.from.visible_by))) {
    return entity_fields::too_much_work(at.empty() ? "entity" : at.substr(0, at.size() - 1));
  }
  auto [found, fresh] =
      places_.emplace(std::pair(one.id.str(), one.from.visible_by), out_.entities.size());
  if (!fresh) {
    merge(out_.entities[found->second], std::move(one));
    merged_.insert(found->second);
    return {};
  }
  if (out_.entities.size() >= context_.entities) {
    return entity_fields::refused(
        at.empty() ? "associations" : at.substr(0, at.size() - 1),
        fmt::format(
            "has more than the {} entities that one request can have; send several requests",
            context_.entities));
  }
  out_.entities.push_back(std::move(one));
  return {};
}

/// Returns false if the work exceeds the budget.
bool submission_reader::connect(const entity_id& from, association_mode mode, const entity_id& to,
                                const group_list& readers) {
  if (!budget_.spend(work_of(readers))) return false;
  auto edge = make_association(from, mode, to, {}, seen_by(readers));
  bool fresh = edges_.emplace(edge.id.str(), readers).second;
  if (fresh) out_.associations.push_back(std::move(edge));
  return true;
}

/// Reads the attributes that become separate entities.
result<std::vector<entity>> submission_reader::correlated(const json& body, entity& parent,
                                                          const std::string& at) {
  std::vector<entity> out;
  auto found = body.find("correlate");
  if (found == body.end()) return out;
  auto where = at + "correlate";
  auto names = entity_fields::words(*found, most_correlated, longest_tag, where);
  if (!names) return names.error();
  for (const auto& name : *names) {
    auto value = parent.attributes.find(name);
    if (value == parent.attributes.end()) {
      return entity_fields::refused(
          where, entity_fields::shown(name) + " is not one of this entity's attributes");
    }
    const auto* what = find_definition(name);
    if (what == nullptr || name == parent.type) {
      return entity_fields::refused(
          where, entity_fields::shown(name) + " cannot become an entity of its own");
    }
    if (!budget_.spend(value_work(what->main_value, *value))) {
      return entity_fields::too_much_work(where);
    }
    auto canonical = canonical_value(what->main_value, *value, context_.scope);
    if (!canonical)
      return entity_fields::refused(where,
                                    entity_fields::shown(name) + " " + canonical.error().message());
    entity part;
    part.id = entity_id_of(name, *canonical);
    part.type = name;
    part.attributes[name] = *value;
    part.from = parent.from;
    out.push_back(std::move(part));
  }
  parent.correlate = std::move(*names);
  return out;
}

result<> submission_reader::associate(const json& body, const entity_id& parent,
                                      const std::string& at, std::uint32_t depth,
                                      const group_list& readers) {
  auto found = body.find("associations");
  if (found == body.end()) return {};
  auto where = at + "associations";
  if (!found->is_array())
    return entity_fields::refused(where, entity_fields::of_type(*found) + "; it must be a list");
  if (depth >= context_.nesting && !found->empty()) {
    return entity_fields::refused(
        where,
        fmt::format("is nested deeper than {}; send the inner ones in a request of their own",
                    context_.nesting));
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto& one = (*found)[i];
    auto here = where + "[" + std::to_string(i) + "]";
    if (!one.is_object())
      return entity_fields::refused(here, entity_fields::of_type(one) + "; it must be an object");
    auto mode = one.find("mode");
    bool given = mode != one.end() && mode->is_string();
    auto how = read_association_mode(given ? mode->get_ref<const std::string&>() : std::string());
    if (!how) {
      return entity_fields::refused(
          here + ".mode", "must be \"aggregation\" (a part of the entity) or \"association\"");
    }
    auto nested = read(one, here + ".", depth + 1, readers);
    if (!nested) return nested.error();
    if (!connect(parent, *how, nested->id, nested->readers)) {
      return entity_fields::too_much_work(here);
    }
  }
  return {};
}

result<submission_reader::placed> submission_reader::read(const json& body, const std::string& at,
                                                          std::uint32_t depth,
                                                          const group_list& readers) {
  // `mode` is the relation of a nested entity to its parent; the outermost entity has none.
  auto known = at.empty() ? check_fields(body, {"type", "attributes", "associations", "reputation",
                                                "correlate", "tags", "visibleBy"})
                          : check_fields(body, {"type", "attributes", "associations", "reputation",
                                                "correlate", "tags", "visibleBy", "mode"});
  if (!known) return fail(errc::invalid_field, at + known.error().message());
  auto what = entity_fields::type_of(body, at);
  if (!what) return what.error();
  auto seen = parse_visible_by(body, readers, context_, at);
  if (!seen) return seen.error();
  auto one = entity_of(body, **what, at, *seen);
  if (!one) return one.error();
  auto parts = correlated(body, *one, at);
  if (!parts) return parts.error();
  placed out{one->id, std::move(*seen)};
  if (auto added = add(std::move(*one), at); !added) return added.error();
  for (auto& part : *parts) {
    if (!connect(out.id, association_mode::association, part.id, out.readers)) {
      return entity_fields::too_much_work(at + "correlate");
    }
    if (auto added = add(std::move(part), at); !added) return added.error();
  }
  if (auto done = associate(body, out.id, at, depth, out.readers); !done) return done.error();
  return out;
}

result<submission_reader::placed> submission_reader::read_well_known(const json& body) {
  if (auto known = check_fields(body, {"type", "attributes"}); !known) {
    return fail(errc::invalid_field, known.error().message());
  }
  auto what = entity_fields::type_of(body, "");
  if (!what) return what.error();
  auto one = entity_of(body, **what, "", context_.groups);
  if (!one) return one.error();
  one->well_known = true;
  placed out{one->id, context_.groups};
  if (auto added = add(std::move(*one), ""); !added) return added.error();
  return out;
}

submission submission_reader::take(entity_id root) {
  for (auto place : merged_) {
    sort_once(out_.entities[place].tags);
    sort_once(out_.entities[place].correlate);
  }
  out_.id = std::move(root);
  return std::move(out_);
}

}  // namespace

result<group_list> parse_visible_by(const json& body, const group_list& otherwise,
                                    const submission_context& context, const std::string& where) {
  auto found = body.find("visibleBy");
  if (found == body.end()) return otherwise;
  auto groups = entity_fields::words(*found, most_groups, longest_group, where + "visibleBy");
  if (!groups) return groups.error();
  if (groups->empty()) {
    return entity_fields::refused(where + "visibleBy", "is empty; name a group or leave it out");
  }
  for (const auto& group : *groups) {
    bool may = context.may_name_any ||
               std::ranges::find(context.may_name, group) != context.may_name.end();
    if (may) continue;
    return entity_fields::refused(where + "visibleBy",
                                  entity_fields::shown(group) + " is not one of your groups");
  }
  return groups;
}

result<submission> parse_submission(const json& body, const submission_context& context) {
  submission_reader reader(context);
  auto root = reader.read(body, "", 0, context.groups);
  if (!root) return root.error();
  return reader.take(std::move(root->id));
}

result<submission> parse_well_known(const json& body, const submission_context& context) {
  submission_reader reader(context);
  auto root = reader.read_well_known(body);
  if (!root) return root.error();
  return reader.take(std::move(root->id));
}

}  // namespace sonde::model
