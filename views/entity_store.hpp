#pragma once

#include "base/async/run_on.hpp"
#include "views/entity_tables.hpp"
#include "views/folding_view.hpp"
#include "views/limits.hpp"
#include "views/side_reader.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The file of `entity_view`: the connection that folds into it, and those that read it. Internal
/// to this folder.
///
/// All functions may be called from any loop, except `start`.
class entity_store {
 public:
  struct context {
    executor loop;                  ///< folds, and reads if there is no reader
    std::vector<executor> reading;  ///< the loops of the readers
    queue::backend& queue;
    const views::limits& limits;
    logger& log;
  };

  entity_store(const context& from, std::optional<std::filesystem::path> file);

  /// Opens the file and starts folding, before the loop runs.
  [[nodiscard]] result<> start() { return view_.start(); }
  awaitable<void> stop();

  awaitable<view_health> health();
  /// Returns true once all records at these positions are readable; false at the deadline.
  awaitable<bool> wait_until_passed(std::vector<model::produced_position> positions,
                                    steady_time deadline);

  /// Runs a query. If the result is not final, runs it again after the view has folded all records
  /// that were on the topics at the time of the call. Without `is_final` it runs only after that.
  template <class T>
  awaitable<result<T>> query(std::string caller, question<T> asked,
                             std::function<bool(const T&)> is_final, steady_time deadline) {
    if (is_final) {
      auto first = co_await read<T>(caller, asked, deadline);
      if (!first || is_final(*first)) co_return std::move(first);
    }
    auto wait = [this, deadline] { return view_.catch_up(deadline); };
    auto caught_up = co_await run_coroutine_on(loop_, std::move(wait));
    if (!caught_up) co_return caught_up.error();
    auto last = co_await read<T>(std::move(caller), std::move(asked), deadline);
    co_return std::move(last);
  }

 private:
  /// Runs a query on the readers in turn, or on the view's own connection if there is no reader or
  /// the reader cannot open the file.
  template <class T>
  awaitable<result<T>> read(std::string caller, question<T> asked, steady_time deadline) {
    using answered = std::optional<result<T>>;
    if (!readers_.empty()) {
      auto& reader = *readers_[next_reader_++ % readers_.size()];
      std::function<answered()> there = [this, &reader, asked, deadline] {
        if (is_late(deadline)) return answered(overloaded());
        return reader.answer<T>(asked, *file_, view_.opened(), deadline);
      };
      auto found = co_await reader.in_turn<answered>(std::move(caller), std::move(there));
      if (found) co_return std::move(*found);
    }
    auto here = [this, asked = std::move(asked), deadline] {
      return is_late(deadline) ? result<T>(overloaded()) : result<T>(asked(tables_.reader()));
    };
    auto found = co_await run_on(loop_, std::move(here));
    co_return std::move(found);
  }

  [[nodiscard]] static bool is_late(steady_time deadline);
  [[nodiscard]] static error overloaded();
  [[nodiscard]] bool passed(const std::vector<model::produced_position>& positions);
  awaitable<bool> wait_here(std::vector<model::produced_position> positions, steady_time deadline);

  executor loop_;
  std::optional<std::filesystem::path> file_;
  std::vector<std::unique_ptr<side_reader>> readers_;
  std::atomic<std::size_t> next_reader_ = 0;
  entity_tables tables_;
  folding_view view_;
};

}  // namespace sonde::views
