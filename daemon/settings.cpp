#include "daemon/settings.hpp"

#include "daemon/limit_names.hpp"
#include "daemon/setting_checks.hpp"
#include "daemon/topic_settings.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>

namespace sonde::daemon {
namespace {

/// Place of a setting's member in the configuration: the member pointers that lead to it.
template <class... Members>
class member_place {
 public:
  constexpr explicit member_place(Members... path) : path_(path...) {}

  /// Returns the member of a configuration, which may be const.
  template <class Configuration>
  auto& in(Configuration& config) const {
    return std::apply(
        [&](auto... path) -> auto& { return (config.*....*path); }, path_);
  }

 private:
  std::tuple<Members...> path_;
};

template <class... Members>
constexpr member_place<Members...> at(Members... path) {
  return member_place<Members...>(path...);
}

/// Form in which the file and the environment give a member of this type.
template <class Member>
struct form_of;
template <>
struct form_of<std::string> {
  using value = std::string;
  static constexpr auto kind = setting::kind::text;
};
template <>
struct form_of<std::filesystem::path> : form_of<std::string> {};
template <>
struct form_of<std::uint32_t> {
  using value = std::int64_t;
  static constexpr auto kind = setting::kind::number;
};
template <>
struct form_of<bool> {
  using value = bool;
  static constexpr auto kind = setting::kind::flag;
};
template <>
struct form_of<std::vector<std::string>> {
  using value = std::vector<std::string>;
  static constexpr auto kind = setting::kind::list;
};

/// Returns a setting that is the member at `place`. `check` accepts only values of its form.
template <class Place>
setting row(std::string key, std::string description, Place place, setting_check check) {
  using member = std::remove_cvref_t<decltype(place.in(std::declval<configuration&>()))>;
  using form = form_of<member>;
  setting out;
  out.key = std::move(key);
  out.description = std::move(description);
  out.type = form::kind;
  out.set = [place, check = std::move(check)](configuration& config,
                                              const setting_value& value) -> result<> {
    if (auto accepted = check(value); !accepted) return accepted;
    place.in(config) = static_cast<member>(std::get<typename form::value>(value));
    return {};
  };
  out.get = [place](const configuration& config) {
    return setting_value(static_cast<typename form::value>(place.in(config)));
  };
  return out;
}

std::vector<setting> queue_settings() {
  using c = configuration;
  return {
      row("queue.backend", "embedded: a durable queue in the data folder; kafka",
          at(&c::queue, &c::queue_section::backend), one_of({"embedded", "kafka", "memory"})),
      row("queue.prefix", "what topic names begin with", at(&c::queue, &c::queue_section::prefix),
          text_that(check_prefix)),
      row("queue.partitions", "of each topic on Kafka",
          at(&c::queue, &c::queue_section::partitions), number_between(1, 10'000)),
      row("queue.replicas", "brokers that hold each record; 0: three, or as many as there are",
          at(&c::queue, &c::queue_section::replicas), number_between(0, 100)),
      row("queue.in_sync",
          "replicas that must have a record before it is acknowledged; 0: one fewer",
          at(&c::queue, &c::queue_section::in_sync), number_between(0, 100)),
      row("queue.instance", "this process in its groups on Kafka; empty: kept in the data folder",
          at(&c::queue, &c::queue_section::instance), text_that(check_instance)),
  };
}

std::vector<setting> general_settings() {
  using c = configuration;
  return {
      row("data_dir", "where the queue and the views are kept", at(&c::data_dir), any_text()),
      row("server", "the server that scan, show and watch use", at(&c::server), any_text()),
      row("ca_file",
          "PEM file: authorities that verbs trust for that server, in place of the system's",
          at(&c::ca_file), any_text()),
      row("roles", "what this process does: ingest, scanner, view, webhook", at(&c::roles),
          list_that(check_roles)),
      row("drain_s", "seconds that running scans get to end when the daemon stops", at(&c::drain_s),
          number_between(0, 3600)),
      row("http.listen", "address and port of the HTTP interface; port 0 takes any",
          at(&c::http, &c::http_section::listen), text_that(check_listen)),
      row("http.server_names", "names that Host may have beside localhost, where it listens there",
          at(&c::http, &c::http_section::server_names), list_that(check_server_names)),
      row("http.allow_plaintext", "allow plain HTTP on addresses other than loopback",
          at(&c::http, &c::http_section::allow_plaintext), true_or_false()),
      row("http.metrics", "who may read /metrics: keys of a role (role), or everybody",
          at(&c::http, &c::http_section::metrics), one_of({"auto", "everybody", "role"})),
      row("http.gateway_socket", "a UNIX socket for a gateway that names the caller; empty: none",
          at(&c::http, &c::http_section::gateway_socket), any_text()),
      row("http.tls_certificate",
          "PEM file: the server's certificate and those that lead to its root",
          at(&c::http, &c::http_section::tls_certificate), any_text()),
      row("http.tls_key", "PEM file: the certificate's key, without a passphrase",
          at(&c::http, &c::http_section::tls_key), any_text()),
      row("http.gateway_ca", "PEM file: authorities that issue the certificates of gateways",
          at(&c::http, &c::http_section::gateway_ca), any_text()),
      row("http.gateway_names", "the names of those certificates that are a gateway's; *: all",
          at(&c::http, &c::http_section::gateway_names), list_that(check_gateway_names)),
      row("log.level", "debug, info, warning or error", at(&c::log, &c::log_section::level),
          one_of({"debug", "info", "warning", "error"})),
      row("log.format", "text or json", at(&c::log, &c::log_section::format),
          one_of({"text", "json"})),
      row("log.audit", "every entry of the topic audit is a line of the log too",
          at(&c::log, &c::log_section::audit), true_or_false()),
  };
}

std::vector<setting> scan_settings() {
  using c = configuration;
  return {
      row("scan.threads", "threads that probe; 0: one a processor",
          at(&c::scan, &c::scan_section::threads), number_between(0, 256)),
      row("scan.resolvers", "name servers; none: those of /etc/resolv.conf",
          at(&c::scan, &c::scan_section::resolvers), list_that(check_resolvers)),
      row("scan.addresses_per_name", "addresses scanned of one name",
          at(&c::scan, &c::scan_section::addresses_per_name), number_between(1, 1000)),
      row("scan.rate_per_address", "connections a second to one address; 0: no limit",
          at(&c::scan, &c::scan_section::rate_per_address), number_between(0)),
      row("scan.rate_per_network", "connections a second to one /24 or /48; 0: no limit",
          at(&c::scan, &c::scan_section::rate_per_network), number_between(0)),
      row("scan.contact", "sent in User-Agent to every service: an address or a URL",
          at(&c::scan, &c::scan_section::contact), text_that(check_contact)),
      row("scan.depth", "requests sent to an open port: light, standard or deep",
          at(&c::scan, &c::scan_section::depth), text_that(check_depth)),
      row("scan.industrial", "send industrial protocols' identification request to their own ports",
          at(&c::scan, &c::scan_section::industrial), true_or_false()),
      row("scan.recog_dir",
          "folder with Recog files (*.xml), which name more products; empty: none",
          at(&c::scan, &c::scan_section::recog_dir), any_text()),
      row("scope.allow", "networks and names to scan although not globally routable",
          at(&c::scope, &model::scope_rules::allow), list_that(check_scope_list)),
      row("scope.deny", "networks and names never to touch",
          at(&c::scope, &model::scope_rules::deny), list_that(check_scope_list)),
      row("scope.own", "networks of the operator, scanned without rate limits",
          at(&c::scope, &model::scope_rules::own), list_that(check_scope_list)),
  };
}

std::vector<setting> webhook_settings() {
  using c = configuration;
  return {
      row("webhook.allow", "networks and names to send webhooks to although not globally routable",
          at(&c::webhook, &c::webhook_section::allow), list_that(check_scope_list)),
      row("webhook.key_file",
          "keys that encrypt and sign webhooks, one a line; empty: created in the data folder",
          at(&c::webhook, &c::webhook_section::key_file), any_text()),
      row("webhook.secret_file",
          "shared secrets of earlier versions, one a line; use webhook.key_file",
          at(&c::webhook, &c::webhook_section::secret_file), any_text()),
      row("webhook.ca_file", "certificates to trust beside the system's, in PEM",
          at(&c::webhook, &c::webhook_section::ca_file), any_text()),
      row("webhook.retry_s", "seconds before each try to send a webhook, the first one's included",
          at(&c::webhook, &c::webhook_section::retry_s), list_that(check_pauses)),
  };
}

std::vector<setting> limit_settings() {
  std::vector<setting> out;
  for (const auto& limit : limit_names()) {
    out.push_back(row("limits." + std::string(limit.name), limit.description,
                      at(&configuration::limits, limit.member), number_between(limit.least)));
  }
  return out;
}

std::vector<setting> make_settings() {
  std::vector<setting> out;
  for (const auto& part : {general_settings(), queue_settings(), topic_settings(), scan_settings(),
                           webhook_settings(), limit_settings()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace

std::string setting::variable() const {
  std::string out = "SONDE_";
  for (char c : key) {
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return out;
}

const std::vector<setting>& all_settings() {
  static const std::vector<setting> settings = make_settings();
  return settings;
}

const setting* find_setting(const std::string& key) {
  auto found = std::ranges::find(all_settings(), key, &setting::key);
  return found == all_settings().end() ? nullptr : &*found;
}

}  // namespace sonde::daemon
