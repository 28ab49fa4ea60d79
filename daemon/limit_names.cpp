#include "daemon/limit_names.hpp"

namespace sonde::daemon {
namespace {

constexpr limit_name names[] = {
    {"http_connections", &limits::http_connections, "connections open at once"},
    {"http_header_bytes", &limits::http_header_bytes, "request line and headers", 256},
    {"http_body_bytes", &limits::http_body_bytes, "body of a request", 256},
    {"http_header_timeout_ms", &limits::http_header_timeout_ms, "for the headers to arrive"},
    {"http_body_timeout_ms", &limits::http_body_timeout_ms, "for the body to arrive"},
    {"http_idle_timeout_ms", &limits::http_idle_timeout_ms, "between two requests"},
    {"http_write_timeout_ms", &limits::http_write_timeout_ms, "for an answer to be taken"},
    {"http_answer_timeout_ms", &limits::http_answer_timeout_ms, "for an answer to be found"},
    {"http_linger_ms", &limits::http_linger_ms, "for the rest of a refused request"},
    {"http_linger_bytes", &limits::http_linger_bytes, "taken of that rest"},
    {"json_depth", &limits::json_depth, "nesting of objects and lists"},
    {"record_max_bytes", &limits::record_max_bytes, "one record of a topic", 65'536},
    {"produce_pending_bytes", &limits::produce_pending_bytes, "records not yet durable", 1U << 20U},
    {"commit_records", &limits::commit_records, "records of one commit"},
    {"read_records", &limits::read_records, "records read at once"},
    {"read_bytes", &limits::read_bytes, "their bytes"},
    {"produce_timeout_ms", &limits::produce_timeout_ms, "for Kafka to make a record durable", 100},
    {"broker_answer_timeout_ms", &limits::broker_answer_timeout_ms,
     "for a question to Kafka's brokers", 100},
    {"fetch_ahead_bytes", &limits::fetch_ahead_bytes, "held of a Kafka topic before it is read",
     1U << 20U},
    {"group_leave_timeout_ms", &limits::group_leave_timeout_ms, "for leaving a Kafka group"},
    {"running_tasks", &limits::running_tasks, "scans under way at once"},
    {"queued_per_scope", &limits::queued_per_scope, "scans of one scope that wait"},
    {"queued_total", &limits::queued_total, "scans that wait"},
    {"task_attempts", &limits::task_attempts, "starts in a row without progress"},
    {"task_timeout_s", &limits::task_timeout_s, "for one scan"},
    {"task_generations", &limits::task_generations, "past scans kept of a target"},
    {"results_endpoints", &limits::results_endpoints, "endpoints listed in a scan's results"},
    {"descriptors", &limits::descriptors, "sockets for probes; 0: measured at start-up", 0},
    {"address_in_flight", &limits::address_in_flight, "unanswered probes of one address"},
    {"address_conversations", &limits::address_conversations, "services of one address spoken to"},
    {"connect_timeout_ms", &limits::connect_timeout_ms, "for a connection to be made"},
    {"local_trouble_timeout_ms", &limits::local_trouble_timeout_ms,
     "of one address without an answer, before this machine gives up on it"},
    {"greeting_timeout_ms", &limits::greeting_timeout_ms, "for a service that speaks first"},
    {"answer_timeout_ms", &limits::answer_timeout_ms, "for a service that was asked"},
    {"conversation_timeout_ms", &limits::conversation_timeout_ms, "for all that is said on a port"},
    {"banner_bytes", &limits::banner_bytes, "read of what a service says"},
    {"banner_text_bytes", &limits::banner_text_bytes, "kept of it as text"},
    {"handshake_bytes", &limits::handshake_bytes, "read of a TLS handshake", 16'384},
    {"chain_certificates", &limits::chain_certificates, "kept of a presented chain"},
    {"certificate_bytes", &limits::certificate_bytes, "of one certificate that is parsed"},
    {"certificate_names", &limits::certificate_names, "alternative names kept of it"},
    {"webhook_timeout_ms", &limits::webhook_timeout_ms, "one try to send a webhook", 100},
    {"webhook_connect_timeout_ms", &limits::webhook_connect_timeout_ms, "one address of it", 100},
    {"webhook_answer_bytes", &limits::webhook_answer_bytes, "read of a receiver's answer", 1024},
    {"webhook_body_bytes", &limits::webhook_body_bytes, "a webhook's message", 4096},
    {"webhook_in_flight", &limits::webhook_in_flight, "webhooks being sent at once"},
    {"webhook_endpoint_in_flight", &limits::webhook_endpoint_in_flight, "of them to one receiver"},
    {"webhook_endpoint_queued", &limits::webhook_endpoint_queued,
     "that wait for one receiver; more become dead letters"},
    {"webhook_queued", &limits::webhook_queued, "that wait for all receivers"},
    {"webhook_held_bytes", &limits::webhook_held_bytes, "of messages held in memory", 0},
    {"webhook_retry_after_s", &limits::webhook_retry_after_s, "that Retry-After can put a try off"},
    {"dns_timeout_ms", &limits::dns_timeout_ms, "one try at one name server"},
    {"dns_tries", &limits::dns_tries, "tries at each name server"},
};

}  // namespace

std::span<const limit_name> limit_names() {
  return names;
}

}  // namespace sonde::daemon
