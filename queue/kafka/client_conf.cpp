#include "queue/kafka/client_conf.hpp"

#include "queue/errc.hpp"

#include <algorithm>
#include <array>

namespace sonde::queue {
namespace {

using kafka::client_kind;
using kafka::conf_ptr;
using kafka::properties;

struct kept_property {
  const char* name;
  const char* why;
};

/// Properties that the operator cannot set, because the guarantees of this program depend on them.
constexpr kept_property kept[] = {
    {"enable.idempotence", "records could be duplicated or reordered"},
    {"acks", "acknowledged records must be on all in-sync replicas"},
    {"request.required.acks", "acknowledged records must be on all in-sync replicas"},
    {"transactional.id", "this program uses no transactions"},
    {"partitioner", "the partition of a key follows from murmur2, as in JVM tools"},
    {"message.timeout.ms", "set limits.produce_timeout_ms instead"},
    {"delivery.timeout.ms", "set limits.produce_timeout_ms instead"},
    {"queue.buffering.max.kbytes", "set limits.produce_pending_bytes instead"},
    {"queue.buffering.max.messages", "set limits.produce_pending_bytes instead"},
    {"message.max.bytes", "set limits.record_max_bytes instead"},
    {"queued.max.messages.kbytes", "set limits.fetch_ahead_bytes instead"},
    {"queued.min.messages", "set limits.fetch_ahead_bytes instead"},
    {"group.id", "the names of groups follow from queue.prefix and their purpose"},
    {"enable.auto.commit", "only processed records are committed"},
    {"auto.commit.enable", "only processed records are committed"},
    {"enable.auto.offset.store", "only processed records are committed"},
    {"auto.offset.reset", "an offset that is out of range is reported, never skipped"},
    {"enable.partition.eof", "this program does not use it"},
    {"log.queue", "the log setting of this program applies"},
};

constexpr std::array secrets = {
    "sasl.password",         "ssl.key.password",        "ssl.key.pem",
    "ssl.keystore.password", "sasl.oauthbearer.config", "sasl.oauthbearer.client.secret"};

constexpr const char* assignors = "partition.assignment.strategy";

result<> set(rd_kafka_conf_t& conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  auto done = rd_kafka_conf_set(&conf, name.c_str(), value.c_str(), why.data(), why.size());
  if (done == RD_KAFKA_CONF_OK) return {};
  if (is_kafka_secret(name)) return fail(errc::mismatch, "kafka." + name + " has no valid value");
  return fail(errc::mismatch, "kafka." + name + ": " + why.data());
}

result<> check_assignors(const std::string& value) {
  // cooperative-sticky loses its position with manual commits before librdkafka 2.10, and hangs
  // before 2.4 and in 2.6.
  if (value.find("cooperative") == std::string::npos) return {};
  return fail(errc::mismatch,
              std::string("kafka.") + assignors +
                  ": only the eager ones, range and roundrobin, work with manual commits");
}

std::string kib(std::uint64_t bytes) {
  return std::to_string(std::max<std::uint64_t>(1, bytes / 1024));
}

properties usual(client_kind kind) {
  properties out = {
      {"client.id", "sonde"},
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      {"log.connection.close", "false"},
      // Reconnect soon to brokers that are available again.
      {"reconnect.backoff.max.ms", "2000"},
  };
  if (kind == client_kind::producer) {
    // Records that arrive while five requests are in flight are sent together anyway.
    out.emplace_back("linger.ms", "1");
  }
  if (kind == client_kind::member) {
    out.emplace_back(assignors, "range,roundrobin");
    // Longer than the brokers need to fail over when one has died: 9 s (broker.session.timeout.ms)
    // and an election. With a shorter timeout every member of a group that this broker coordinated
    // would lose its partitions first.
    out.emplace_back("session.timeout.ms", "15000");
    out.emplace_back("heartbeat.interval.ms", "2000");
  }
  return out;
}

properties fixed(client_kind kind, const limits& limits) {
  auto largest = limits.record_max_bytes + kafka::record_overhead_bytes;
  properties out = {{"log.queue", "true"}, {"message.max.bytes", std::to_string(largest)}};
  if (kind == client_kind::producer) {
    out.emplace_back("enable.idempotence", "true");
    out.emplace_back("acks", "all");
    out.emplace_back("message.timeout.ms", std::to_string(limits.produce_timeout_ms));
    // `produce_pending_bytes` is the limit; the producer's own limit only has to be larger.
    out.emplace_back("queue.buffering.max.kbytes",
                     kib(std::uint64_t{2} * limits.produce_pending_bytes));
    out.emplace_back("queue.buffering.max.messages", "2147483647");
  }
  if (kind == client_kind::reader || kind == client_kind::member) {
    out.emplace_back("enable.auto.commit", "false");
    out.emplace_back("enable.auto.offset.store", "false");
    out.emplace_back("auto.offset.reset", "error");
    out.emplace_back("queued.max.messages.kbytes", kib(limits.fetch_ahead_bytes));
    auto at_once = std::max<std::uint32_t>(limits.fetch_ahead_bytes, largest);
    out.emplace_back("fetch.max.bytes", std::to_string(at_once));
  }
  return out;
}

void choose_events(rd_kafka_conf_t& conf, client_kind kind) {
  int events = RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG;
  if (kind == client_kind::producer) events |= RD_KAFKA_EVENT_DR;
  if (kind == client_kind::reader || kind == client_kind::member) events |= RD_KAFKA_EVENT_FETCH;
  if (kind == client_kind::member) {
    events |= RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT;
  }
  rd_kafka_conf_set_events(&conf, events);
}

}  // namespace

bool is_kafka_secret(const std::string& name) {
  return std::ranges::find(secrets, name) != secrets.end();
}

result<> check_kafka_property(const std::string& name, const std::string& value) {
  for (const auto& each : kept) {
    if (name == each.name) {
      return fail(errc::mismatch, "kafka." + name + " cannot be set: " + each.why);
    }
  }
  if (name == assignors) {
    if (auto eager = check_assignors(value); !eager) return eager;
  }
  conf_ptr scratch(rd_kafka_conf_new());
  return set(*scratch, name, value);
}

namespace kafka {

result<conf_ptr> make_conf(client_kind kind, const kafka_settings& settings, const limits& limits,
                           const properties& own) {
  conf_ptr conf(rd_kafka_conf_new());
  for (const auto& [name, value] : usual(kind)) {
    if (auto done = set(*conf, name, value); !done) return done.error();
  }
  for (const auto& [name, value] : settings.properties) {
    if (auto fine = check_kafka_property(name, value); !fine) return fine.error();
    if (name == "group.instance.id") continue;  // set for each member separately
    if (auto done = set(*conf, name, value); !done) return done.error();
  }
  auto last = fixed(kind, limits);
  last.insert(last.end(), own.begin(), own.end());
  for (const auto& [name, value] : last) {
    if (auto done = set(*conf, name, value); !done) return done.error();
  }
  choose_events(*conf, kind);
  return conf;
}

}  // namespace kafka
}  // namespace sonde::queue
