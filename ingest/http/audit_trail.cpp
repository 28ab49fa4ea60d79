#include "ingest/http/audit_trail.hpp"

#include "model/events.hpp"
#include "queue/produce_all.hpp"

#include <chrono>
#include <utility>

namespace sonde::ingest {
namespace {

/// Entries that wait in memory while the queue accepts no records: 20 MiB with the longest texts.
constexpr std::size_t most_waiting = 10'000;
/// Entries of unauthenticated callers, and of responses 429 and 503.
constexpr std::uint32_t strangers_per_second = 10;
constexpr std::uint32_t strangers_at_once = 100;
/// Entries of this period are written in one batch.
constexpr std::chrono::milliseconds gathering{100};

}  // namespace

audit_trail::audit_trail(executor loop, queue::backend& queue, const clock& clock, logger& log,
                         metrics& counts)
    : queue_(queue),
      clock_(clock),
      log_(log),
      lost_(counts.count("sonde_audit_left_out_total", "Audit entries that were not written.")),
      strangers_({strangers_per_second, strangers_at_once, 1}),
      came_(loop),
      stop_(loop),
      work_(loop, log, "audit trail") {}

void audit_trail::start() {
  work_.spawn(write_all());
}

awaitable<void> audit_trail::stop() {
  stop_.request();
  came_.notify_all();
  co_await work_.join();
  if (left_out_ > 0) {
    log_.warning("the last audit entries were not written; no later entry has their number",
                 {{"entries", static_cast<std::int64_t>(left_out_)}});
  }
}

void audit_trail::note(model::audit_entry entry, rate how) {
  bool too_many = waiting_.size() >= most_waiting ||
                  (how == rate::limited && strangers_.take({}, clock_.steady_now()).has_value());
  if (too_many) {
    ++left_out_;
    lost_.add();
    return;
  }
  entry.time = clock_.now();
  entry.left_out = std::exchange(left_out_, 0);
  if (logged_) write_line(entry);
  waiting_.push_back(std::move(entry));
  came_.notify_all();
}

awaitable<void> audit_trail::write_all() {
  while (true) {
    while (waiting_.empty() && !stop_.requested())
      co_await came_.wait();
    if (waiting_.empty()) co_return;
    (void)co_await stop_.pause(gathering);
    auto entries = std::exchange(waiting_, {});
    std::vector<record> batch;
    batch.reserve(entries.size());
    for (const auto& entry : entries)
      batch.push_back(model::to_record(entry));
    auto written = co_await queue::produce_all(queue_, std::move(batch), stop_, log_,
                                               "cannot write the audit trail");
    if (written) {
      for (const auto& refused : written->refused)
        note_lost(entries[refused.index]);
      continue;
    }
    for (const auto& entry : entries)
      note_lost(entry);
    if (stop_.requested()) co_return;
  }
}

/// Counts the entry, and those that it would have reported as left out.
void audit_trail::note_lost(const model::audit_entry& entry) {
  lost_.add();
  left_out_ += 1 + entry.left_out;
}

void audit_trail::write_line(const model::audit_entry& entry) {
  log_.info("audit", {{"id", entry.request},
                      {"client", entry.client},
                      {"key", entry.key},
                      {"user", entry.user},
                      {"action", entry.action},
                      {"object", entry.object},
                      {"target", entry.target},
                      {"status", static_cast<std::int64_t>(entry.status)},
                      {"reason", entry.reason}});
}

}  // namespace sonde::ingest
