#include "ingest/scans/order_rules.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/record_fit.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <limits>

namespace sonde::ingest {
namespace {

using model::json;

error invalid(const char* field, const std::string& what) {
  return fail(errc::invalid, std::string(field) + ": " + what);
}

/// Reads an optional string field; fails for any other type.
result<std::optional<std::string>> text_field(const json& body, const char* name) {
  auto found = body.find(name);
  if (found == body.end()) return std::optional<std::string>();
  if (found->is_string()) return std::optional(found->get<std::string>());
  return invalid(name, "is not a string but of the type " + std::string(found->type_name()));
}

/// Reads an optional integer field within these bounds.
result<std::optional<std::int64_t>> number_field(const json& body, const char* name,
                                                 std::int64_t least, std::int64_t most) {
  auto found = body.find(name);
  if (found == body.end()) return std::optional<std::int64_t>();
  bool fits = found->is_number_integer() &&
              (!found->is_number_unsigned() ||
               found->get<std::uint64_t>() <=
                   static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  auto value = fits ? found->get<std::int64_t>() : 0;
  if (fits && value >= least && value <= most) return std::optional(value);
  return invalid(name, fmt::format("is not an integer between {} and {}", least, most));
}

/// Maximum length of the target of a rejected order: a host name has no more bytes.
constexpr std::size_t longest_named_target = 253;
constexpr std::int64_t longest_age_s = std::int64_t{10} * 365 * 24 * 3600;

}  // namespace

result<scan_order> order_rules::parse(const json& body, const std::string& owner) const {
  if (auto known = model::check_fields(
          body, {"target", "webhook", "profile", "ports", "depth", "max_age", "priority"});
      !known) {
    return fail(errc::invalid, known.error().message());
  }
  auto target = text_field(body, "target");
  if (!target) return target.error();
  if (!*target) return invalid("target", "is missing; give an IP address or a name");
  scan_order out;
  out.by = owner;
  auto parsed = model::target::parse(**target);
  if (!parsed) return invalid("target", parsed.error().message());
  out.target = std::move(*parsed);
  if (auto checked = scope->check(out.target);
      checked.what != model::address_scope::verdict::in_scope) {
    return invalid("target", checked.reason);
  }
  auto profile = text_field(body, "profile");
  if (!profile) return profile.error();
  auto ports = text_field(body, "ports");
  if (!ports) return ports.error();
  if (*profile && *ports) {
    return invalid("ports", "is given together with profile; give one of them");
  }
  out.profile = profile->value_or(model::default_profile);
  if (*ports) {
    auto canonical = model::port_set::parse(**ports);
    if (!canonical) return invalid("ports", canonical.error().message());
    out.profile = canonical->text();
    auto fits = check_ports_fit(out.profile, record_max_bytes);
    if (!fits) return fits.error();
  } else {
    const auto* known = profiles.find(out.profile);
    if (known == nullptr) {
      return invalid("profile", profiles.unknown(out.profile).message());
    }
    if (!profiles.is_built_in(out.profile)) out.ports = known->text();
  }
  auto depth = depth_of(body, out.profile);
  if (!depth) return depth.error();
  out.depth = *depth;
  auto max_age = number_field(body, "max_age", 0, longest_age_s);
  if (!max_age) return max_age.error();
  if (*max_age) out.max_age = std::chrono::seconds(**max_age);
  auto priority = number_field(body, "priority", model::lowest_priority, model::highest_priority);
  if (!priority) return priority.error();
  out.priority = static_cast<int>(priority->value_or(0));
  if (auto hook = body.find("webhook"); hook != body.end()) {
    auto parsed_hook = parse_webhook(*hook, owner);
    if (!parsed_hook) return parsed_hook.error();
    out.webhook = std::move(*parsed_hook);
  }
  return out;
}

/// An order wins over its profile, and a profile over the configuration.
result<model::scan_depth> order_rules::depth_of(const model::json& body,
                                                const std::string& profile) const {
  auto text = text_field(body, "depth");
  if (!text) return text.error();
  if (!*text) return profiles.depth_of(profile).value_or(usual_depth);
  if (auto depth = model::read_depth(**text)) return *depth;
  return invalid("depth", "is not one of light, standard, deep");
}

result<scan_order> order_rules::read(std::string_view body, std::uint32_t depth,
                                     const std::string& owner) const {
  auto object = model::parse_json(body, depth);
  if (!object) return fail(errc::invalid, object.error().message());
  return parse(*object, owner);
}

result<model::webhook> order_rules::parse_webhook(const model::json& body,
                                                  const std::string& owner) const {
  if (!keys) {
    return fail(errc::invalid,
                "webhook: this server sends no webhooks, because webhook.key_file is not set; "
                "leave the field out, and read the result with GET /api/ingest/v1/scan/{id}");
  }
  auto order = model::parse_webhook_order(body);
  if (!order) return fail(errc::invalid, order.error().message());
  order->owner = owner;
  auto url = model::parse_webhook_url(order->url);
  if (!url) return fail(errc::invalid, "webhook." + url.error().message());
  if (auto may = guard.check(url->host); !may) {
    return fail(errc::invalid, "webhook.url: " + may.error().message());
  }
  return keys->encrypt(*order);
}

std::string named_target(std::string_view body, std::uint32_t depth) {
  auto order = model::parse_json(body, depth);
  if (!order || !order->is_object()) return {};
  auto target = order->find("target");
  if (target == order->end() || !target->is_string()) return {};
  return std::string(model::cut_at(target->get_ref<const std::string&>(), longest_named_target));
}

}  // namespace sonde::ingest
