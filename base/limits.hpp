#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde {

/// Every bound this program keeps, in one place, each with its reason.
///
/// The values are the defaults; `[limits]` in the configuration file sets any of them by its name.
/// What comes from outside never makes memory, disk or time grow beyond these.
struct limits {
  // HTTP: what one connection may cost before it has said anything useful.
  std::uint32_t http_connections = 10'000;  ///< open at once; then who waits longest gives way
  std::uint32_t http_connections_per_address = 1024;  ///< of one IPv4 address or IPv6 /64
  std::uint32_t http_header_bytes = 8192;             ///< request line and headers together
  std::uint32_t http_headers = 64;                    ///< header lines
  std::uint32_t http_target_bytes = 4096;             ///< path and query as they were sent
  std::uint32_t http_body_bytes = 1u << 20;           ///< an entity's main value may have 64 KiB
  std::uint32_t http_body_share_bytes = 65'536;  ///< larger ones get three quarters of what follows
  std::uint32_t http_bodies_bytes = 64u << 20;   ///< of all that are under way; beyond it: 503
  std::uint32_t http_responses_bytes = 64u << 20;  ///< not yet taken by their readers; then 503
  std::uint32_t http_caller_percent =
      50;  ///< of all bodies' bytes, and of all responses', that one caller may hold
  std::uint32_t http_reads_at_work = 8;         ///< large answers built at once, each some 20 MiB
  std::uint32_t http_waiting_per_caller = 256;  ///< `?wait=`; `sonde scan` follows 32; then 429
  std::uint32_t http_refusals_logged = 20;  ///< a minute, of callers without a key; others counted
  std::uint32_t http_header_timeout_ms = 10'000;
  std::uint32_t http_body_timeout_ms = 30'000;
  std::uint32_t http_idle_timeout_ms = 60'000;    ///< between two requests of one connection
  std::uint32_t http_write_timeout_ms = 30'000;   ///< a reader slower than this is hung up on
  std::uint32_t http_answer_timeout_ms = 10'000;  ///< then 503: the queue or a view is too slow
  std::uint32_t http_answer_bytes = 4u << 20;     ///< of a list; where it comes to so much, it ends
  std::uint32_t http_linger_ms = 2'000;         ///< the rest of a refused request is taken so long
  std::uint32_t http_linger_bytes = 64u << 20;  ///< … and so far: a proxy may send it in one go
  std::uint32_t http_client_chain_bytes = 16'384;  ///< a client's certificates, as they are sent
  std::uint32_t json_depth = 32;                   ///< nesting of objects and lists
  std::uint32_t submission_nesting = 8;            ///< of associations in one submitted entity
  std::uint32_t submission_entities = 1'000;       ///< of one request, each at most a record
  std::uint32_t submission_work = 150'000;  ///< to check one, in units of about a microsecond; the
                                            ///< largest plain body needs 110,000; beyond it: 413
  std::uint32_t inline_body_bytes = 4'096;  ///< checked on the HTTP loop, in about 0.4 ms
  std::uint32_t inline_work = 500;          ///< … if this suffices, in the same units
  std::uint32_t work_threads = 1;      ///< that check the others; a small machine has two cores
  std::uint32_t work_waiting = 1'024;  ///< bodies that wait for such a thread; beyond it: 503
  std::uint32_t work_waiting_per_caller = 64;  ///< … of one user; users take turns
  std::uint32_t bulk_lines = 10'000;           ///< scans of one body of POST /scans; beyond it: 413
  std::uint32_t bulk_write_lines = 500;        ///< of these, judged and made durable in one go
  std::uint32_t bulk_bodies = 2;               ///< such bodies at work; others wait for their turn

  // Views: what one read may cost, whatever callers have written.
  std::uint32_t read_rows = 30'000;  ///< look-ups and rows; about 50 ms; then the answer is cut
  std::uint32_t read_ms = 250;       ///< processor time of one read; then it is cut or an error

  // Credentials: every process that serves HTTP holds them all in memory.
  std::uint32_t keys = 1'000'000;       ///< in memory: not expired, not long revoked
  std::uint32_t keys_per_user = 1'000;  ///< … of one user
  std::uint32_t key_days = 3'650;       ///< the longest time that a key can be made for
  std::uint32_t key_depth = 8;          ///< keys from a derived key to the first; each use walks it
  std::uint32_t revoked_key_s = 86'400;  ///< in memory after its revocation; a late copy of its
                                         ///< record comes within minutes
  std::uint32_t credentials_lag_ms = 60'000;  ///< a revocation may be this old and unseen; then 503

  // Rates: what one caller may ask of HTTP. Beyond them: 429.
  std::uint32_t requests_per_key_per_s = 2'000;   ///< of a key and what derives from it, on average
  std::uint32_t requests_per_key_burst = 4'000;   ///< at once, after a pause
  std::uint32_t requests_per_user_per_s = 4'000;  ///< of all keys of a user; two at full rate
  std::uint32_t requests_per_user_burst = 8'000;  ///< at once, after a pause
  std::uint32_t refused_per_address_per_s = 20;   ///< 4xx without a key, of an IPv4 or /64
  std::uint32_t refused_per_address_burst = 200;  ///< at once, after a pause
  std::uint32_t rate_buckets = 65'536;            ///< keys, users, addresses told apart, of each

  // Idempotency-Key: answers that are given again.
  std::uint32_t idempotency_s = 86'400;            ///< so long; the topic keeps no more than a day
  std::uint32_t idempotency_answers = 10'000'000;  ///< the newest; they are rows on disk
  std::uint32_t idempotency_body_bytes = 65'536;   ///< of one; a longer answer is made again

  // Queue: what waits for the disk, and how it is handed over.
  std::uint32_t record_max_bytes =
      900 * 1024;  ///< key, value and headers; Kafka's own default is 1 MiB
  std::uint32_t produce_pending_bytes = 64u << 20;  ///< not yet durable; beyond it: busy
  std::uint32_t commit_records = 4096;  ///< records of one commit; more wait for the next
  std::uint32_t read_records = 512;     ///< records handed over at once
  std::uint32_t read_bytes = 4u << 20;  ///< and their bytes, so that a batch fits a cache

  // Disk: what is kept free of it, and what one tenant may add to it.
  std::uint32_t disk_floor_bytes = 256u << 20;    ///< free; below it: revocations and ends only
  std::uint32_t disk_reserve_bytes = 16u << 20;   ///< held by a file, for these few writes
  std::uint32_t tenant_bytes_per_day = 2u << 30;  ///< of records; about two million facts

  // Kafka: how long brokers may take, and what is held of what they send.
  std::uint32_t produce_timeout_ms = 30'000;        ///< for all in-sync replicas to have a record
  std::uint32_t broker_answer_timeout_ms = 10'000;  ///< one question: ends, commits, topics
  std::uint32_t fetch_ahead_bytes = 32u << 20;      ///< of each reader or member, not yet asked for
  std::uint32_t group_leave_timeout_ms = 5'000;     ///< for a member to say goodbye

  // Scheduler: tasks that wait are rows on disk, tasks that run are memory.
  std::uint32_t running_tasks = 1024;
  std::uint32_t queued_per_scope = 5'000'000;  ///< beyond it: 429
  std::uint32_t queued_total = 10'000'000;     ///< beyond it: 503
  std::uint32_t task_attempts = 10;         ///< starts in a row without progress, then `attempts`
  std::uint32_t task_timeout_s = 4 * 3600;  ///< then `partial`, with what was found until then
  std::uint32_t task_generations = 16;      ///< kept in a task's history
  std::uint32_t results_endpoints = 1000;   ///< listed in a task's results; the rest is counted

  // Engine: what a target can make us hold.
  std::uint32_t descriptors = 0;             ///< for probes; 0: measured at start-up
  std::uint32_t address_in_flight = 8192;    ///< unanswered probes of one address
  std::uint32_t address_conversations = 16;  ///< services of one address spoken to at once
  std::uint32_t connect_timeout_ms = 3'500;  ///< three SYNs: at 0, 1 and 3 s
  std::uint32_t local_trouble_timeout_ms =
      60'000;  ///< of one address without a single answer, before this machine gives up on it
  std::uint32_t greeting_timeout_ms =
      6'000;  ///< for a service that speaks first (RFC 5321 asks minutes)
  std::uint32_t answer_timeout_ms = 3'000;         ///< for a service that was asked
  std::uint32_t conversation_timeout_ms = 20'000;  ///< all that is said on one port
  std::uint32_t banner_bytes = 16'384;             ///< read of what a service says
  std::uint32_t banner_text_bytes = 4'096;         ///< kept of it, as text
  std::uint32_t handshake_bytes = 1u << 20;        ///< read of a TLS handshake
  std::uint32_t chain_certificates = 16;           ///< kept of a presented chain
  std::uint32_t certificate_bytes = 65'536;        ///< of one certificate that is parsed
  std::uint32_t certificate_names = 1'000;         ///< SANs kept of one certificate

  // One scan: what a target can make the whole of it hold and publish.
  std::uint32_t scan_evidence_bytes =
      4u << 20;  ///< banners and certificates' DER; 2,500 usual certificates. More: fingerprints
  std::uint32_t scan_unpublished_bytes =
      8u << 20;  ///< in memory before it is published; beyond it no further port is talked to
  std::uint32_t scan_entities = 50'000;       ///< published; 8 addresses with 1,000 open ports each
  std::uint32_t scan_associations = 150'000;  ///< published; three for each entity
  std::uint32_t scan_hostnames = 5'000;       ///< of the entities: alternative names of leaves

  // Webhooks: what callers' receivers can make us hold or wait for.
  std::uint32_t webhook_timeout_ms = 15'000;         ///< one try, from the look-up to the answer
  std::uint32_t webhook_connect_timeout_ms = 5'000;  ///< one address of it
  std::uint32_t webhook_answer_bytes = 65'536;       ///< read of an answer, which nobody is shown
  std::uint32_t webhook_body_bytes = 65'536;       ///< of a message; more results are counted only
  std::uint32_t webhook_in_flight = 256;           ///< tries under way
  std::uint32_t webhook_endpoint_in_flight = 4;    ///< to one receiver; 1 while it fails
  std::uint32_t webhook_endpoint_queued = 10'000;  ///< for one receiver; more are dead letters
  std::uint32_t webhook_queued = 100'000;          ///< for all of them
  std::uint32_t webhook_held_bytes = 16u << 20;    ///< of messages; others are read again when due
  std::uint32_t webhook_retry_after_s = 86'400;    ///< that a receiver can put a try off

  // Resolver.
  std::uint32_t dns_timeout_ms = 2'000;  ///< one try at one server
  std::uint32_t dns_tries = 2;           ///< at each server
};

}  // namespace sonde
