#include "model/auth/credential.hpp"

#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "model/errc.hpp"
#include "model/text/field_reader.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace sonde::model {
namespace {

constexpr std::uint32_t credential_depth = 4;
constexpr std::string_view token_prefix = "sonde_";
constexpr std::size_t longest_key_text = 200;
constexpr std::size_t most_groups_of_key = 64;
constexpr const char* known_roles[] = {roles::admin, roles::metrics, roles::reporter,
                                       roles::trusted, roles::user};

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::vector<std::string> in_order(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Accepts text without special meaning in a header or on a terminal line.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= longest_key_text && text.front() != ' ' &&
         text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != ','; });
}

result<> check_name(const char* field, std::string_view name) {
  bool printable =
      std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (printable && name.size() <= longest_key_text && to_utf8(name) == name) return {};
  return fail(errc::invalid_field,
              fmt::format("{}: is not a string of at most {} bytes without control characters",
                          field, longest_key_text));
}

result<> check_role(const std::string& role) {
  std::vector<std::string_view> words(std::begin(known_roles), std::end(known_roles));
  if (std::ranges::find(words, role) != words.end()) return {};
  auto meant = nearest_word(role, words);
  return fail(errc::invalid_field,
              "roles: there is no role \"" + first_line(role, 64) + "\"; " +
                  (meant.empty() ? "there are admin, metrics, reporter, trusted and user"
                                 : "did you mean \"" + std::string(meant) + "\"?"));
}

std::int64_t unix_seconds(const std::optional<wall_time>& time) {
  if (!time) return 0;
  return std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
}

}  // namespace

std::string to_json_text(const credential& key) {
  json out = {{"id", key.id.str()},
              {"hash", key.hash},
              {"name", key.name},
              {"user", {{"id", key.user_id}, {"name", key.user_name}}},
              {"roles", key.roles},
              {"groups", key.groups},
              {"created", to_rfc3339(key.created)}};
  if (key.expires) out["expires"] = to_rfc3339(*key.expires);
  if (key.revoked) out["revoked"] = to_rfc3339(*key.revoked);
  if (!key.parent.empty()) out["parent"] = key.parent.str();
  return to_text(out);
}

result<credential> parse_credential(std::string_view text) {
  auto object = parse_json(text, credential_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  credential out;
  out.id = key_id(fields.text("id"));
  out.hash = fields.text("hash");
  out.name = fields.text("name");
  field_reader user(fields.any("user"));
  out.user_id = user.text("id");
  out.user_name = user.text("name");
  out.roles = in_order(fields.texts("roles"));
  out.groups = normal_groups(fields.texts("groups"));
  out.created = fields.time("created");
  out.expires = fields.time_if_any("expires");
  out.revoked = fields.time_if_any("revoked");
  out.parent = key_id(fields.text_or("parent", {}));
  if (!is_hex(out.id.str(), 2 * key_id_bytes)) fields.refuse("id", "is not a key's id");
  if (!is_hex(out.hash, 2 * sizeof(sha256_digest))) fields.refuse("hash", "is not a SHA-256");
  if (!out.parent.empty() && !is_hex(out.parent.str(), 2 * key_id_bytes)) {
    fields.refuse("parent", "is not a key's id");
  }
  if (out.groups.empty()) fields.refuse("groups", "is empty");
  if (fields.failed()) return fields.first_error();
  if (user.failed()) return user.first_error();
  return out;
}

std::string to_json_text(const key_use& use) {
  json out = {{"id", use.id.str()}, {"lastUsed", to_rfc3339(use.at)}};
  return to_text(out);
}

result<key_use> parse_key_use(std::string_view text) {
  auto object = parse_json(text, credential_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  key_use out;
  out.id = key_id(fields.text("id"));
  out.at = fields.time("lastUsed");
  if (!is_hex(out.id.str(), 2 * key_id_bytes)) fields.refuse("id", "is not a key's id");
  if (fields.failed()) return fields.first_error();
  return out;
}

std::string token_of(const key_parts& parts) {
  return std::string(token_prefix) + parts.id + "_" + parts.secret;
}

std::optional<key_parts> parse_token(std::string_view token) {
  if (!token.starts_with(token_prefix)) return std::nullopt;
  token.remove_prefix(token_prefix.size());
  auto middle = token.find('_');
  if (middle == token.npos) return std::nullopt;
  key_parts out{std::string(token.substr(0, middle)), std::string(token.substr(middle + 1))};
  if (!is_hex(out.id, 2 * key_id_bytes) || !is_hex(out.secret, 2 * secret_bytes)) {
    return std::nullopt;
  }
  return out;
}

std::string secret_hash(std::string_view id, std::string_view secret) {
  std::string text(id);
  text += ':';
  text += secret;
  auto digest = sha256(text);
  return to_hex(digest);
}

result<> check_group(std::string_view name) {
  if (is_plain(name)) return {};
  return fail(errc::invalid_field,
              fmt::format("groups: \"{}\" is not a group's name; it must be printable ASCII "
                          "without commas, at most {} characters",
                          first_line(name, 64), longest_key_text));
}

result<> check_user_id(std::string_view id) {
  if (is_plain(id)) return {};
  return fail(errc::invalid_field,
              fmt::format("user: \"{}\" is not a user's id; it must be printable ASCII without "
                          "commas, at most {} characters",
                          first_line(id, 64), longest_key_text));
}

result<> check_order(const key_order& order, std::uint32_t most_days) {
  if (auto fine = check_name("name", order.name); !fine) return fine;
  if (auto fine = check_name("user name", order.user_name); !fine) return fine;
  if (!order.user_id.empty()) {
    if (auto fine = check_user_id(order.user_id); !fine) return fine;
  }
  if (order.roles.empty()) {
    return fail(errc::invalid_field,
                "roles: name one of admin, metrics, reporter, trusted and user");
  }
  for (const auto& role : order.roles) {
    if (auto fine = check_role(role); !fine) return fine;
  }
  if (order.groups.size() > most_groups_of_key) {
    return fail(errc::invalid_field, "groups: are more than " + std::to_string(most_groups_of_key));
  }
  for (const auto& group : order.groups) {
    if (auto fine = check_group(group); !fine) return fine;
  }
  if (order.days <= most_days) return {};
  return fail(errc::invalid_field,
              fmt::format("days: a key is valid for at most {} days", most_days));
}

new_key make_key(key_order order, const key_bytes& random, wall_time now) {
  std::span<const std::byte> bytes(random);
  new_key out;
  auto id = to_hex(bytes.first(key_id_bytes));
  out.secret = to_hex(bytes.subspan(key_id_bytes));
  auto& key = out.what;
  key.hash = secret_hash(id, out.secret);
  key.name = std::move(order.name);
  key.user_id = order.user_id.empty() ? "key-" + id : std::move(order.user_id);
  key.user_name = order.user_name.empty() ? key.user_id : std::move(order.user_name);
  key.id = key_id(std::move(id));
  key.roles = in_order(std::move(order.roles));
  key.groups = normal_groups(std::move(order.groups));
  if (key.groups.empty()) key.groups = {"user:" + key.user_id};
  key.created = now;
  if (order.days > 0) key.expires = now + std::chrono::days(order.days);
  key.parent = std::move(order.parent);
  return out;
}

json to_json(const new_key& made) {
  const auto& key = made.what;
  json out = {{"apiKey", key.id.str()},
              {"apiSecret", made.secret},
              {"token", token_of({key.id.str(), made.secret})},
              {"keyID", key.id.str()},
              {"keyName", key.name},
              {"expireAt", unix_seconds(key.expires)},
              {"verified", true},
              {"verificationCodeID", ""}};
  if (key.expires) out["expires"] = to_rfc3339(*key.expires);
  return out;
}

json describe(const credential& key, std::optional<wall_time> last_used) {
  json out = {{"apiKey", key.id.str()},
              {"keyID", key.id.str()},
              {"keyName", key.name},
              {"created", to_rfc3339(key.created)},
              {"createdAt", unix_seconds(key.created)},
              {"expireAt", unix_seconds(key.expires)},
              {"verified", true},
              {"userID", key.user_id},
              {"userName", key.user_name},
              {"userAlias", key.user_name},
              {"roles", key.roles},
              {"groups", key.groups}};
  if (key.expires) out["expires"] = to_rfc3339(*key.expires);
  if (!key.parent.empty()) out["derivedFrom"] = key.parent.str();
  if (last_used) {
    out["last_used"] = to_rfc3339(*last_used);
    out["lastUsed"] = unix_seconds(last_used);
  }
  return out;
}

group_list normal_groups(group_list groups) {
  return in_order(std::move(groups));
}

}  // namespace sonde::model
