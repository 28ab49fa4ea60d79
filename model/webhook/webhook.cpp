#include "model/webhook/webhook.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "model/errc.hpp"
#include "model/net/fqdn.hpp"
#include "model/text/field_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::model {
namespace {

constexpr std::size_t most_url_bytes = 2'048;
constexpr std::size_t most_headers = 20;
constexpr std::size_t most_header_bytes = 4'096;
constexpr std::size_t least_secret_bytes = 24;
constexpr std::size_t most_secret_bytes = 64;
constexpr std::string_view secret_prefix = "whsec_";

constexpr std::string_view url_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%";
constexpr std::string_view token_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

/// Header names, in lower case, that only the daemon sets.
constexpr std::array<std::string_view, 14> our_headers = {"host",
                                                          "content-length",
                                                          "content-type",
                                                          "content-encoding",
                                                          "te",
                                                          "connection",
                                                          "keep-alive",
                                                          "trailer",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "expect",
                                                          "http2-settings",
                                                          "user-agent",
                                                          "date"};

error wrong(const std::string& field, const std::string& what) {
  return fail(errc::invalid_field, field + ": " + what);
}

bool only_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

std::uint16_t usual_port(bool tls) {
  return tls ? 443 : 80;
}

result<target> parse_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    auto inner = text.substr(1, text.size() - 2);
    auto address = ip_address::parse(inner);
    if (address && inner.find(':') != std::string_view::npos) return target::of(*address);
    return wrong("url", "has brackets without an IPv6 address");
  }
  if (auto address = ip_address::parse(text); address && address->is_v4()) {
    return target::of(*address);
  }
  // Some software reads other notations of numbers as an address, and none reads them as a name.
  auto name = parse_fqdn(text);
  if (!name) return wrong("url", "has no host that can be called: " + name.error().message());
  return target::parse(*name);
}

/// Ports of raw printing and of industrial devices, to which a scan sends nothing either: a message
/// would be printed, or reach a controller.
bool is_device_port(std::uint16_t port) {
  constexpr std::array<std::uint16_t, 12> single = {102,  502,  515,  1911, 2404,   4840,
                                                    4911, 9220, 9290, 9500, 20'000, 44'818};
  bool prints = (port >= 9100 && port <= 9107) || (port >= 9112 && port <= 9116);
  return prints || std::ranges::find(single, port) != single.end();
}

/// Reads a port. An empty text is the default port.
result<std::uint16_t> read_port(std::string_view text, bool tls) {
  if (text.empty()) return usual_port(tls);
  text.remove_prefix(1);
  std::uint16_t port = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  if (whole && is_device_port(port)) {
    return wrong("url", "has a port of printers or of industrial devices");
  }
  if (whole && port > 0) return port;
  return wrong("url", "has a port that is not a number from 1 to 65535");
}

/// Parses `{key, value}`, both of them strings.
result<std::pair<std::string, std::string>> parse_header(const json& item) {
  if (!item.is_object()) {
    return wrong("webhook.headers", "has an item that is not {\"key\", \"value\"}");
  }
  if (auto known = check_fields(item, {"key", "value"}); !known) {
    return wrong("webhook.headers", known.error().message());
  }
  auto key = item.find("key");
  auto value = item.find("value");
  bool whole = key != item.end() && value != item.end() && key->is_string() && value->is_string();
  if (!whole) return wrong("webhook.headers", "an item needs key and value, both strings");
  std::pair<std::string, std::string> out(key->get<std::string>(), value->get<std::string>());
  if (auto fine = check_webhook_header(out.first, out.second); !fine) return fine.error();
  return out;
}

result<std::vector<std::pair<std::string, std::string>>> parse_headers(const json& list) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!list.is_array()) return wrong("webhook.headers", "is not a list of {\"key\", \"value\"}");
  if (list.size() > most_headers) {
    return wrong("webhook.headers", "are more than " + std::to_string(most_headers));
  }
  std::size_t bytes = 0;
  for (const auto& item : list) {
    auto header = parse_header(item);
    if (!header) return header.error();
    auto same = [&](const auto& held) {
      return ascii::equal_ignoring_case(held.first, header->first);
    };
    if (std::ranges::any_of(out, same)) {
      return wrong("webhook.headers", header->first + " is given twice");
    }
    bytes += header->first.size() + header->second.size();
    if (bytes > most_header_bytes) {
      return wrong("webhook.headers",
                   fmt::format("are more than {} bytes together", most_header_bytes));
    }
    out.push_back(std::move(*header));
  }
  return out;
}

}  // namespace

delivery_id delivery_id_of(const task_id& task, std::string_view webhook) {
  auto digest = sha256("delivery\n" + task.str() + "\n" + std::string(webhook));
  return delivery_id(uuid_text(digest));
}

std::string webhook_url::endpoint() const {
  auto name = host.is_address() && !host.address().is_v4() ? "[" + host.text() + "]" : host.text();
  return fmt::format("{}{}:{}", tls ? "https://" : "http://", name, port);
}

std::string webhook_url::authority() const {
  auto whole = endpoint();
  auto out = whole.substr(whole.find("//") + 2);
  if (port == usual_port(tls)) out.resize(out.rfind(':'));
  return out;
}

result<webhook_url> parse_webhook_url(std::string_view text) {
  if (text.size() > most_url_bytes) {
    return wrong("url", fmt::format("is longer than {} bytes", most_url_bytes));
  }
  if (!only_of(text, url_characters)) {
    return wrong("url", "has a character that is not allowed in a URL; write it as %XX");
  }
  webhook_url out;
  auto scheme = ascii::lower_case(text.substr(0, text.find("://")));
  out.tls = scheme == "https";
  if (text.find("://") == std::string_view::npos || (!out.tls && scheme != "http")) {
    return wrong("url",
                 "is not an absolute http or https URL; write it as in https://example.com/path");
  }
  text.remove_prefix(scheme.size() + 3);
  if (text.find('#') != std::string_view::npos) {
    return wrong("url",
                 "has a fragment, which is never sent; leave out the # and the text after it");
  }
  auto end = std::min(text.find_first_of("/?"), text.size());
  auto authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return wrong("url", "has a user name or password; send them in a header instead");
  }
  auto bracket = authority.rfind(']');
  auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto host = parse_host(authority.substr(0, colon));
  if (!host) return host.error();
  auto port = read_port(colon == std::string_view::npos ? "" : authority.substr(colon), out.tls);
  if (!port) return port.error();
  out.host = std::move(*host);
  out.port = *port;
  out.path = std::string(text.substr(end));
  if (!out.path.starts_with('/')) out.path.insert(0, 1, '/');
  return out;
}

result<> check_webhook_header(std::string_view name, std::string_view value) {
  if (name.empty() || name.size() > 128 || !only_of(name, token_characters)) {
    return wrong("webhook.headers", "a key is not a header name of at most 128 characters");
  }
  auto lower = ascii::lower_case(name);
  bool ours = std::ranges::find(our_headers, lower) != our_headers.end() ||
              lower.starts_with("proxy-") || lower.starts_with("webhook-");
  if (ours) return wrong("webhook.headers", std::string(name) + " cannot be set by the caller");
  bool visible = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
  if (visible) return {};
  return wrong("webhook.headers", "the value of " + std::string(name) +
                                      " has a character other than visible ASCII and spaces");
}

result<std::string> parse_webhook_secret(std::string_view text) {
  std::optional<std::string> bytes;
  if (text.starts_with(secret_prefix)) bytes = from_base64(text.substr(secret_prefix.size()));
  if (bytes && bytes->size() >= least_secret_bytes && bytes->size() <= most_secret_bytes) {
    return std::move(*bytes);
  }
  return wrong("secret",
               fmt::format("is not whsec_ followed by base64, with padding, of {} to {} bytes",
                           least_secret_bytes, most_secret_bytes));
}

result<webhook_order> parse_webhook_order(const json& body) {
  if (!body.is_object()) return wrong("webhook", "is not an object with a url");
  if (auto known = check_fields(body, {"url", "headers", "secret"}); !known) {
    return wrong("webhook", known.error().message());
  }
  webhook_order out;
  auto url = body.find("url");
  if (url == body.end() || !url->is_string()) {
    return wrong("webhook.url", "is missing or not a string; give an absolute http or https URL");
  }
  out.url = url->get<std::string>();
  if (auto fine = parse_webhook_url(out.url); !fine) {
    return fail(errc::invalid_field, "webhook." + fine.error().message());
  }
  if (auto given = body.find("headers"); given != body.end()) {
    auto headers = parse_headers(*given);
    if (!headers) return headers.error();
    out.headers = std::move(*headers);
  }
  if (auto given = body.find("secret"); given != body.end()) {
    if (!given->is_string()) return wrong("webhook.secret", "is not a string");
    out.secret = given->get<std::string>();
    if (auto fine = parse_webhook_secret(out.secret); !fine) {
      return fail(errc::invalid_field, "webhook." + fine.error().message());
    }
  }
  return out;
}

json to_json(const webhook& hook) {
  json out = {{"id", hook.id}, {"endpoint", hook.endpoint}};
  if (!hook.encrypted.empty()) out["sealed"] = hook.encrypted;
  return out;
}

result<webhook> parse_webhook(const json& object) {
  field_reader fields(object);
  webhook out;
  out.id = fields.text("id");
  out.endpoint = fields.text("endpoint");
  out.encrypted = fields.text_or("sealed", {});
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
