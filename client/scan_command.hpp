#pragma once

#include "base/clock.hpp"
#include "client/scan_api.hpp"
#include "client/scan_progress.hpp"
#include "client/terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::client {

struct scan_options {
  std::vector<std::string> targets;
  std::string profile;  ///< empty: the server's default
  std::string ports;
  bool fresh = false;  ///< scan anew, whatever is known
  int priority = 0;
  bool wait = true;
  bool server_goes_on = true;  ///< scans outlive this command; false: they end with it
};

/// `sonde scan`: schedules every target, follows the scans with progress on a terminal, and prints
/// each as it ends. Returns the exit code. Ends soon after `interrupt`, and where its output cannot
/// be written.
class scan_command {
 public:
  scan_command(scan_api& api, terminal& out, const clock& clock, scan_options options);

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

  awaitable<void> schedule_all();
  awaitable<void> schedule_some();
  awaitable<int> follow_to_the_end();
  awaitable<void> follow_all();
  awaitable<void> follow_some();
  awaitable<void> follow(scheduled scan);
  void finish(const model::json& scan);
  void draw();
  void report_failure(const std::string& target, const error& why);
  void say_how_to_go_on();
  /// Interrupted, or nobody can read what is found.
  [[nodiscard]] bool is_over() const { return interrupted_ || out_.failed(); }

  scan_api& api_;
  terminal& out_;
  const clock& clock_;
  scan_options options_;

  std::size_t next_target_ = 0;
  std::vector<scheduled> scans_;
  std::size_t next_scan_ = 0;
  std::size_t ended_ = 0;
  std::size_t failed_ = 0;
  std::optional<error> no_server_;
  scan_progress progress_;
  steady_time drawn_{};
  bool interrupted_ = false;
};

}  // namespace sonde::client
