#include "queue/local/local_queue.hpp"

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "base/async/task_group.hpp"
#include "queue/errc.hpp"
#include "queue/local/group_commit.hpp"
#include "queue/local/local_reader.hpp"
#include "queue/local/read_side.hpp"
#include "queue/record_size.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace sonde::queue::local {
namespace {

using std::chrono::milliseconds;

/// The interval of retention and compaction when the last run found no more work.
constexpr milliseconds maintenance_pause{10'000};
/// The interval while the disk is nearly full, so that writes resume soon after space is freed.
constexpr milliseconds shortage_pause{1'000};
/// The interval between two slices, so that producers can write in between.
constexpr milliseconds slice_pause{20};
/// The interval at which a reader next to another process checks for new records of that process.
constexpr milliseconds foreign_poll_pause{100};

class local_queue final : public backend {
 public:
  local_queue(layout topics, log_store store, const clock& clock, const limits& limits, logger& log)
      : layout_(std::make_shared<const layout>(std::move(topics))),
        limits_(limits),
        clock_(clock),
        log_(log),
        identity_(std::move(store.identity)),
        writer_(std::move(store.writer)),
        write_loop_("queue"),
        read_loop_("queue-read"),
        read_executor_(store.own_threads ? read_loop_.get_executor() : write_loop_.get_executor()),
        side_(
            std::make_shared<read_side>(read_executor_, layout_, std::move(store.reader), limits)),
        work_(write_loop_.get_executor(), log, "queue"),
        poll_(read_executor_, log, "queue-read") {
    if (!writer_) return;
    auto committed = [this](std::span<const log_append> records,
                            std::span<const std::int64_t> offsets) {
      std::vector<log_index> grown;
      for (std::size_t i = 0; i < records.size(); ++i) {
        side_->set_end(records[i].log, offsets[i] + 1);
        grown.push_back(records[i].log);
      }
      std::ranges::sort(grown);
      grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
      auto announce = [side = side_, grown = std::move(grown)] { side->announce(grown); };
      asio::post(read_executor_, std::move(announce));
    };
    commit_context context{write_loop_.get_executor(), clock, limits, log};
    commit_ = std::make_unique<group_commit>(context, *writer_, std::move(committed));
  }

  ~local_queue() override { close(); }

  [[nodiscard]] result<> start() {
    if (auto loaded = side_->load(); !loaded) return loaded;
    if (writer_) {
      work_.spawn(maintain());
    } else {
      poll_.spawn(watch_foreign_writer());
    }
    write_loop_.start();
    if (read_executor_ != write_loop_.get_executor()) read_loop_.start();
    return {};
  }

  awaitable<result<std::vector<position>>> produce(std::vector<record> batch) override {
    std::vector<log_append> appends;
    appends.reserve(batch.size());
    for (auto& one : batch) {
      auto log = layout_->route(one);
      if (!log) co_return log.error();
      appends.push_back({*log, std::move(one)});
    }
    co_return co_await append(std::move(appends));
  }

  awaitable<result<position>> produce_to(std::int32_t partition, record one) override {
    auto log = layout_->find(one.topic, partition);
    if (!log) co_return log.error();
    std::vector<log_append> appends;
    appends.push_back({*log, std::move(one)});
    auto places = co_await append(std::move(appends));
    if (!places) co_return places.error();
    co_return std::move(places->front());
  }

  /// Does nothing: records wait only for the disk, and no other process can own the partition
  /// meanwhile.
  void abandon(partition_ref) override {}

  std::unique_ptr<reader> read_from(std::vector<std::string> topics,
                                    std::vector<position> from) override {
    log_cursor cursor;
    for (const auto& topic : topics) {
      for (auto log : layout_->find(topic).value())
        cursor.add_whole(log, side_->bounds(log).start);
    }
    for (const auto& place : from) {
      auto log = layout_->find(place.topic, place.partition).value();
      cursor.set(log, place.offset);
    }
    return make_local_reader(side_, std::move(cursor));
  }

  std::unique_ptr<consumer> join(std::string group, std::string topic) override {
    auto commit = [this](std::vector<group_offset> offsets) {
      return commit_offsets(std::move(offsets));
    };
    return make_local_consumer(side_, std::move(group), std::move(topic), std::move(commit));
  }

  awaitable<result<std::vector<position>>> ends(std::vector<std::string> topics) override {
    co_return places(topics, [this](log_index log) { return side_->bounds(log).end; });
  }

  awaitable<result<std::vector<position>>> starts(std::vector<std::string> topics) override {
    co_return places(topics, [this](log_index log) { return side_->bounds(log).start; });
  }

  awaitable<result<std::vector<position>>> committed(std::string group,
                                                     std::string topic) override {
    auto look = [this, group = std::move(group), topic = std::move(topic)] {
      std::vector<std::string> one{topic};
      return places(one, [&](log_index log) { return side_->committed(group, log); });
    };
    co_return co_await run_on(read_executor_, std::move(look));
  }

  [[nodiscard]] std::vector<topic_size> sizes() const override {
    std::vector<topic_size> out;
    if (!writer_) return out;
    for (const auto& spec : layout_->topics()) {
      topic_size whole{spec.name};
      bool all_known = true;
      for (auto log : layout_->find(spec.name).value()) {
        auto bytes = writer_->sizes().of(log);
        all_known = all_known && bytes;
        whole.bytes += bytes.value_or(0);
      }
      if (all_known) out.push_back(std::move(whole));
    }
    return out;
  }

  [[nodiscard]] const std::vector<topic_spec>& topics() const override { return layout_->topics(); }

  [[nodiscard]] std::string full_name(const std::string& topic) const override {
    return layout_->full_name(topic);
  }

  [[nodiscard]] std::string full_group(const std::string& group) const override {
    return layout_->full_group(group);
  }

  [[nodiscard]] const std::string& identity() const override { return identity_; }

  [[nodiscard]] result<> health() const override {
    return commit_ ? commit_->health() : result<>();
  }

  [[nodiscard]] result<> availability() const override {
    return commit_ ? commit_->availability() : result<>();
  }

  void close() override {
    asio::post(write_loop_.get_executor(), [this] { work_.cancel(); });
    asio::post(read_executor_, [this] {
      poll_.cancel();
      side_->close();
    });
    write_loop_.join();
    read_loop_.join();
  }

 private:
  awaitable<result<std::vector<position>>> append(std::vector<log_append> appends) {
    if (!commit_) co_return fail(errc::read_only);
    std::vector<log_index> logs;
    logs.reserve(appends.size());
    for (const auto& one : appends) {
      if (auto fits = check_size(one.what, limits_.record_max_bytes); !fits) co_return fits.error();
      logs.push_back(one.log);
    }
    auto offsets = co_await commit_->write(std::move(appends), {});
    if (!offsets) co_return offsets.error();
    std::vector<position> out;
    out.reserve(logs.size());
    for (std::size_t i = 0; i < logs.size(); ++i) {
      out.push_back(layout_->at(logs[i], (*offsets)[i]));
    }
    co_return out;
  }

  awaitable<result<>> commit_offsets(std::vector<group_offset> offsets) {
    if (!commit_) co_return fail(errc::read_only);
    auto written = co_await commit_->write({}, std::move(offsets));
    if (!written) co_return written.error();
    co_return result<>();
  }

  template <class Offset>
  result<std::vector<position>> places(const std::vector<std::string>& topics, Offset offset) {
    std::vector<position> out;
    for (const auto& topic : topics) {
      auto logs = layout_->find(topic);
      if (!logs) return logs.error();
      for (auto log : *logs)
        out.push_back(layout_->at(log, offset(log)));
    }
    return out;
  }

  awaitable<void> maintain() {
    asio::steady_timer timer(write_loop_.get_executor());
    milliseconds pause = maintenance_pause;
    while (true) {
      timer.expires_after(pause);
      co_await timer.async_wait(asio::use_awaitable);
      auto more = writer_->maintain(clock_.now());
      if (!more) log_.error("queue maintenance failed", {{"reason", more.error().message()}});
      commit_->look_at_room();
      pause = commit_->availability() ? maintenance_pause : shortage_pause;
      if (more && *more) pause = slice_pause;
      asio::post(read_executor_, [this] { reload_bounds(); });
    }
  }

  awaitable<void> watch_foreign_writer() {
    asio::steady_timer timer(read_executor_);
    while (true) {
      timer.expires_after(foreign_poll_pause);
      co_await timer.async_wait(asio::use_awaitable);
      if (!side_->anyone_waiting()) continue;
      auto grown = reload_bounds();
      side_->announce(grown);
    }
  }

  /// Reloads the bounds and returns the logs that have grown.
  std::vector<log_index> reload_bounds() {
    auto grown = side_->reload_bounds();
    if (grown) return std::move(*grown);
    log_.error("cannot read the bounds of the queue", {{"reason", grown.error().message()}});
    return {};
  }

  std::shared_ptr<const layout> layout_;
  const limits limits_;
  const clock& clock_;
  logger& log_;
  std::string identity_;
  std::unique_ptr<log_writer> writer_;
  event_loop write_loop_;
  event_loop read_loop_;
  executor read_executor_;
  std::shared_ptr<read_side> side_;
  task_group work_;
  task_group poll_;
  std::unique_ptr<group_commit> commit_;
};

}  // namespace

result<std::unique_ptr<backend>> make_local_queue(layout layout, log_store store,
                                                  const clock& clock, const limits& limits,
                                                  logger& log) {
  auto queue =
      std::make_unique<local_queue>(std::move(layout), std::move(store), clock, limits, log);
  if (auto started = queue->start(); !started) return started.error();
  return std::unique_ptr<backend>(std::move(queue));
}

}  // namespace sonde::queue::local
