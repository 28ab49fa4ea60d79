#include "queue/kafka/translate.hpp"

#include "queue/errc.hpp"

#include <string_view>

namespace sonde::queue::kafka {
namespace {

errc code_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return errc::too_large;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return errc::unknown_topic;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__NO_OFFSET: return errc::out_of_range;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS: return errc::not_owned;
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return errc::locked;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return errc::busy;
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: return errc::closed;
    default: return errc::unavailable;
  }
}

/// The librdkafka version from which SCRAM works with brokers from 4.0 on (RFC 5802, section 5: the
/// client sends the server's nonce, and does not put its own nonce in front again).
constexpr int right_scram = 0x020601ff;

std::string_view bytes(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

error to_error(rd_kafka_resp_err_t code, const std::string& doing, const std::string& reason) {
  auto what = reason.empty() ? std::string(rd_kafka_err2str(code)) : reason;
  return fail(code_of(code), doing + ": " + what);
}

std::string reason_of(rd_kafka_event_t& event) {
  std::string out = rd_kafka_event_error_string(&event);
  bool refused = rd_kafka_event_error(&event) == RD_KAFKA_RESP_ERR__AUTHENTICATION;
  bool scram = out.find("SCRAM") != std::string::npos;
  if (refused && scram && rd_kafka_version() < right_scram) {
    out += std::string(
               "; if the password is correct, the brokers may be Kafka 4.0 or later, which refuse "
               "every SCRAM of librdkafka before 2.6.1, as ") +
           rd_kafka_version_str() + " here; they take certificates, or PLAIN over TLS";
  }
  return out;
}

stored_record to_record(const rd_kafka_message_t& message, const topic_names& names) {
  stored_record out;
  out.what.topic = names.short_name(rd_kafka_topic_name(message.rkt));
  out.what.key = bytes(message.key, message.key_len);
  out.what.value = bytes(message.payload, message.len);
  out.partition = message.partition;
  out.offset = message.offset;
  auto time = rd_kafka_message_timestamp(&message, nullptr);
  out.time = wall_time(std::chrono::milliseconds(std::max<std::int64_t>(0, time)));
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    out.what.headers.emplace_back(name, bytes(value, size));
  }
  return out;
}

headers_ptr to_headers(const record_headers& headers) {
  if (headers.empty()) return nullptr;
  headers_ptr out(rd_kafka_headers_new(headers.size()));
  for (const auto& [name, value] : headers) {
    rd_kafka_header_add(out.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return out;
}

partitions_ptr to_list(const std::vector<position>& places, const topic_names& names) {
  partitions_ptr out(rd_kafka_topic_partition_list_new(static_cast<int>(places.size())));
  for (const auto& place : places) {
    auto full = names.full_name(place.topic);
    rd_kafka_topic_partition_list_add(out.get(), full.c_str(), place.partition)->offset =
        place.offset;
  }
  return out;
}

void write_log(logger& log, rd_kafka_event_t& event) {
  const char* facility = nullptr;
  const char* text = nullptr;
  int level = 7;  // in syslog's numbers
  if (rd_kafka_event_log(&event, &facility, &text, &level) != 0) return;
  // Every client gets every property, and logs a warning about properties for other kinds of
  // client. The code that needs the brokers reports unreachable brokers once.
  std::string_view about = facility;
  if (about == "CONFWARN" || about == "FAIL" || about == "ERROR") level = 7;
  log_fields fields = {{"about", std::string(about)}, {"text", std::string(text)}};
  if (level <= 3) {
    log.error("librdkafka", fields);
  } else if (level == 4) {
    log.warning("librdkafka", fields);
  } else if (level <= 6) {
    log.info("librdkafka", fields);
  } else {
    log.debug("librdkafka", fields);
  }
}

}  // namespace sonde::queue::kafka
