#include "queue/kafka/producer.hpp"

#include "queue/errc.hpp"
#include "queue/kafka/client_conf.hpp"
#include "queue/kafka/translate.hpp"
#include "queue/record_size.hpp"

#include <algorithm>
#include <array>

namespace sonde::queue::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The pause between two clients: the second may fail at once for the same reason as the first.
constexpr seconds rebuild_pause{1};
/// Delivery reports arrive in events of many. After this many events other work on the loop runs.
constexpr int events_at_once = 64;
/// The memory that librdkafka and this file use per record beyond its own bytes.
constexpr std::size_t message_overhead_bytes = 512;

std::size_t held_for(const std::vector<record>& records) {
  std::size_t size = 0;
  for (const auto& one : records)
    size += size_of(one) + message_overhead_bytes;
  return size;
}

/// Returns true if the client failed, and not the record: a new client can still deliver it.
bool ends_the_client(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED: return true;
    default: return false;
  }
}

rd_kafka_vu_t argument(rd_kafka_vtype_t type) {
  rd_kafka_vu_t out{};
  out.vtype = type;
  return out;
}

/// Passes a record to librdkafka. The value is copied: librdkafka may keep it after the caller
/// resumes.
rd_kafka_resp_err_t give(rd_kafka_t* to, rd_kafka_topic_t* topic, std::int32_t partition,
                         const record& what, void* opaque) {
  std::array<rd_kafka_vu_t, 7> arguments{};
  arguments[0] = argument(RD_KAFKA_VTYPE_RKT);
  arguments[0].u.rkt = topic;
  arguments[1] = argument(RD_KAFKA_VTYPE_PARTITION);
  arguments[1].u.i32 = partition;
  arguments[2] = argument(RD_KAFKA_VTYPE_VALUE);
  arguments[2].u.mem = {const_cast<char*>(what.value.data()), what.value.size()};
  arguments[3] = argument(RD_KAFKA_VTYPE_KEY);
  arguments[3].u.mem = {const_cast<char*>(what.key.data()), what.key.size()};
  arguments[4] = argument(RD_KAFKA_VTYPE_MSGFLAGS);
  arguments[4].u.i = RD_KAFKA_MSG_F_COPY;
  arguments[5] = argument(RD_KAFKA_VTYPE_OPAQUE);
  arguments[5].u.ptr = opaque;
  std::size_t count = 6;
  auto headers = to_headers(what.headers);
  if (headers) {
    arguments[6] = argument(RD_KAFKA_VTYPE_HEADERS);
    arguments[6].u.headers = headers.get();
    count = 7;
  }
  error_ptr failed(rd_kafka_produceva(to, arguments.data(), count));
  if (failed) return rd_kafka_error_code(failed.get());
  static_cast<void>(headers.release());  // the message owns them now
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

/// Records that were sent together. Lives until the last of them is completed.
struct producer::batch {
  std::vector<record> records;
  std::vector<std::int32_t> partitions;
  places where;
  std::size_t left = 0;
  std::size_t bytes = 0;
  error failure;
  steady_time deadline;
  std::unique_ptr<resumption<result<places>>> waiting;
};

producer::producer(std::shared_ptr<const surroundings> around)
    : around_(std::move(around)), retry_(around_->loop), finishing_(around_->loop) {}

producer::~producer() = default;

result<> producer::start() {
  if (auto made = make_client(); !made) return made;
  const rd_kafka_metadata_t* found = nullptr;
  auto code = rd_kafka_metadata(client_->handle(), 0, nullptr, &found,
                                static_cast<int>(around_->bounds.broker_answer_timeout_ms));
  metadata_ptr ignored(found);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return around_->health.explained(to_error(code, "the topics' leaders cannot be found"));
  }
  return {};
}

result<> producer::make_client() {
  auto conf = make_conf(client_kind::producer, around_->settings, around_->bounds);
  if (!conf) return conf.error();
  auto connected = connect(RD_KAFKA_PRODUCER, std::move(*conf));
  if (!connected) return connected.error();
  made_at_ = around_->time.steady_now();
  client_ =
      std::make_shared<client>(std::move(*connected), around_->loop, around_->health, around_->log);
  for (const auto& spec : around_->names->topics()) {
    auto full = around_->names->full_name(spec.name);
    topics_[spec.name].reset(rd_kafka_topic_new(client_->handle(), full.c_str(), nullptr));
  }
  auto woken = [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->serve();
  };
  client_->watch(std::move(woken), nullptr);
  return {};
}

awaitable<result<producer::places>> producer::send(std::vector<record> records,
                                                   std::vector<std::int32_t> partitions) {
  if (records.empty()) co_return places();
  auto bytes = held_for(records);
  if (auto fits = check_batch_size(bytes, around_->bounds.produce_pending_bytes); !fits) {
    co_return fits.error();
  }
  if (pending_bytes_.fetch_add(bytes) + bytes > around_->bounds.produce_pending_bytes) {
    pending_bytes_ -= bytes;
    co_return fail(errc::busy);
  }
  auto sent = std::make_shared<batch>();
  sent->records = std::move(records);
  sent->partitions = std::move(partitions);
  sent->left = sent->records.size();
  sent->where.resize(sent->left);
  sent->bytes = bytes;
  sent->deadline = around_->time.steady_now() + milliseconds(around_->bounds.produce_timeout_ms);
  auto start = [self = shared_from_this(), sent](auto waiting) {
    sent->waiting = std::move(waiting);
    asio::post(self->around_->loop, [self, sent] { self->enqueue(sent); });
  };
  std::function<void(std::unique_ptr<resumption<result<places>>>)> begin = std::move(start);
  co_return co_await suspend<result<places>>(std::move(begin));
}

void producer::enqueue(std::shared_ptr<batch> sent) {
  for (std::size_t i = 0; i < sent->records.size(); ++i) {
    auto last = unacknowledged_.insert(unacknowledged_.end(), message{sent, i, false, {}});
    last->place = last;
    if (ended_) {
      conclude(last, fail(errc::closed));
    } else {
      hand_over(last);
    }
  }
}

void producer::abandon(const std::string& topic, std::int32_t partition) {
  bool any = false;
  for (auto each = unacknowledged_.begin(); each != unacknowledged_.end();) {
    auto which = each++;
    const auto& sent = *which->of;
    if (sent.partitions[which->index] != partition || sent.records[which->index].topic != topic) {
      continue;
    }
    which->abandoned = true;
    any = true;
    if (!client_) conclude(which, fail(errc::not_owned));
  }
  // librdkafka returns all records that it has not sent; those of other partitions are sent again.
  if (any && client_) {
    rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
}

void producer::hand_over(message_list::iterator which) {
  if (!client_) return;  // the next client sends it
  const auto& sent = *which->of;
  const auto& what = sent.records[which->index];
  auto code = give(client_->handle(), topics_[what.topic].get(), sent.partitions[which->index],
                   what, &*which);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  if (ends_the_client(code)) {
    asio::post(around_->loop, [self = shared_from_this()] { self->serve(); });
    return;
  }
  conclude(which, to_error(code, "a record for " + around_->names->full_name(what.topic)));
}

void producer::serve() {
  for (int i = 0; i < events_at_once; ++i) {
    if (!client_) return;
    auto event = client_->poll();
    if (!event) break;
    bool well = rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR || take_reports(*event);
    event.reset();  // before its client is destroyed
    if (!well) replace("it abandoned records that it had accepted");
    if (i + 1 == events_at_once) {
      asio::post(around_->loop, [self = shared_from_this()] { self->serve(); });
    }
  }
  std::array<char, 512> why{};
  if (client_ && rd_kafka_fatal_error(client_->handle(), why.data(), why.size()) !=
                     RD_KAFKA_RESP_ERR_NO_ERROR) {
    replace(why.data());
  }
}

bool producer::take_reports(rd_kafka_event_t& event) {
  bool client_failed = false;
  while (const auto* report = rd_kafka_event_message_next(&event)) {
    auto* its = static_cast<message*>(report->_private);
    auto which = its->place;
    if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      around_->health.note_success(rd_kafka_topic_name(report->rkt));
      // A repeated acknowledgement, sent because the first was lost, has no offset.
      if (report->offset < 0) {
        conclude(which, fail(errc::unavailable,
                             "the record is stored, but the broker does not report its position"));
      } else {
        conclude(which, report->offset);
      }
    } else if (report->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE && its->abandoned) {
      conclude(which, fail(errc::not_owned));
    } else if (report->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE && !ended_) {
      hand_over(which);
    } else if (ends_the_client(report->err) && !ended_) {
      client_failed = true;
    } else {
      std::string topic = rd_kafka_topic_name(report->rkt);
      auto doing = "a record for " + topic + " could not be made durable";
      auto what = to_error(report->err, doing);
      if (what.code == make_error_code(errc::unavailable)) around_->health.note_error(what, topic);
      conclude(which, around_->health.explained(std::move(what)));
    }
  }
  return !client_failed;
}

void producer::conclude(message_list::iterator which, result<std::int64_t> offset) {
  auto sent = std::move(which->of);
  auto index = which->index;
  unacknowledged_.erase(which);
  if (offset) {
    sent->where[index] = {sent->records[index].topic, sent->partitions[index], *offset};
  } else if (!sent->failure.code) {
    sent->failure = offset.error();
  }
  if (--sent->left > 0) return;
  pending_bytes_ -= sent->bytes;
  if (sent->failure.code) {
    sent->waiting->resume(sent->failure);
  } else {
    sent->waiting->resume(std::move(sent->where));
  }
  if (finished_ && unacknowledged_.empty()) {
    // Posted, because a caller may still use a report of the client that is released.
    asio::post(around_->loop, [self = shared_from_this()] { self->finish_if_empty(); });
  }
}

void producer::replace(const std::string& why) {
  if (!client_) return;
  around_->log.warning(
      "fatal error in the Kafka producer; creating it again",
      {{"reason", why}, {"unacknowledged", static_cast<std::int64_t>(unacknowledged_.size())}});
  ++rebuilt_;
  // Processes the pending reports first, so that delivered records are not sent again.
  while (auto event = client_->poll()) {
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) take_reports(*event);
  }
  topics_.clear();
  around_->close_async(client_->release());
  client_.reset();
  retry_.expires_at(std::max(made_at_ + rebuild_pause, around_->time.steady_now()));
  retry_.async_wait([self = shared_from_this()](error_code failed) {
    if (!failed) self->try_again();
  });
}

void producer::try_again() {
  refuse_what_is_late();
  if (ended_) return;
  auto made = make_client();
  if (!made) {
    around_->health.note_error(made.error());
    retry_.expires_after(rebuild_pause);
    retry_.async_wait([self = shared_from_this()](error_code failed) {
      if (!failed) self->try_again();
    });
    return;
  }
  for (auto each = unacknowledged_.begin(); each != unacknowledged_.end();) {
    auto which = each++;
    if (which->abandoned) {
      conclude(which, fail(errc::not_owned));
    } else {
      hand_over(which);
    }
  }
}

void producer::refuse_what_is_late() {
  auto now = around_->time.steady_now();
  for (auto each = unacknowledged_.begin(); each != unacknowledged_.end();) {
    auto next = std::next(each);
    if (each->of->deadline <= now) {
      conclude(each, around_->health.explained(fail(errc::unavailable)));
    }
    each = next;
  }
}

void producer::finish(steady_time deadline, std::function<void()> then) {
  finished_ = std::move(then);
  finishing_.expires_at(deadline);
  finishing_.async_wait([self = shared_from_this()](error_code failed) {
    if (failed) return;
    self->ended_ = true;
    while (!self->unacknowledged_.empty())
      self->conclude(self->unacknowledged_.begin(), fail(errc::closed));
  });
  finish_if_empty();
}

void producer::finish_if_empty() {
  if (!finished_ || !unacknowledged_.empty()) return;
  ended_ = true;
  finishing_.cancel();
  retry_.cancel();
  topics_.clear();
  if (client_) around_->close_async(client_->release());
  client_.reset();
  auto then = std::move(finished_);
  finished_ = nullptr;
  then();
}

}  // namespace sonde::queue::kafka
