#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "client/scan_api.hpp"
#include "client/scan_progress.hpp"
#include "client/scan_table.hpp"
#include "client/target_stream.hpp"
#include "client/terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::client {

struct scan_options {
  std::vector<std::string> targets;
  bool reads_input = false;  ///< more targets follow on standard input
  std::string profile;       ///< empty: the server's default
  std::string ports;
  std::string depth;   ///< empty: that of the profile or of the server
  bool fresh = false;  ///< scan again even if results exist
  int priority = 0;
  bool wait = true;
  table_detail detail = table_detail::compact;
  bool server_goes_on = true;  ///< scans outlive this command; false: they end with it
};

/// Runs `sonde scan`: schedules every target, follows the scans with progress on a terminal, and
/// prints each scan when it ends. Follows scans while others are still being scheduled. `run` and
/// `watch` return the exit code. They end soon after `interrupt`, or if the output cannot be
/// written.
class scan_command {
 public:
  /// `more` gives targets after those of `options`; it outlives this object.
  scan_command(scan_api& api, terminal& out, const clock& clock, scan_options options,
               target_source* more = nullptr);

  awaitable<int> run();
  /// Runs `sonde watch`: follows one scan that is already scheduled.
  awaitable<int> watch(std::string id);
  /// Ends `run` or `watch`. A signal handler calls it on the loop.
  void interrupt();

 private:
  struct scheduled {
    std::string target;
    std::string id;
  };

  awaitable<void> begin();
  awaitable<void> schedule_all();
  awaitable<void> schedule_some();
  awaitable<void> schedule(std::string target);
  awaitable<std::optional<std::string>> next_target();
  void note_scheduled(scheduled scan);
  awaitable<void> follow_all();
  awaitable<void> follow_some();
  awaitable<void> follow(scheduled scan);
  [[nodiscard]] int exit_code_now();
  void finish(const model::json& scan);
  void print(const std::string& lines);
  void stop_reading();
  void draw();
  void report_failure(const std::string& target, const error& why);
  void say_how_to_go_on();
  /// Records a failed look-up. Returns false if no server has answered for too long; the command
  /// then ends.
  bool note_absence(const error& why);
  void note_answer();
  /// Returns true after an interruption or if the output cannot be written.
  [[nodiscard]] bool is_over() const { return interrupted_ || out_.failed(); }

  scan_api& api_;
  terminal& out_;
  const clock& clock_;
  scan_options options_;
  target_source* more_;
  logger log_{log_level::error};

  std::optional<steady_time> absent_since_;  ///< since when the server does not answer
  bool absence_told_ = false;

  std::size_t next_target_ = 0;
  std::size_t taken_ = 0;  ///< targets from `options_` and `more_`
  std::optional<error> unreadable_;
  std::vector<scheduled> scans_;
  std::size_t next_scan_ = 0;
  std::optional<task_group> followers_;
  std::size_t following_ = 0;  ///< followers that take another scan when theirs has ended
  std::size_t ended_ = 0;
  std::size_t failed_ = 0;
  std::optional<error> no_server_;
  scan_progress progress_;
  steady_time drawn_{};
  bool interrupted_ = false;
};

}  // namespace sonde::client
