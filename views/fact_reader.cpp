#include "views/fact_reader.hpp"

#include "model/errc.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace sonde::views {
namespace {

namespace json = boost::json;

constexpr std::size_t fact_depth = 16;
/// The buffer for the JSON tree, large enough for most records.
constexpr std::size_t tree_bytes = 64 << 10;

error unreadable(std::string_view name, std::string_view why) {
  return fail(model::errc::invalid_record, std::string(name) + ": " + std::string(why));
}

std::string text_of(const json::string& text) {
  return {text.data(), text.size()};
}

/// The fields of one object. Keeps the first error.
class fields {
 public:
  explicit fields(const json::object& object) : object_(object) {}

  [[nodiscard]] const json::value* any(std::string_view name) const {
    const auto* found = object_.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  [[nodiscard]] std::string text(std::string_view name) {
    const auto* value = any(name);
    if (value != nullptr && value->is_string()) return text_of(value->get_string());
    refuse(name, "missing, or not a string");
    return {};
  }
  [[nodiscard]] const json::array& texts(std::string_view name) {
    static const json::array none;
    const auto* value = any(name);
    auto is_text = [](const json::value& one) { return one.is_string(); };
    if (value != nullptr && value->is_array() && std::ranges::all_of(value->get_array(), is_text)) {
      return value->get_array();
    }
    refuse(name, "missing, or not a list of strings");
    return none;
  }
  [[nodiscard]] model::provenance provenance() {
    model::provenance out;
    for (const auto& group : texts("visibleBy"))
      out.visible_by.push_back(text_of(group.get_string()));
    out.source = text("source");
    auto time = from_rfc3339(text("time"));
    if (!time) refuse("time", "not a time in UTC with milliseconds");
    out.time = time.value_or(wall_time{});
    if (any("task") != nullptr) (void)text("task");
    return out;
  }
  void refuse(std::string_view name, std::string_view why) {
    if (first_error_.empty()) first_error_ = std::string(name) + ": " + std::string(why);
  }
  [[nodiscard]] bool failed() const { return !first_error_.empty(); }
  [[nodiscard]] error first_error() const {
    return fail(model::errc::invalid_record, first_error_);
  }

 private:
  const json::object& object_;
  std::string first_error_;
};

bool has_fractions(const json::value& value) {
  if (value.is_double()) return true;
  if (value.is_array()) return std::ranges::any_of(value.get_array(), has_fractions);
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.get_object(),
                             [](const auto& field) { return has_fractions(field.value()); });
}

/// Returns one of the fields of `text` as JSON. Boost.JSON may change the last digit of a fraction;
/// nlohmann does not, but refuses a fraction beyond the range of a double.
std::string written(fields& all, const char* name, std::string_view text) {
  const auto& value = *all.any(name);
  if (!has_fractions(value)) return json::serialize(value);
  auto whole = model::parse_own(text);
  if (whole.is_object()) return model::to_text(whole[name]);
  all.refuse(name, "holds a number that is too large");
  return {};
}

std::optional<int> read_reputation(const json::value& value) {
  if (!value.is_int64()) return std::nullopt;
  auto number = value.get_int64();
  if (number < model::worst_reputation || number > model::best_reputation) return std::nullopt;
  return static_cast<int>(number);
}

}  // namespace

struct fact_reader::memory {
  std::array<unsigned char, tree_bytes> tree;

  /// Calls `read` with the fields of the JSON object in `text`.
  template <class Told, class Read>
  result<Told> with_fields(std::string_view text, Read read) {
    json::monotonic_resource pool(tree.data(), tree.size());
    json::parse_options bounded;
    bounded.max_depth = fact_depth;
    boost::system::error_code invalid;
    auto value = json::parse({text.data(), text.size()}, invalid, &pool, bounded);
    if (invalid) return unreadable("malformed JSON", invalid.message());
    if (!value.is_object()) return unreadable("value", "not a JSON object");
    fields all(value.get_object());
    auto out = read(all);
    if (all.failed()) return all.first_error();
    return out;
  }
};

fact_reader::fact_reader() : memory_(std::make_unique<memory>()) {}
fact_reader::~fact_reader() = default;

result<told_entity> fact_reader::entity(std::string_view text) {
  return memory_->with_fields<told_entity>(text, [text](fields& all) {
    told_entity out;
    out.id = model::entity_id(all.text("id"));
    if (!model::is_entity_id(out.id.str())) all.refuse("id", "not an entity id");
    out.type = all.text("type");
    const auto& tags = all.texts("tags");
    out.has_tags = !tags.empty();
    out.tags = json::serialize(tags);
    out.from = all.provenance();
    if (const auto* word = all.any("reputation")) {
      out.reputation = read_reputation(*word);
      if (!out.reputation) all.refuse("reputation", "not a number between -3 and 3");
    }
    if (const auto* known = all.any("wellKnown")) {
      if (!known->is_bool()) all.refuse("wellKnown", "not true or false");
      out.well_known = known->is_bool() && known->get_bool();
    }
    if (all.any("correlate") != nullptr) (void)all.texts("correlate");
    const auto* attributes = all.any("attributes");
    if (attributes == nullptr || !attributes->is_object()) {
      all.refuse("attributes", "missing, or not an object");
      return out;
    }
    const auto* value = attributes->get_object().if_contains(out.type);
    if (value == nullptr) {
      all.refuse("attributes", "without the main value");
      return out;
    }
    out.attributes = written(all, "attributes", text);
    out.value = value->is_string() ? text_of(value->get_string())
                                   : model::to_text(model::parse_own(out.attributes)[out.type]);
    out.has_details = attributes->get_object().size() > 1;
    return out;
  });
}

result<told_association> fact_reader::association(std::string_view text) {
  return memory_->with_fields<told_association>(text, [text](fields& all) {
    told_association out;
    (void)all.text("id");
    out.from_entity = model::entity_id(all.text("entityID"));
    out.to_entity = model::entity_id(all.text("relatedEntityID"));
    auto mode = model::read_association_mode(all.text("mode"));
    if (!mode) all.refuse("mode", "neither aggregation nor association");
    out.mode = mode.value_or(model::association_mode::association);
    out.evidence = all.any("evidence") == nullptr ? "null" : written(all, "evidence", text);
    out.from = all.provenance();
    return out;
  });
}

}  // namespace sonde::views
