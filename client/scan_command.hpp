#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "client/scan_api.hpp"
#include "client/scan_progress.hpp"
#include "client/target_stream.hpp"
#include "client/terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::client {

struct scan_options {
  std::vector<std::string> targets;
  bool reads_input = false;  ///< after these, targets come on standard input
  std::string profile;       ///< empty: the server's default
  std::string ports;
  bool fresh = false;  ///< scan anew, whatever is known
  int priority = 0;
  bool wait = true;
  bool server_goes_on = true;  ///< scans outlive this command; false: they end with it
};

/// `sonde scan`: schedules every target, follows the scans with progress on a terminal, and prints
/// each as it ends. Scans are followed while others are still to be scheduled. Returns the exit
/// code. Ends soon after `interrupt`, and where its output cannot be written.
class scan_command {
 public:
  /// `more`: targets after those of `options`; outlives this.
  scan_command(scan_api& api, terminal& out, const clock& clock, scan_options options,
               target_source* more = nullptr);

  awaitable<int> run();
  /// `sonde watch`: follows one scan that has been scheduled already.
  awaitable<int> watch(std::string id);
  /// From a signal's handler, on the loop.
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
  /// A look-up has failed. False: there has been no server for too long, and the command ends.
  bool note_absence(const error& why);
  void note_answer();
  /// Interrupted, or nobody can read what is found.
  [[nodiscard]] bool is_over() const { return interrupted_ || out_.failed(); }

  scan_api& api_;
  terminal& out_;
  const clock& clock_;
  scan_options options_;
  target_source* more_;
  logger log_{log_level::error};

  std::optional<steady_time> absent_since_;  ///< the server, while it does not answer
  bool absence_told_ = false;

  std::size_t next_target_ = 0;
  std::size_t taken_ = 0;  ///< targets, of both kinds
  std::optional<error> unreadable_;
  std::vector<scheduled> scans_;
  std::size_t next_scan_ = 0;
  std::optional<task_group> followers_;
  std::size_t following_ = 0;  ///< followers that look for another scan when theirs has ended
  std::size_t ended_ = 0;
  std::size_t failed_ = 0;
  std::optional<error> no_server_;
  scan_progress progress_;
  steady_time drawn_{};
  bool interrupted_ = false;
};

}  // namespace sonde::client
