#include "queue/local/group_commit.hpp"

#include "queue/errc.hpp"
#include "queue/record_size.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::queue::local {
namespace {

using offset_list = std::vector<std::int64_t>;

std::size_t size_of(const std::vector<log_append>& records) {
  std::size_t size = 0;
  for (const auto& r : records)
    size += queue::size_of(r.what);
  return size;
}

}  // namespace

/// A waiting write, and the means to resume its caller.
struct group_commit::pending_write {
  virtual ~pending_write() = default;
  virtual void complete(result<offset_list> outcome) = 0;

  std::vector<log_append> records;
  std::vector<group_offset> commits;
  std::size_t bytes = 0;

  /// Returns true if the write must be stored even below the disk floor. Commits always are: they
  /// are small, and they allow old records to be deleted. A write is one transaction, so one urgent
  /// record makes the whole write urgent.
  [[nodiscard]] bool is_urgent() const {
    return records.empty() ||
           std::ranges::any_of(records, [](const log_append& one) { return one.what.urgent; });
  }
};

template <class Handler>
struct group_commit::pending_write_of final : pending_write {
  explicit pending_write_of(Handler h)
      : handler(std::move(h)), home(asio::get_associated_executor(handler)) {}

  void complete(result<offset_list> outcome) override {
    auto resume = [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
      std::move(handler)(std::move(outcome));
    };
    asio::post(home.get_executor(), std::move(resume));
  }

  Handler handler;
  asio::executor_work_guard<asio::associated_executor_t<Handler>> home;
};

group_commit::group_commit(const commit_context& context, log_writer& store,
                           committed_function committed)
    : loop_(context.loop),
      store_(store),
      clock_(context.time),
      limits_(context.bounds),
      log_(context.log),
      committed_(std::move(committed)) {}

group_commit::~group_commit() = default;

awaitable<result<offset_list>> group_commit::write(std::vector<log_append> records,
                                                   std::vector<group_offset> commits) {
  if (auto well = health(); !well) co_return well.error();
  auto bytes = size_of(records);
  if (auto fits = check_batch_size(bytes, limits_.produce_pending_bytes); !fits) {
    co_return fits.error();
  }
  if (pending_bytes_.fetch_add(bytes) + bytes > limits_.produce_pending_bytes) {
    pending_bytes_ -= bytes;
    co_return fail(errc::busy);
  }
  auto initiate = [this, bytes, records = std::move(records),
                   commits = std::move(commits)](auto handler) mutable {
    using handler_type = decltype(handler);
    auto pending = std::make_unique<pending_write_of<handler_type>>(std::move(handler));
    pending->records = std::move(records);
    pending->commits = std::move(commits);
    pending->bytes = bytes;
    auto hand_over = [this, pending = std::move(pending)]() mutable {
      enqueue(std::move(pending));
    };
    asio::post(loop_, std::move(hand_over));
  };
  auto token = asio::use_awaitable;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(result<offset_list>)>(
      std::move(initiate), token);
}

void group_commit::enqueue(std::unique_ptr<pending_write> write) {
  pending_.push_back(std::move(write));
  if (flush_posted_) return;
  flush_posted_ = true;
  // Runs after everything that is posted until then, so that all of it goes into one transaction.
  asio::post(loop_, [this] { flush(); });
}

std::vector<std::unique_ptr<group_commit::pending_write>> group_commit::take_batch() {
  std::size_t records = 0;
  std::size_t taken = 0;
  while (taken < pending_.size() &&
         (taken == 0 || records + pending_[taken]->records.size() <= limits_.commit_records)) {
    records += pending_[taken]->records.size();
    ++taken;
  }
  auto end = pending_.begin() + static_cast<std::ptrdiff_t>(taken);
  std::vector<std::unique_ptr<pending_write>> batch(std::make_move_iterator(pending_.begin()),
                                                    std::make_move_iterator(end));
  pending_.erase(pending_.begin(), end);
  return batch;
}

void group_commit::flush() {
  auto batch = take_batch();
  flush_posted_ = !pending_.empty();
  if (flush_posted_) asio::post(loop_, [this] { flush(); });
  keep_the_floor(batch);
  if (batch.empty()) return;

  std::vector<log_append> records;
  std::vector<group_offset> commits;
  std::vector<std::size_t> sizes;
  for (auto& write : batch) {
    sizes.push_back(write->records.size());
    std::ranges::move(write->records, std::back_inserter(records));
    std::ranges::move(write->commits, std::back_inserter(commits));
  }
  auto written = health() ? store_.write(records, commits, clock_.now())
                          : result<offset_list>(health().error());
  note(written ? error{} : written.error());
  if (written && !records.empty()) committed_(records, *written);

  std::size_t next = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    pending_bytes_ -= batch[i]->bytes;
    if (!written) {
      batch[i]->complete(written.error());
      continue;
    }
    auto first = written->begin() + static_cast<std::ptrdiff_t>(next);
    batch[i]->complete(offset_list(first, first + static_cast<std::ptrdiff_t>(sizes[i])));
    next += sizes[i];
  }
}

void group_commit::keep_the_floor(std::vector<std::unique_ptr<pending_write>>& batch) {
  std::size_t bytes = 0;
  for (const auto& write : batch)
    bytes += write->is_urgent() ? 0 : write->bytes;
  if (bytes == 0) return;
  auto room = store_.room(bytes);
  note_room(room);
  if (room) return;
  std::erase_if(batch, [&](const std::unique_ptr<pending_write>& write) {
    if (write->is_urgent()) return false;
    pending_bytes_ -= write->bytes;
    write->complete(room.error());
    return true;
  });
}

void group_commit::look_at_room() {
  note_room(store_.room(0));
}

void group_commit::note_room(const result<>& room) {
  error found = room ? error{} : room.error();
  std::lock_guard lock(failure_mutex_);
  bool changed = found.code != no_room_.code;
  no_room_ = std::move(found);
  if (!changed) return;
  if (no_room_.code) {
    log_.error("disk nearly full; refusing records", {{"reason", no_room_.message()}});
  } else {
    log_.info("disk has free space again; accepting records");
  }
}

result<> group_commit::availability() const {
  std::lock_guard lock(failure_mutex_);
  if (no_room_.code) return no_room_;
  return {};
}

void group_commit::note(const error& outcome) {
  if (outcome.code == last_outcome_) return;
  last_outcome_ = outcome.code;
  if (!outcome.code) {
    log_.info("queue writes succeed again");
    return;
  }
  log_.error("queue writes fail", {{"reason", outcome.message()}});
  if (outcome.code != make_error_code(errc::broken) &&
      outcome.code != make_error_code(errc::damaged)) {
    return;
  }
  std::lock_guard lock(failure_mutex_);
  failure_ = outcome;
}

result<> group_commit::health() const {
  std::lock_guard lock(failure_mutex_);
  if (failure_.code) return failure_;
  return {};
}

}  // namespace sonde::queue::local
