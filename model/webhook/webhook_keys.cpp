#include "model/webhook/webhook_keys.hpp"

#include "base/ascii.hpp"
#include "base/encryption.hpp"
#include "base/hash.hpp"
#include "model/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace sonde::model {
namespace {

constexpr std::uint32_t plain_depth = 4;
/// The limit of each kind in a file. Each `whsig_` adds a signature to every message.
constexpr std::size_t most_keys_a_kind = 8;
constexpr std::size_t id_digits = 8;
constexpr std::string_view encryption_prefix = "whenc_";
constexpr std::string_view signing_prefix = "whsig_";
constexpr std::string_view shared_prefix = "whsec_";
constexpr std::string_view format_prefix = "k1.";

error no_key(const std::string& what) {
  return fail(errc::invalid_field, what);
}

std::string bytes_text(const sha256_digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string encryption_id_of(std::string_view key) {
  return to_hex(hmac_sha256(key, "sonde webhook key id")).substr(0, id_digits);
}

/// Calls `take` with each line that is not empty and not a comment.
result<> for_each_line(std::string_view text,
                       const std::function<result<>(std::string_view)>& take) {
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = ascii::trimmed_right(text.substr(0, end), " \r");
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (auto taken = take(line); !taken) return taken;
  }
  return {};
}

/// Decodes the bytes after a prefix, by the rule for secrets.
result<std::string> bytes_behind(std::string_view prefix, std::string_view line) {
  return parse_webhook_secret(std::string(shared_prefix) + std::string(line.substr(prefix.size())));
}

json plain_order_json(const webhook_order& order) {
  json out = {{"url", order.url}, {"headers", json::array()}, {"secret", order.secret}};
  for (const auto& [name, value] : order.headers)
    out["headers"].push_back({{"key", name}, {"value", value}});
  if (!order.owner.empty()) out["owner"] = order.owner;
  return out;
}

result<webhook_order> parse_plain_order(const std::string& plain) {
  auto body = parse_json(plain, plain_depth);
  if (!body) return body.error();
  auto given = body->find("secret");
  bool none =
      given != body->end() && given->is_string() && given->get_ref<const std::string&>().empty();
  if (none) body->erase(given);
  std::string owner;
  if (auto found = body->find("owner"); found != body->end()) {
    if (found->is_string()) owner = found->get<std::string>();
    body->erase(found);
  }
  auto out = parse_webhook_order(*body);
  if (out) out->owner = std::move(owner);
  return out;
}

}  // namespace

result<> webhook_keys::add_line(std::string_view line) {
  auto prefix = line.substr(0, std::min(line.size(), shared_prefix.size()));
  bool encrypts = prefix == encryption_prefix;
  bool known = encrypts || prefix == signing_prefix || prefix == shared_prefix;
  auto bytes = known ? bytes_behind(prefix, line) : result<std::string>(no_key("prefix"));
  if (!bytes) {
    return no_key(
        "a line is not a key; write one as whenc_, whsig_ or whsec_ followed by base64, with "
        "padding, of 24 to 64 bytes");
  }
  auto& others = prefix == signing_prefix ? signing_ : decrypt_;
  if (others.size() >= most_keys_a_kind || encryption_.size() >= 2 * most_keys_a_kind) {
    return no_key(fmt::format("there are more than {} keys of a kind", most_keys_a_kind));
  }
  if (prefix != signing_prefix) {
    encryption_.push_back({encryption_id_of(*bytes), *bytes, prefix == shared_prefix});
  }
  if (!encrypts) others.push_back(std::move(*bytes));
  return {};
}

result<webhook_keys> webhook_keys::parse(std::string_view text) {
  webhook_keys out;
  auto read = for_each_line(text, [&](std::string_view line) { return out.add_line(line); });
  if (!read) return read.error();
  if (out.encryption_.empty()) {
    return no_key("there is no key that encrypts; write one as whenc_ and base64, on a line");
  }
  bool own = std::ranges::any_of(out.encryption_, [](const auto& key) { return !key.shared; });
  if (own && out.signing_.empty()) {
    return no_key("there is no key that signs; write one as whsig_ and base64, on a line");
  }
  return out;
}

result<> webhook_keys::add_shared(std::string_view text) {
  auto read = for_each_line(text, [&](std::string_view line) -> result<> {
    auto secret = parse_webhook_secret(line);
    if (!secret) return secret.error();
    if (shared_.size() >= most_keys_a_kind) {
      return no_key(fmt::format("there are more than {} secrets", most_keys_a_kind));
    }
    encryption_.push_back({encryption_id_of(*secret), *secret, true});
    shared_.push_back(std::move(*secret));
    return {};
  });
  if (!read) return read.error();
  if (!encryption_.empty()) return {};
  return no_key("secret: is missing; write one as whsec_ and base64, on a line");
}

webhook webhook_keys::encrypt(const webhook_order& order) const {
  const auto& key = encryption_.front();
  // With a shared secret, the format is that of earlier versions, which may run at the same time.
  auto hidden = order;
  if (key.shared) hidden.owner.clear();
  auto plain = to_text(plain_order_json(hidden));
  webhook out;
  // Readers could test guessed passwords against a plain hash.
  auto named = hmac_sha256(key.bytes, "sonde webhook id\n" + plain);
  out.id = to_hex(named);
  if (auto url = parse_webhook_url(order.url)) out.endpoint = url->endpoint();
  if (!key.shared) out.encrypted = std::string(format_prefix) + key.id + ".";
  out.encrypted += sonde::encrypt(key.bytes, plain);
  return out;
}

/// A webhook that an earlier version encrypted contains no key id, so all shared secrets are tried.
result<webhook_order> webhook_keys::open(const webhook& hook) const {
  std::string_view hidden = hook.encrypted;
  std::string_view id;
  if (hidden.starts_with(format_prefix)) {
    hidden.remove_prefix(format_prefix.size());
    auto dot = std::min(hidden.find('.'), hidden.size());
    id = hidden.substr(0, dot);
    hidden.remove_prefix(std::min(dot + 1, hidden.size()));
  }
  for (const auto& key : encryption_) {
    if (id.empty() ? !key.shared : key.id != id) continue;
    auto plain = decrypt(key.bytes, hidden);
    if (plain) return parse_plain_order(*plain);
  }
  return fail(errc::invalid_record,
              "the webhook was encrypted with a key that is not in webhook.key_file");
}

std::vector<std::string> webhook_keys::derived(const std::string& owner,
                                               const std::string& url) const {
  std::vector<std::string> out;
  auto info = fmt::format("{}:{}{}", owner.size(), owner, url);
  for (const auto& key : signing_)
    out.push_back(bytes_text(hkdf_sha256(key, "sonde webhook endpoint secret", info)));
  return out;
}

std::vector<std::string> webhook_keys::signing(const webhook_order& order) const {
  if (!order.secret.empty()) {
    auto own = parse_webhook_secret(order.secret);
    return own ? std::vector<std::string>{*own} : std::vector<std::string>();
  }
  std::vector<std::string> out;
  if (!order.owner.empty()) out = derived(order.owner, order.url);
  bool theirs = !out.empty();
  auto add = [&out](const std::vector<std::string>& secrets) {
    for (const auto& each : secrets) {
      if (std::ranges::find(out, each) == out.end()) out.push_back(each);
    }
  };
  add(shared_);
  if (!theirs) add(decrypt_);
  return out;
}

std::vector<std::string> webhook_keys::secrets_of(const std::string& owner,
                                                  const std::string& url) const {
  std::vector<std::string> out;
  for (const auto& bytes : derived(owner, url))
    out.push_back(std::string(shared_prefix) + to_base64(bytes));
  return out;
}

}  // namespace sonde::model
