// Parses any bytes as a webhook of a caller, as the parts of it, and as a receiver's Retry-After.
// An accepted value can be written into a request unchanged.

#include "model/webhook/webhook.hpp"

#include "base/encryption.hpp"
#include "base/hash.hpp"
#include "model/text/json.hpp"
#include "model/webhook/webhook_keys.hpp"
#include "tests/fuzz/checks.hpp"
#include "webhook/retry_plan.hpp"

#include <algorithm>

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::uint32_t depth = 8;

bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check_url(std::string_view text) {
  auto url = model::parse_webhook_url(text);
  if (!url) {
    require(!url.error().message().empty());
    return;
  }
  require(url->port > 0 && url->path.starts_with('/') && visible(url->path));
  require(url->path.find(' ') == std::string::npos && url->path.find('#') == std::string::npos);
  require(visible(url->authority()) &&
          url->authority().find_first_of("/@?# ") == std::string::npos);
  auto again = model::parse_webhook_url(url->endpoint() + url->path);
  require(again && again->endpoint() == url->endpoint() && again->path == url->path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto keys =
      model::webhook_keys::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
  auto text = fuzz::text_of(data, size);
  check_url(text);
  auto half = text.substr(0, size / 2);
  if (model::check_webhook_header(half, text.substr(size / 2))) {
    require(visible(text) && half.find_first_of(": ") == std::string::npos);
  }
  if (auto bytes = from_base64(text)) require(to_base64(*bytes) == text);
  require(!decrypt("key", text));
  require(decrypt("key", encrypt("key", text)) == text);
  model::webhook foreign;
  foreign.encrypted = text;
  require(!keys.open(foreign));
  if (auto read = model::webhook_keys::parse(text)) {
    model::webhook_order order{"https://example.com/", {}, "", "ada"};
    require(read->open(read->encrypt(order)).has_value() && !read->signing(order).empty());
  }
  wall_time now(std::chrono::seconds(1'767'323'045));
  if (auto wait = webhook::parse_retry_after(text, now, std::chrono::hours(1))) {
    require(wait->count() >= 0 && *wait <= std::chrono::hours(1));
  }
  auto body = model::parse_json(text, depth);
  if (!body) return 0;
  auto order = model::parse_webhook_order(*body);
  if (!order) {
    require(!order.error().message().empty() && order.error().message().size() < 4'000);
    return 0;
  }
  check_url(order->url);
  for (const auto& [name, value] : order->headers)
    require(visible(name) && visible(value));
  auto hook = keys.encrypt(*order);
  auto opened = keys.open(hook);
  require(opened && *opened == *order && keys.encrypt(*opened) == hook);
  return 0;
}
