#include "model/scan/refused_request.hpp"

#include "model/text/json.hpp"

#include <algorithm>
#include <string_view>

namespace sonde::model {
namespace {

constexpr std::uint32_t request_depth = 16;
constexpr const char* subject_header = "ce_subject";
constexpr const char* unreadable_target = "unreadable.invalid";
constexpr const char* unreadable_profile = "unreadable";
/// The number of generations beyond the highest known one in which an id is looked up.
constexpr std::uint64_t generations_ahead = 16;

bool is_target_key(std::string_view text) {
  constexpr std::size_t digits = 64;
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string readable_text(const json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

target refused_target(const std::string& text, const record& from) {
  if (auto read = target::parse(text)) return *read;
  const auto* subject = find_header(from.headers, subject_header);
  if (subject != nullptr) {
    if (auto read = target::parse(*subject)) return *read;
  }
  return target::parse(unreadable_target).value();
}

group_list refused_visibility(const json& object) {
  group_list out;
  auto found = object.find("scope");
  if (found == object.end() || !found->is_array()) return out;
  for (const auto& group : *found) {
    if (!group.is_string()) return {};
    out.push_back(group.get<std::string>());
  }
  return out;
}

/// Returns the readable webhooks: their receivers wait for the end of this generation.
std::vector<webhook> refused_webhooks(const json& object) {
  std::vector<webhook> out;
  auto found = object.find("webhooks");
  if (found == object.end() || !found->is_array()) return out;
  for (const auto& item : *found) {
    auto hook = parse_webhook(item);
    if (hook && out.size() < most_webhooks) out.push_back(std::move(*hook));
  }
  return out;
}

/// Returns zero if the request contains no generation.
std::uint64_t refused_generation(const json& object, const target_key& key, std::uint64_t known) {
  auto found = object.find("generation");
  if (found != object.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
  task_id id(readable_text(object, "id"));
  for (auto number = known + 1; number <= known + generations_ahead; ++number) {
    if (task_id_of(key, number) == id) return number;
  }
  return 0;
}

}  // namespace

std::optional<scan_request> read_refused_request(const record& from, const std::string& why,
                                                 std::uint64_t known, wall_time now) {
  if (!is_target_key(from.key)) return std::nullopt;
  scan_request out;
  out.key = target_key(from.key);
  out.refused = "the request cannot be read: " + why;
  out.requested = now;
  auto parsed = parse_json(from.value, request_depth);
  bool readable = parsed && parsed->is_object();
  if (!readable) {
    if (known > 0) return std::nullopt;
    out.target = refused_target({}, from);
    out.profile = unreadable_profile;
    return out;
  }
  auto kind = readable_text(*parsed, "kind");
  if (kind == name_of(request_kind::attach) || kind == name_of(request_kind::cancel)) {
    return std::nullopt;
  }
  if (readable_text(*parsed, "key") != from.key) return std::nullopt;
  out.generation = refused_generation(*parsed, out.key, known);
  if (out.generation <= known) return std::nullopt;
  out.target = refused_target(readable_text(*parsed, "target"), from);
  out.profile = readable_text(*parsed, "profile");
  if (out.profile.empty()) out.profile = unreadable_profile;
  out.visibility = refused_visibility(*parsed);
  out.webhooks = refused_webhooks(*parsed);
  if (auto requested = from_rfc3339(readable_text(*parsed, "requested")))
    out.requested = *requested;
  return out;
}

}  // namespace sonde::model
