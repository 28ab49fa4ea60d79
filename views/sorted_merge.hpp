#pragma once

#include "views/read_budget.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace sonde::views {

/// Merges sources of sorted rows into one sorted sequence, and reads no more of each than it needs.
///
/// `Row` has an `operator<`; the greatest row comes first. `fetch` returns the rows of one source
/// that follow a given one, at most as many as it is told. Ends early when the budget is used up;
/// the rows until then are right. This folder's own.
template <class Row>
class sorted_merge {
 public:
  using fetch_function =
      std::function<std::vector<Row>(std::size_t source, const Row* after, std::size_t most)>;

  sorted_merge(std::size_t sources, std::size_t at_once, fetch_function fetch, read_budget& budget)
      : sources_(sources), at_once_(at_once), fetch_(std::move(fetch)), budget_(budget) {
    for (std::size_t each = 0; each < sources; ++each)
      fill(each);
  }

  /// The next row with the number of its source.
  [[nodiscard]] std::optional<std::pair<Row, std::size_t>> next() {
    if (empty_) fill(*std::exchange(empty_, std::nullopt));
    if (!budget_.left() || heads_.empty()) return std::nullopt;
    auto [row, source] = heads_.top();
    heads_.pop();
    auto& its = sources_[source];
    its.held.pop_front();
    if (!its.held.empty()) {
      heads_.emplace(its.held.front(), source);
    } else if (!its.dry) {
      its.last = row;
      empty_ = source;
    }
    return std::pair(std::move(row), source);
  }

 private:
  struct buffer {
    std::deque<Row> held;
    std::optional<Row> last;
    bool dry = false;
  };

  void fill(std::size_t number) {
    if (!budget_.left()) return;
    auto& its = sources_[number];
    auto rows = fetch_(number, its.last ? &*its.last : nullptr, at_once_);
    budget_.count(1 + rows.size());
    its.dry = rows.size() < at_once_;
    its.held.assign(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    if (!its.held.empty()) heads_.emplace(its.held.front(), number);
  }

  std::vector<buffer> sources_;
  std::size_t at_once_;
  fetch_function fetch_;
  read_budget& budget_;
  std::priority_queue<std::pair<Row, std::size_t>> heads_;  ///< the first row of each source
  std::optional<std::size_t> empty_;                        ///< to be filled before the next row
};

}  // namespace sonde::views
