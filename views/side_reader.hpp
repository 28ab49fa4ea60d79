#pragma once

#include "base/async/run_on.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "views/entity_reader.hpp"
#include "views/limits.hpp"
#include "views/read_timer.hpp"
#include "views/reading_turns.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sonde::views {

template <class T>
using question = std::function<T(entity_reader&)>;

/// Returns the error of an interrupted read, which goes to its caller only.
[[nodiscard]] error read_too_long();

/// A separate connection to the entity view's file, on a separate loop. Internal to this folder.
///
/// Reads wait in `reading_turns`. Each read ends within twice `limits::read_ms` of processor time.
class side_reader {
 public:
  side_reader(executor loop, const limits& limits) : loop_(std::move(loop)), limits_(limits) {}

  /// Runs work on this loop when it is the caller's turn, and resumes the caller on its executor.
  /// Callable from any loop.
  template <class T>
  awaitable<T> in_turn(std::string caller, std::function<T()> work) {
    using outcome = std::unique_ptr<detail::run_outcome<T>>;
    auto initiate = [this, caller = std::move(caller), work = std::move(work)](auto handler) {
      auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
      auto run = [work, waiting] {
        auto there = asio::get_associated_executor(*waiting);
        auto done = std::make_shared<outcome>(detail::run_there<T>(work));
        asio::post(there, [waiting, done] { std::move (*waiting)(std::move(*done)); });
      };
      asio::post(loop_, [this, caller, run = std::move(run)] { add(caller, run); });
    };
    auto token = asio::use_awaitable;
    auto done = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(outcome)>(
        std::move(initiate), token);
    co_return done->take();
  }

  /// Runs a query, or fails with `read_too_long`. Returns nothing if the file cannot be read now;
  /// it may be about to be rebuilt. Called on the loop.
  template <class T>
  std::optional<result<T>> answer(const question<T>& ask, const std::filesystem::path& file,
                                  std::uint64_t opened, steady_time deadline) {
    try {
      if (!reader_ || opened_ != opened) open(file, opened);
      read_timer timer(*db_, deadline, 2 * std::chrono::milliseconds(limits_.read_ms));
      return result<T>(ask(*reader_));
    } catch (const SQLite::Exception& e) {
      // Close the connection: a failed statement would report the error again when it is reset.
      bool late = read_timer::is_interruption(e);
      close();
      if (late) return result<T>(read_too_long());
      return std::nullopt;
    }
  }

  [[nodiscard]] const executor& loop() const { return loop_; }
  /// Closes the connection. Called on the loop.
  void close();

 private:
  void open(const std::filesystem::path& file, std::uint64_t opened);
  void add(const std::string& caller, reading_turns::job one);
  void serve();

  executor loop_;
  const limits& limits_;
  std::unique_ptr<SQLite::Database> db_;
  std::unique_ptr<entity_reader> reader_;
  std::uint64_t opened_ = 0;
  reading_turns turns_;
  bool serving_ = false;  ///< `serve` is posted
};

}  // namespace sonde::views
