#include "daemon/settings.hpp"

#include "daemon/limit_names.hpp"
#include "daemon/topic_settings.hpp"
#include "model/errc.hpp"
#include "model/profile.hpp"
#include "model/target.hpp"
#include "scanner/resolver/resolver.hpp"
#include "webhook/retry_plan.hpp"

#include <algorithm>
#include <limits>

namespace sonde::daemon {
namespace {

using text_check = std::function<result<>(const std::string&)>;

error wrong(const std::string& what) {
  return fail(model::errc::invalid_field, what);
}

text_check one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& value) -> result<> {
    if (std::ranges::find(words, value) != words.end()) return {};
    std::string all;
    for (const auto& word : words)
      all += (all.empty() ? "" : ", ") + word;
    return wrong("\"" + value + "\" is none of " + all);
  };
}

result<> any_text(const std::string&) {
  return {};
}

result<> check_listen(const std::string& value) {
  auto parsed = parse_listen(value);
  if (!parsed) return parsed.error();
  return {};
}

/// RFC 9110, section 10.1.5: what may stand in a User-Agent.
result<> check_contact(const std::string& value) {
  bool printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && value.size() <= 200) return {};
  return wrong("is no printable ASCII text of at most 200 characters");
}

result<> check_prefix(const std::string& value) {
  bool plain = !value.empty() && value.size() <= 64 && std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (plain) return {};
  return wrong("is no prefix of letters, digits, dots, - and _");
}

/// What Kafka takes for a `group.instance.id`; it is also a name in a topic's sense.
result<> check_instance(const std::string& value) {
  bool plain = value.size() <= 200 && std::ranges::all_of(value, [](char c) {
                 return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
               });
  if (plain) return {};
  return wrong("is no name of letters, digits, dots, - and _");
}

template <class Get>
setting text(std::string key, std::string description, Get get, text_check check = any_text) {
  setting out;
  out.key = std::move(key);
  out.description = std::move(description);
  out.set = [get, check](configuration& config, const setting_value& value) -> result<> {
    const auto* given = std::get_if<std::string>(&value);
    if (given == nullptr) return wrong("is no text");
    if (auto fine = check(*given); !fine) return fine.error();
    get(config) = *given;
    return {};
  };
  out.get = [get](const configuration& config) {
    return setting_value(std::string(get(const_cast<configuration&>(config))));
  };
  return out;
}

template <class Get>
setting number(std::string key, std::string description, Get get, std::int64_t least = 1,
               std::int64_t most = std::numeric_limits<std::uint32_t>::max()) {
  setting out;
  out.type = setting::kind::number;
  out.key = std::move(key);
  out.description = std::move(description);
  out.set = [get, least, most](configuration& config, const setting_value& value) -> result<> {
    const auto* given = std::get_if<std::int64_t>(&value);
    if (given == nullptr || *given < least || *given > most) {
      return wrong("is no number between " + std::to_string(least) + " and " +
                   std::to_string(most));
    }
    get(config) = static_cast<std::uint32_t>(*given);
    return {};
  };
  out.get = [get](const configuration& config) {
    return setting_value(static_cast<std::int64_t>(get(const_cast<configuration&>(config))));
  };
  return out;
}

template <class Get>
setting flag(std::string key, std::string description, Get get) {
  setting out;
  out.type = setting::kind::flag;
  out.key = std::move(key);
  out.description = std::move(description);
  out.set = [get](configuration& config, const setting_value& value) -> result<> {
    const auto* given = std::get_if<bool>(&value);
    if (given == nullptr) return wrong("is neither true nor false");
    get(config) = *given;
    return {};
  };
  out.get = [get](const configuration& config) {
    return setting_value(get(const_cast<configuration&>(config)));
  };
  return out;
}

using list_check = std::function<result<>(const std::vector<std::string>&)>;

template <class Get>
setting list(std::string key, std::string description, Get get, list_check check) {
  setting out;
  out.type = setting::kind::list;
  out.key = std::move(key);
  out.description = std::move(description);
  out.set = [get, check](configuration& config, const setting_value& value) -> result<> {
    const auto* given = std::get_if<std::vector<std::string>>(&value);
    if (given == nullptr) return wrong("is no list of texts");
    if (auto fine = check(*given); !fine) return fine.error();
    get(config) = *given;
    return {};
  };
  out.get = [get](const configuration& config) {
    return setting_value(get(const_cast<configuration&>(config)));
  };
  return out;
}

result<> check_scope_list(const std::vector<std::string>& entries) {
  auto parsed = model::address_scope::from_rules({entries, {}, {}});
  if (!parsed) return parsed.error();
  return {};
}

result<> check_resolvers(const std::vector<std::string>& servers) {
  for (const auto& server : servers) {
    if (auto fine = scanner::check_server(server); !fine) return fine.error();
  }
  return {};
}

/// As in a certificate; a comma would end it where a list comes from the environment.
result<> check_gateway_names(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    bool plain = !name.empty() && name.size() <= 253 &&
                 std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~' && c != ','; });
    if (!plain) return wrong("\"" + name + "\" is no name of printable ASCII without commas");
    if (name == "*" && names.size() > 1) {
      return wrong("\"*\" means every certificate; leave the other names out, or leave it out");
    }
  }
  return {};
}

result<> check_server_names(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    auto fine = model::target::parse(name);
    if (!fine) return wrong("\"" + name + "\" is no host name and no IP address");
  }
  return {};
}

result<> check_roles(const std::vector<std::string>& roles) {
  if (roles.empty()) return wrong("names no role");
  auto known = one_of({"ingest", "scanner", "view", "webhook"});
  for (const auto& role : roles) {
    if (auto fine = known(role); !fine) return fine.error();
  }
  return {};
}

std::vector<setting> queue_settings() {
  using c = configuration;
  return {
      text(
          "queue.backend", "embedded: a durable queue in the data folder; kafka",
          [](c & x) -> auto& { return x.queue.backend; }, one_of({"embedded", "kafka", "memory"})),
      text(
          "queue.prefix", "what topic names begin with",
          [](c & x) -> auto& { return x.queue.prefix; }, check_prefix),
      number(
          "queue.partitions", "of each topic on Kafka",
          [](c & x) -> auto& { return x.queue.partitions; }, 1, 10'000),
      number(
          "queue.replicas", "brokers that hold each record; 0: three, or as many as there are",
          [](c & x) -> auto& { return x.queue.replicas; }, 0, 100),
      number(
          "queue.in_sync", "of these, that must have it before it is acknowledged; 0: one fewer",
          [](c & x) -> auto& { return x.queue.in_sync; }, 0, 100),
      text(
          "queue.instance", "this process in its groups on Kafka; empty: kept in the data folder",
          [](c & x) -> auto& { return x.queue.instance; }, check_instance),
  };
}

std::vector<setting> general_settings() {
  using c = configuration;
  return {
      text(
          "data_dir", "where the queue and the views are kept",
          [](c & x) -> auto& { return x.data_dir; }),
      text(
          "server", "the server that scan, show and watch talk to",
          [](c & x) -> auto& { return x.server; }),
      text(
          "ca_file", "PEM file: who vouches for that server, in place of the system's authorities",
          [](c & x) -> auto& { return x.ca_file; }),
      list(
          "roles", "what this process does: ingest, scanner, view, webhook",
          [](c & x) -> auto& { return x.roles; }, check_roles),
      number(
          "drain_s", "seconds that running scans get to end when the daemon stops",
          [](c & x) -> auto& { return x.drain_s; }, 0, 3600),
      text(
          "http.listen", "address and port of the HTTP interface; port 0 takes any",
          [](c & x) -> auto& { return x.http.listen; }, check_listen),
      list(
          "http.server_names", "names that Host may have beside localhost, where it listens there",
          [](c & x) -> auto& { return x.http.server_names; }, check_server_names),
      flag(
          "http.allow_plaintext", "listen beyond loopback although there is no TLS",
          [](c & x) -> auto& { return x.http.allow_plaintext; }),
      text(
          "http.metrics", "who may read /metrics: keys of a role (role), or everybody",
          [](c & x) -> auto& { return x.http.metrics; }, one_of({"auto", "everybody", "role"})),
      text(
          "http.gateway_socket", "a UNIX socket for a gateway that says who calls; empty: none",
          [](c & x) -> auto& { return x.http.gateway_socket; }),
      text(
          "http.tls_certificate",
          "PEM file: the server's certificate and those that lead to its root",
          [](c & x) -> auto& { return x.http.tls_certificate; }),
      text(
          "http.tls_key", "PEM file: the certificate's key, without a passphrase",
          [](c & x) -> auto& { return x.http.tls_key; }),
      text(
          "http.gateway_ca", "PEM file: who vouches for gateways that show a certificate",
          [](c & x) -> auto& { return x.http.gateway_ca; }),
      list(
          "http.gateway_names", "the names of those certificates that are a gateway's; *: all",
          [](c & x) -> auto& { return x.http.gateway_names; }, check_gateway_names),
      text(
          "log.level", "debug, info, warning or error", [](c & x) -> auto& { return x.log.level; },
          one_of({"debug", "info", "warning", "error"})),
      text(
          "log.format", "text or json", [](c & x) -> auto& { return x.log.format; },
          one_of({"text", "json"})),
      flag(
          "log.audit", "every entry of the topic audit is a line of the log too",
          [](c & x) -> auto& { return x.log.audit; }),
  };
}

std::vector<setting> scan_settings() {
  using c = configuration;
  return {
      number(
          "scan.threads", "threads that probe; 0: one a processor",
          [](c & x) -> auto& { return x.scan.threads; }, 0, 256),
      list(
          "scan.resolvers", "name servers; none: those of /etc/resolv.conf",
          [](c & x) -> auto& { return x.scan.resolvers; }, check_resolvers),
      number(
          "scan.addresses_per_name", "addresses scanned of one name",
          [](c & x) -> auto& { return x.scan.addresses_per_name; }, 1, 1000),
      number(
          "scan.rate_per_address", "probes a second to one address; 0: no limit",
          [](c & x) -> auto& { return x.scan.rate_per_address; }, 0),
      number(
          "scan.rate_per_network", "probes a second to one /24 or /48; 0: no limit",
          [](c & x) -> auto& { return x.scan.rate_per_network; }, 0),
      text(
          "scan.contact", "told to the services asked, in User-Agent: an address or a URL",
          [](c & x) -> auto& { return x.scan.contact; }, check_contact),
      list(
          "scope.allow", "networks and names to scan although not globally routable",
          [](c & x) -> auto& { return x.scope.allow; }, check_scope_list),
      list(
          "scope.deny", "networks and names never to touch",
          [](c & x) -> auto& { return x.scope.deny; }, check_scope_list),
      list(
          "scope.own", "networks of one's own, scanned without rate limits",
          [](c & x) -> auto& { return x.scope.own; }, check_scope_list),
  };
}

result<> check_pauses(const std::vector<std::string>& pauses) {
  auto parsed = webhook::parse_pauses(pauses);
  if (!parsed) return parsed.error();
  return {};
}

std::vector<setting> webhook_settings() {
  using c = configuration;
  return {
      list(
          "webhook.allow", "networks and names to send webhooks to although not globally routable",
          [](c & x) -> auto& { return x.webhook.allow; }, check_scope_list),
      text(
          "webhook.key_file",
          "keys that encrypt and sign webhooks, one a line; empty: made in the data folder",
          [](c & x) -> auto& { return x.webhook.key_file; }),
      text(
          "webhook.secret_file",
          "shared secrets of earlier versions, one a line; use webhook.key_file",
          [](c & x) -> auto& { return x.webhook.secret_file; }),
      text(
          "webhook.ca_file", "certificates to trust beside the system's, in PEM",
          [](c & x) -> auto& { return x.webhook.ca_file; }),
      list(
          "webhook.retry_s", "seconds before each try to send a webhook, the first one's included",
          [](c & x) -> auto& { return x.webhook.retry_s; }, check_pauses),
  };
}

std::vector<setting> make_settings() {
  using c = configuration;
  std::vector<setting> out;
  for (const auto& part : {general_settings(), queue_settings(), topic_settings(), scan_settings(),
                           webhook_settings()})
    out.insert(out.end(), part.begin(), part.end());
  for (const auto& limit : limit_names()) {
    auto member = limit.member;
    out.push_back(number(
        "limits." + std::string(limit.name),
        limit.description, [member](c & x) -> auto& { return x.limits.*member; }, limit.least));
  }
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
