#include "daemon/reload_report.hpp"

#include "daemon/settings.hpp"
#include "daemon/topic_settings.hpp"

#include <algorithm>
#include <string_view>

namespace sonde::daemon {
namespace {

/// Settings that a reload takes over. A name that ends with a dot is a whole section. The limits
/// are those that only the HTTP loop reads.
constexpr std::string_view reloaded_names[] = {"scope.",
                                               "log.",
                                               "http.tls_certificate",
                                               "http.tls_key",
                                               "http.gateway_ca",
                                               "http.gateway_names",
                                               "http.server_names",
                                               "scan.contact",
                                               "scan.rate_per_address",
                                               "scan.rate_per_network",
                                               "webhook.allow",
                                               "webhook.retry_s",
                                               "limits.requests_per_key_per_s",
                                               "limits.requests_per_key_burst",
                                               "limits.requests_per_user_per_s",
                                               "limits.requests_per_user_burst",
                                               "limits.refused_per_address_per_s",
                                               "limits.refused_per_address_burst",
                                               "limits.tenant_bytes_per_day",
                                               "limits.queued_per_tenant",
                                               "limits.queued_total"};

/// Returns true if TLS is switched on or off, which needs a restart.
bool turns_tls(const configuration& running, const configuration& read) {
  return running.http.tls_certificate.empty() != read.http.tls_certificate.empty();
}

bool is_of_tls(const std::string& key) {
  return key.starts_with("http.tls_") || key.starts_with("http.gateway_ca") ||
         key.starts_with("http.gateway_names");
}

/// Returns true if the new attempts take longer than the topic of webhook messages keeps a message.
/// The topic keeps its retention until a restart, and a message has to stay there until its last
/// attempt.
bool outlasts_its_topic(const configuration& running, const configuration& read) {
  auto mixed = running;
  mixed.webhook.retry_s = read.webhook.retry_s;
  return !check_retention(mixed);
}

}  // namespace

bool is_reloaded(std::string_view key) {
  return std::ranges::any_of(reloaded_names, [&](std::string_view name) {
    return name.ends_with('.') ? key.starts_with(name) : key == name;
  });
}

reload_report compare(const configuration& running, const configuration& read) {
  reload_report out;
  bool other_protocol = turns_tls(running, read);
  bool longer_tries = outlasts_its_topic(running, read);
  for (const auto& each : all_settings()) {
    if (each.get(running) == each.get(read)) continue;
    bool taken = is_reloaded(each.key) && !(other_protocol && is_of_tls(each.key)) &&
                 !(longer_tries && each.key == "webhook.retry_s");
    (taken ? out.taken_over : out.need_restart).push_back(each.key);
  }
  if (running.kafka != read.kafka) out.need_restart.emplace_back("kafka");
  bool same_profiles = running.scan.profiles == read.scan.profiles &&
                       running.scan.profile_depths == read.scan.profile_depths;
  if (!same_profiles) out.need_restart.emplace_back("scan.profiles");
  return out;
}

configuration taken_over(configuration running, const configuration& read) {
  for (const auto& key : compare(running, read).taken_over) {
    const auto* what = find_setting(key);
    // The value was accepted when it was read.
    (void)what->set(running, what->get(read));
  }
  return running;
}

}  // namespace sonde::daemon
