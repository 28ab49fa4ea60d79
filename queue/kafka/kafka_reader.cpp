#include "queue/kafka/kafka_reader.hpp"

#include "base/async/run_on.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/translate.hpp"
#include "queue/record_size.hpp"

#include <fmt/core.h>

#include <atomic>
#include <optional>

namespace sonde::queue::kafka {
namespace {

/// The state that a reader shares with its calls on the loop. It outlives a reader that is
/// destroyed while a call is running.
///
/// Only `read` polls. librdkafka fetches ahead up to a limit and then stops, so an idle reader
/// costs no more. It needs no pause and resume, which would discard the fetched records (and,
/// before librdkafka 2.4, rewind where nothing was paused).
struct reader_state final : closable, std::enable_shared_from_this<reader_state> {
  explicit reader_state(std::shared_ptr<const surroundings> a)
      : around(std::move(a)), intake(around), woken(around->loop) {}

  void end() override {
    closed = true;
    if (from) {
      auto connection = from->release();
      if (connection) around->close_async(std::move(connection));
    }
    woken.notify_all();
  }

  std::shared_ptr<const surroundings> around;
  record_intake intake;
  condition woken;
  std::shared_ptr<client> from;
  error broken;  ///< set if the client could not be created
  std::atomic<bool> closed = false;
};

result<> open(const std::shared_ptr<reader_state>& state, const std::vector<position>& from) {
  const auto& around = *state->around;
  // librdkafka limits the bytes fetched ahead for all partitions together only in a client with a
  // group. Nothing is ever committed to this group.
  properties own = {{"group.id", around.names->full_group("reader")}};
  auto conf = make_conf(client_kind::reader, around.settings, around.bounds, own);
  if (!conf) return conf.error();
  auto connected = connect(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!connected) return connected.error();
  auto list = to_list(from, *around.names);
  auto code = rd_kafka_assign((*connected)->handle, list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, "partitions cannot be read");
  state->from =
      std::make_shared<client>(std::move(*connected), around.loop, around.health, around.log);
  asio::post(around.loop, [state] {
    if (state->closed) {
      state->end();
      return;
    }
    auto woken = [weak = std::weak_ptr(state)] {
      if (auto self = weak.lock()) self->woken.notify_all();
    };
    state->from->watch(std::move(woken), nullptr);
  });
  return {};
}

awaitable<result<std::vector<stored_record>>> read_or_wait(std::shared_ptr<reader_state> state) {
  if (state->broken.code) co_return state->broken;
  while (!state->closed) {
    event_ptr other;
    auto records = state->intake.take(*state->from, other);
    if (!records || !records->empty()) co_return records;
    if (other) continue;  // an event of the client, which recovers by itself
    co_await state->woken.wait();
  }
  co_return fail(errc::closed);
}

class kafka_reader final : public reader {
 public:
  explicit kafka_reader(std::shared_ptr<reader_state> state) : state_(std::move(state)) {}
  ~kafka_reader() override { close(); }

  awaitable<result<std::vector<stored_record>>> read() override {
    auto read_there = [state = state_] { return read_or_wait(state); };
    return run_coroutine_on(state_->around->loop, std::move(read_there));
  }

  void close() override {
    if (state_->closed.exchange(true)) return;
    asio::post(state_->around->loop, [state = state_] { state->end(); });
  }

 private:
  std::shared_ptr<reader_state> state_;
};

/// Returns an error of one partition, which the reader of that partition must get.
error partition_error(rd_kafka_event_t& event) {
  std::unique_ptr<rd_kafka_topic_partition_t, destroy_by<rd_kafka_topic_partition_destroy>> where(
      rd_kafka_event_topic_partition(&event));
  if (!where) return {};
  return to_error(rd_kafka_event_error(&event),
                  fmt::format("{}/{}", where->topic, where->partition),
                  rd_kafka_event_error_string(&event));
}

}  // namespace

result<std::vector<stored_record>> record_intake::take(client& from, event_ptr& other) {
  if (after_records_.code) return std::exchange(after_records_, {});
  std::vector<stored_record> out;
  std::size_t bytes = 0;
  const auto& limits = around_->bounds;
  while (out.size() < limits.read_records && bytes < limits.read_bytes) {
    auto event = from.poll();
    if (!event) break;
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_FETCH) {
      while (const auto* message = rd_kafka_event_message_next(event.get())) {
        out.push_back(to_record(*message, *around_->names));
        bytes += size_of(out.back().what);
      }
      continue;
    }
    auto why = rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR ? partition_error(*event)
                                                                        : error();
    if (!why.code) {
      other = std::move(event);
      break;
    }
    if (out.empty()) return why;
    after_records_ = std::move(why);
    break;
  }
  return out;
}

std::unique_ptr<reader> make_kafka_reader(std::shared_ptr<const surroundings> around,
                                          std::vector<position> from,
                                          std::weak_ptr<closable>& made) {
  auto state = std::make_shared<reader_state>(std::move(around));
  if (auto opened = open(state, from); !opened) state->broken = opened.error();
  made = state;
  return std::make_unique<kafka_reader>(std::move(state));
}

}  // namespace sonde::queue::kafka
