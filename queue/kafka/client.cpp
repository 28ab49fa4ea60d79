#include "queue/kafka/client.hpp"

#include "queue/errc.hpp"
#include "queue/kafka/translate.hpp"

#include <array>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace sonde::queue::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int make_eventfd() {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

void wake_by(rd_kafka_queue_t* queue, int fd) {
  constexpr std::uint64_t one = 1;  // the value that is written to the eventfd
  if (queue != nullptr) rd_kafka_queue_io_event_enable(queue, fd, &one, sizeof one);
}

void leave_group(rd_kafka_t* handle, milliseconds at_most) {
  queue_ptr news(rd_kafka_queue_new(handle));
  error_ptr failed(rd_kafka_consumer_close_queue(handle, news.get()));
  if (failed) return;
  auto deadline = steady_clock::now() + at_most;
  while (rd_kafka_consumer_closed(handle) == 0 && steady_clock::now() < deadline) {
    event_ptr event(rd_kafka_queue_poll(news.get(), 100));
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) {
      rd_kafka_assign(handle, nullptr);
    }
  }
}

}  // namespace

result<std::unique_ptr<connection>> connect(rd_kafka_type_t type, conf_ptr conf) {
  std::array<char, 512> why{};
  auto out = std::make_unique<connection>();
  out->handle = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (out->handle == nullptr) return fail(errc::mismatch, std::string("kafka: ") + why.data());
  static_cast<void>(conf.release());  // the client owns it now
  queue_ptr main(rd_kafka_queue_get_main(out->handle));
  if (type == RD_KAFKA_PRODUCER) {
    rd_kafka_set_log_queue(out->handle, nullptr);  // the main queue
    out->events = std::move(main);
    return out;
  }
  out->replies.reset(rd_kafka_queue_new(out->handle));
  rd_kafka_queue_forward(main.get(), out->replies.get());
  rd_kafka_set_log_queue(out->handle, out->replies.get());
  out->events.reset(rd_kafka_queue_get_consumer(out->handle));  // null without a group
  return out;
}

connection::~connection() {
  if (handle == nullptr) return;
  if (leave_within.count() > 0) leave_group(handle, leave_within);
  events.reset();
  replies.reset();
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

client::client(std::unique_ptr<connection> connection, const executor& loop,
               broker_health& broker_health, logger& log)
    : connection_(std::move(connection)),
      wakeup_(loop, make_eventfd()),
      broker_health_(broker_health),
      log_(log) {}

client::~client() = default;

void client::watch(std::function<void()> woken, std::function<void(rd_kafka_event_t&)> replied) {
  woken_ = std::move(woken);
  replied_ = std::move(replied);
  wake_by(connection_->events.get(), wakeup_.native_handle());
  wake_by(connection_->replies.get(), wakeup_.native_handle());
  arm();
  // Processes events that arrived before the queues could wake the client.
  asio::post(wakeup_.get_executor(), [self = shared_from_this()] {
    if (self->connection_) self->serve();
  });
}

void client::arm() {
  wakeup_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](error_code failed) {
                       if (failed || !self->connection_) return;
                       self->serve();
                       if (self->connection_) self->arm();
                     });
}

void client::serve() {
  std::uint64_t times = 0;
  // Reads the descriptor before the queues: an event that arrives in between wakes the client
  // again.
  static_cast<void>(::read(wakeup_.native_handle(), &times, sizeof times));
  while (connection_->replies) {
    event_ptr event(rd_kafka_queue_poll(connection_->replies.get(), 0));
    if (!event) break;
    if (!handle_common(*event) && replied_) replied_(*event);
  }
  auto woken = woken_;  // copied, because the callback may release it
  if (woken) woken();
}

event_ptr client::poll() {
  while (connection_) {
    event_ptr event(rd_kafka_queue_poll(connection_->events.get(), 0));
    if (!event || !handle_common(*event)) return event;
  }
  return nullptr;
}

bool client::handle_common(rd_kafka_event_t& event) {
  auto type = rd_kafka_event_type(&event);
  if (type == RD_KAFKA_EVENT_LOG) {
    write_log(log_, event);
    return true;
  }
  if (type != RD_KAFKA_EVENT_ERROR) return false;
  auto code = rd_kafka_event_error(&event);
  if (rd_kafka_event_error_is_fatal(&event) != 0) return false;
  auto reason = reason_of(event);
  switch (code) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      broker_health_.note_error(fail(errc::unavailable, "no broker can be reached: " + reason));
      return true;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE: broker_health_.note_reason(code, reason); return true;
    default: break;
  }
  // An error about a consumer's partitions concerns the owner of the client.
  if (rd_kafka_type(connection_->handle) == RD_KAFKA_CONSUMER) return false;
  log_.warning("error in a Kafka client", {{"reason", reason}});
  return true;
}

std::unique_ptr<connection> client::release() {
  if (!connection_) return nullptr;
  for (auto* queue : {connection_->events.get(), connection_->replies.get()}) {
    if (queue != nullptr) rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
  }
  error_code ignored;
  wakeup_.close(ignored);
  woken_ = nullptr;
  replied_ = nullptr;
  return std::move(connection_);
}

}  // namespace sonde::queue::kafka
