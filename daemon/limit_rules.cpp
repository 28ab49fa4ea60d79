#include "daemon/limit_rules.hpp"

#include "model/errc.hpp"
#include "model/net/port_set.hpp"
#include "model/scan/task_fitting.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace sonde::daemon {
namespace {

/// Name of a setting, and the function that returns its value.
struct bounded_setting {
  const char* name;
  std::uint64_t (*value)(const configuration&);
};

/// Rule that `factor` times the lower setting plus `extra` is at most the upper setting.
struct limit_rule {
  bounded_setting lower;
  std::uint64_t factor;
  std::uint64_t extra;
  bounded_setting upper;
  const char* why;
  bool kafka_only = false;
};

template <auto member>
std::uint64_t limit_value(const configuration& config) {
  return config.limits.*member;
}

constexpr bounded_setting record_bytes{"limits.record_max_bytes",
                                       limit_value<&limits::record_max_bytes>};

/// Growth of a JSON text inside a JSON text: quotes and backslashes take two bytes.
constexpr std::uint64_t escaped = 2;
/// Bytes that a record holds beside a body: the encrypted webhook and the record's headers; for a
/// cached response, its headers.
constexpr std::uint64_t around_message = 32'768;
constexpr std::uint64_t around_answer = 8'192;
constexpr std::uint64_t around_banner = 16'384;
/// Bytes of the shortest row of a table of results.
constexpr std::uint64_t least_row = 160;
/// Upper bound of the bytes that Kafka's producer counts for a record beside its content.
constexpr std::uint64_t around_record = 16'384;

constexpr limit_rule limit_rules[] = {
    {{"limits.webhook_body_bytes", limit_value<&limits::webhook_body_bytes>},
     escaped,
     around_message,
     record_bytes,
     "a webhook's message must fit a record with its quotes escaped"},
    {{"limits.idempotency_body_bytes", limit_value<&limits::idempotency_body_bytes>},
     escaped,
     around_answer,
     record_bytes,
     "a cached response must fit a record with its quotes escaped"},
    {{"limits.banner_text_bytes", limit_value<&limits::banner_text_bytes>},
     4 * escaped,
     around_banner,
     record_bytes,
     "a banner's text must fit a quarter of its record with its quotes escaped"},
    {{"limits.banner_bytes", limit_value<&limits::banner_bytes>},
     2,
     around_banner,
     record_bytes,
     "a banner's bytes must fit two thirds of its record in base64"},
    {{"limits.results_endpoints", limit_value<&limits::results_endpoints>},
     least_row,
     0,
     record_bytes,
     "the results of a scan must fit its snapshot"},
    {{"limits.certificate_bytes", limit_value<&limits::certificate_bytes>},
     1,
     0,
     record_bytes,
     "the parsed part of a certificate must fit a record"},
    {{"limits.certificate_bytes", limit_value<&limits::certificate_bytes>},
     1,
     0,
     {"limits.handshake_bytes", limit_value<&limits::handshake_bytes>},
     "a certificate is read as a part of a handshake"},
    {{"limits.http_body_share_bytes", limit_value<&limits::http_body_share_bytes>},
     1,
     0,
     {"limits.http_bodies_bytes", limit_value<&limits::http_bodies_bytes>},
     "all bodies together have room for the share of one"},
    {{"limits.http_body_bytes", limit_value<&limits::http_body_bytes>},
     1,
     0,
     {"limits.http_body_share_bytes and limits.http_bodies_bytes together",
      [](const configuration& config) {
        return std::uint64_t{config.limits.http_body_share_bytes} + config.limits.http_bodies_bytes;
      }},
     "a body that is larger would always be refused"},
    {record_bytes,
     1,
     around_record,
     {"limits.produce_pending_bytes", limit_value<&limits::produce_pending_bytes>},
     "a record larger than the bound of waiting records could not be written"},
    {record_bytes,
     1,
     0,
     {"limits.read_bytes", limit_value<&limits::read_bytes>},
     "one read must hold a record"},
    {record_bytes,
     1,
     around_record,
     {"limits.fetch_ahead_bytes", limit_value<&limits::fetch_ahead_bytes>},
     "the prefetched bytes must hold a record",
     true},
    {record_bytes,
     1,
     around_record,
     {"Kafka's message.max.bytes",
      [](const configuration&) { return std::uint64_t{1'000'000'000}; }},
     "librdkafka sends no larger message",
     true},
    {{"queue.partitions",
      [](const configuration& config) { return std::uint64_t{config.queue.partitions}; }},
     std::uint64_t{2} * model::produced_place_bytes * 4,
     0,
     record_bytes,
     "a snapshot names a place in each partition of two topics, in a quarter of its bytes",
     true},
};

/// Property of librdkafka that limits the size of one record or of all fetched data.
struct kafka_rule {
  const char* property;
  bounded_setting least;
  std::uint64_t extra;
};

constexpr kafka_rule kafka_rules[] = {
    {"fetch.message.max.bytes", record_bytes, around_record},
    {"max.partition.fetch.bytes", record_bytes, around_record},
    {"receive.message.max.bytes",
     {"limits.fetch_ahead_bytes", limit_value<&limits::fetch_ahead_bytes>},
     512},
};

error broken(const std::string& lower, std::uint64_t lower_value, const std::string& upper,
             std::uint64_t upper_value, const std::string& accepted, const char* why) {
  return fail(model::errc::invalid_field,
              fmt::format("{} is {}, and {} is {}: {}; accepted is {}", lower, lower_value, upper,
                          upper_value, why, accepted));
}

result<> check_rule(const limit_rule& rule, const configuration& config) {
  auto lower = rule.lower.value(config);
  auto upper = rule.upper.value(config);
  auto needed = rule.factor * lower + rule.extra;
  if (needed <= upper) return {};
  auto accepted = fmt::format("{} from {} up", rule.upper.name, needed);
  if (upper > rule.extra + rule.factor) {
    accepted = fmt::format("{} up to {}, or {}", rule.lower.name,
                           (upper - rule.extra) / rule.factor, accepted);
  }
  return broken(rule.lower.name, lower, rule.upper.name, upper, accepted, rule.why);
}

result<> check_rule(const kafka_rule& rule, const configuration& config) {
  auto found = config.kafka.find(rule.property);
  if (found == config.kafka.end()) return {};
  const auto& text = found->second;
  std::uint64_t value = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  // librdkafka refuses a text that is not a number, with its own reason.
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return {};
  auto needed = rule.least.value(config) + rule.extra;
  if (value >= needed) return {};
  return broken(rule.least.name, needed - rule.extra, "kafka." + std::string(rule.property), value,
                fmt::format("kafka.{} from {} up", rule.property, needed),
                "a received message must hold it");
}

/// Checks the ports of a profile, which are part of every snapshot of its scans.
result<> check_profile(const std::string& name, const std::string& ports,
                       const configuration& config) {
  auto parsed = model::port_set::parse(ports);
  if (!parsed) return {};  // reported where it was read
  auto bytes = parsed->text().size();
  auto record = config.limits.record_max_bytes;
  auto most = model::most_ports_bytes(record);
  if (bytes <= most) return {};
  return broken(
      "scan.profiles." + name + ".ports", bytes, record_bytes.name, record,
      fmt::format("a list of up to {} bytes, or {} from {} up", most, record_bytes.name, bytes * 4),
      "the ports of a scan must fit its snapshot");
}

}  // namespace

result<> check_limits(const configuration& config) {
  bool kafka = config.queue.backend == "kafka";
  for (const auto& rule : limit_rules) {
    if (rule.kafka_only && !kafka) continue;
    if (auto kept = check_rule(rule, config); !kept) return kept;
  }
  for (const auto& rule : kafka_rules) {
    if (!kafka) break;
    if (auto kept = check_rule(rule, config); !kept) return kept;
  }
  for (const auto& [name, ports] : config.scan.profiles) {
    if (auto kept = check_profile(name, ports, config); !kept) return kept;
  }
  return {};
}

}  // namespace sonde::daemon
