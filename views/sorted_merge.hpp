#pragma once

#include "views/read_budget.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace sonde::views {

/// Merges sources of sorted rows into one sorted sequence, and reads from each only as many rows as
/// needed.
///
/// `Row` has an `operator<`; the greatest row comes first. `fetch` returns at most `most` rows of
/// one source that follow a given row. The sequence ends early when the budget is used up; the rows
/// until then are correct. Internal to this folder.
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

  /// Returns the next row with the number of its source.
  [[nodiscard]] std::optional<std::pair<Row, std::size_t>> next() {
    if (empty_) fill(*std::exchange(empty_, std::nullopt));
    if (!budget_.left() || heads_.empty()) return std::nullopt;
    std::ranges::pop_heap(heads_, by_order(), head());
    auto number = heads_.back();
    heads_.pop_back();
    auto& its = sources_[number];
    auto row = std::move(its.held.front());
    its.held.pop_front();
    if (!its.held.empty()) {
      push(number);
    } else if (!its.dry) {
      its.last = row;
      empty_ = number;
    }
    return std::pair(std::move(row), number);
  }

 private:
  struct by_order {
    bool operator()(const Row& a, const Row& b) const { return a < b; }
  };
  struct buffer {
    std::deque<Row> held;
    std::optional<Row> last;
    bool dry = false;
  };

  [[nodiscard]] auto head() const {
    return [this](std::size_t number) -> const Row& { return sources_[number].held.front(); };
  }

  void push(std::size_t number) {
    heads_.push_back(number);
    std::ranges::push_heap(heads_, by_order(), head());
  }

  void fill(std::size_t number) {
    if (!budget_.left()) return;
    auto& its = sources_[number];
    auto rows = fetch_(number, its.last ? &*its.last : nullptr, at_once_);
    budget_.count(1 + rows.size());
    its.dry = rows.size() < at_once_;
    its.held.assign(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    if (!its.held.empty()) push(number);
  }

  std::vector<buffer> sources_;
  std::size_t at_once_;
  fetch_function fetch_;
  read_budget& budget_;
  std::vector<std::size_t> heads_;    ///< sources with buffered rows, as a heap by their first row
  std::optional<std::size_t> empty_;  ///< refilled before the next row
};

}  // namespace sonde::views
