#include "model/scan/task_fitting.hpp"

#include "base/record_size.hpp"
#include "model/events.hpp"
#include "model/scan/number_list.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::model {
namespace {

/// Limits of a reason, of a text in a result's row, and of a past reason when space is short.
constexpr std::size_t task_reason_bytes = 2'000;
constexpr std::size_t row_text_bytes = 512;
constexpr std::size_t past_reason_bytes = 120;
constexpr std::size_t caller_bytes = 512;
/// Every valid value of W3C Trace Context version 00 has this length; this program writes no other.
constexpr std::size_t traceparent_bytes = 55;
/// The characters around a text: name, quotes, colon and comma. Then the names of a row, of a past
/// endpoint, of a generation.
constexpr std::size_t field_bytes = 32;
constexpr std::size_t row_bytes = 176;
constexpr std::size_t past_bytes = 96;
/// One request of a row: names and three numbers.
constexpr std::size_t request_bytes = 112;
constexpr std::size_t generation_bytes = 320;
constexpr std::size_t skeleton_bytes = 4'096;
/// A cursor's address as a name, and a comma.
constexpr std::size_t cursor_name_bytes = 64;

void bound_text(std::string& text, std::size_t most_bytes) {
  text = shortened(text, most_bytes);
}

/// Applies the limits that hold even when there is enough space.
void bound_texts(scan_task& task) {
  auto bound = [](task_generation& generation, std::size_t most) {
    if (generation.outcome) bound_text(generation.outcome->reason, most);
  };
  bound(task.current, task_reason_bytes);
  for (auto& past : task.history)
    bound(past, task_reason_bytes);
  for (auto& row : task.results) {
    for (auto* text : {&row.name, &row.product, &row.version, &row.banner, &row.subject})
      bound_text(*text, row_text_bytes);
  }
  bound_text(task.cancelled_by, caller_bytes);
  if (task.traceparent.size() != traceparent_bytes) task.traceparent.clear();
}

std::size_t bound_of(const webhook& hook) {
  return encoded_size(hook.id) + encoded_size(hook.endpoint) + encoded_size(hook.encrypted) +
         4 * field_bytes;
}

std::size_t bound_of(const group_list& groups) {
  std::size_t size = 0;
  for (const auto& group : groups)
    size += encoded_size(group) + 3;
  return size;
}

std::size_t bound_of(const task_generation& generation) {
  auto reason = generation.outcome ? encoded_size(generation.outcome->reason) : 0;
  return generation_bytes + encoded_size(generation.id.str()) + reason;
}

std::size_t bound_of(const scan_request& request) {
  auto size = generation_bytes + 2 * field_bytes + encoded_size(request.key.str()) +
              encoded_size(request.target.text()) + encoded_size(request.profile) +
              encoded_size(request.ports) + encoded_size(request.traceparent) +
              encoded_size(request.by) + encoded_size(request.refused) +
              bound_of(request.visibility);
  for (const auto& hook : request.webhooks)
    size += bound_of(hook);
  return size;
}

std::size_t bound_of(const std::vector<request_result>& requests) {
  std::size_t size = requests.empty() ? 0 : field_bytes;
  for (const auto& one : requests)
    size += request_bytes + encoded_size(one.module) + encoded_size(one.outcome);
  return size;
}

std::size_t bound_of(const endpoint_result& row) {
  return row_bytes + bound_of(row.requests) + encoded_size(row.endpoint) +
         encoded_size(row.service.str()) + encoded_size(row.name) + encoded_size(row.product) +
         encoded_size(row.version) + encoded_size(row.banner) + encoded_size(row.certificate) +
         encoded_size(row.subject) + 2 * encoded_size(row.not_after) + encoded_size(row.detail);
}

/// Returns an upper bound of the record's size. It is cheaper to compute than the size.
std::size_t bound_of(const scan_task& task) {
  auto size =
      skeleton_bytes + 2 * encoded_size(task.key.str()) + 2 * encoded_size(task.target.text()) +
      encoded_size(task.profile) + encoded_size(task.ports) + bound_of(task.visibility) +
      encoded_size(task.cancelled_by) + 2 * task.traceparent.size() + bound_of(task.current);
  if (task.next) size += bound_of(*task.next);
  for (const auto& past : task.history)
    size += bound_of(past);
  for (const auto& [address, cursor] : task.cursors) {
    size += encoded_size(address) + encoded_size(cursor.open) + encoded_size(cursor.silent) +
            4 * field_bytes;
  }
  for (const auto& row : task.results)
    size += bound_of(row);
  for (const auto& one : task.past)
    size += past_bytes + encoded_size(one.endpoint) + encoded_size(one.service.str());
  for (const auto& place : task.produced)
    size += encoded_size(place.topic) + produced_place_bytes;
  for (const auto& hook : task.webhooks)
    size += bound_of(hook);
  for (const auto& owed : task.pending)
    size += bound_of(owed.hook) + generation_bytes;
  return size;
}

/// Shortens a task.
class task_shortener {
 public:
  task_shortener(scan_task task, std::size_t most_bytes)
      : task_(std::move(task)), most_(most_bytes) {
    measure();
  }

  scan_task shorten() {
    drop_requests();
    if (over_ > 0 && !task_.past.empty()) {
      task_.past.clear();
      measure();
    }
    drop_rows();
    shorten_past();
    coarsen_cursors();
    while (over_ > 0 && !task_.history.empty()) {
      task_.history.pop_back();
      measure();
    }
    if (over_ > 0) give_up();
    return std::move(task_);
  }

 private:
  void measure() {
    auto size = bound_of(task_);
    if (size > most_) size = size_of(to_record(task_, wall_time{}));
    over_ = size > most_ ? size - most_ : 0;
  }

  void drop_requests() {
    if (over_ == 0) return;
    for (auto& row : task_.results) {
      task_.requests_omitted = task_.requests_omitted || !row.requests.empty();
      row.requests.clear();
    }
    measure();
  }

  /// Counts only the texts of a row, not the characters around them, so that enough rows are
  /// removed.
  void drop_rows() {
    while (over_ > 0 && !task_.results.empty()) {
      for (std::size_t gone = 0; gone < over_ && !task_.results.empty();) {
        gone += bound_of(task_.results.back()) - row_bytes;
        task_.results.pop_back();
      }
      measure();
    }
  }

  void shorten_past() {
    if (over_ == 0) return;
    for (auto& past : task_.history) {
      if (past.outcome) bound_text(past.outcome->reason, past_reason_bytes);
    }
    measure();
  }

  void coarsen_cursors() {
    if (over_ == 0 || task_.cursors.empty()) return;
    auto cursors = std::exchange(task_.cursors, {});
    measure();
    if (over_ > 0) return;
    auto room = most_ - size_of(to_record(task_, wall_time{}));
    auto share = room / cursors.size();
    if (share <= 2 * cursor_name_bytes) return;
    for (auto& [address, cursor] : cursors)
      cursor = coarser(std::move(cursor), share - cursor_name_bytes);
    task_.cursors = std::move(cursors);
    measure();
    // An address without a cursor is swept from the beginning.
    if (over_ > 0) task_.cursors.clear();
    measure();
  }

  void give_up() {
    constexpr std::size_t shown_bytes = 500;
    constexpr std::size_t most_shown_groups = 50;
    auto size = most_ + over_;
    if (!is_terminal(task_.current.state)) {
      outcome why{
          outcome_kind::attempts,
          fmt::format("its snapshot would have {} bytes; record_max_bytes is {}", size, most_)};
      task_.current.ended = task_.current.started.value_or(task_.current.requested);
      task_.current.state = state_after(why.kind);
      task_.current.outcome = std::move(why);
    }
    task_.webhooks.clear();
    task_.pending.clear();
    task_.next.reset();
    task_.ports.clear();
    bound_text(task_.profile, shown_bytes);
    measure();
    if (over_ == 0) return;
    task_.produced.clear();
    if (task_.visibility.size() > most_shown_groups) task_.visibility.resize(most_shown_groups);
    // A cut name would be the name of another group.
    std::erase_if(task_.visibility,
                  [](const auto& group) { return encoded_size(group) > shown_bytes; });
    measure();
  }

  scan_task task_;
  std::size_t most_;
  std::size_t over_ = 0;
};

}  // namespace

scan_task fitted(scan_task task, std::size_t most_bytes) {
  bound_texts(task);
  if (bound_of(task) <= most_bytes) return task;
  return task_shortener(std::move(task), most_bytes).shorten();
}

bool has_room(const scan_task& task, std::size_t record_bytes) {
  auto most = record_bytes / 8 * 5;
  if (bound_of(task) <= most) return true;
  auto bare = task;
  bare.results.clear();
  bare.past.clear();
  bare.produced.clear();
  bare.cursors.clear();
  bare.history.clear();
  return bound_of(bare) <= most;
}

}  // namespace sonde::model
