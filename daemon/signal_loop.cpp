#include "daemon/signal_loop.hpp"

#include "base/async/answering.hpp"
#include "client/errc.hpp"
#include "daemon/reload_report.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>
#include <utility>
#include <vector>

namespace sonde::daemon {
namespace {

constexpr std::chrono::seconds health_pause{1};

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : " ") + name;
  return out.empty() ? "nothing" : out;
}

}  // namespace

std::string status_of(const node& started) {
  return started.endpoint().empty() ? "works without HTTP" : "listens on " + started.url();
}

signal_loop::signal_loop(const invocation& how, configuration running, node& watched,
                         const service_manager& manager, logger& log)
    : how_(how),
      running_(std::move(running)),
      node_(watched),
      manager_(manager),
      log_(log),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      timer_(loop_) {}

int signal_loop::run() {
  wait_for_signal();
  look_at_health();
  loop_.run();
  return code_;
}

void signal_loop::die_at_next_signal() {
  for (int number : {SIGTERM, SIGINT}) {
    std::signal(number, [](int caught) { _exit(128 + caught); });
  }
}

void signal_loop::wait_for_signal() {
  signals_.async_wait([this](error_code failed, int number) {
    if (failed) return;
    if (number == SIGHUP) {
      reload();
      wait_for_signal();
      return;
    }
    log_.info("stopping", {{"signal", static_cast<std::int64_t>(number)}});
    stop(client::exit_code::done);
  });
}

void signal_loop::reload() {
  manager_.reloading();
  read_again();
  manager_.ready(status_of(node_));
}

void signal_loop::read_again() {
  auto changed = load_configuration(how_);
  auto reloaded =
      changed ? node_.reload(taken_over(running_, *changed)) : result<>(changed.error());
  if (!reloaded) {
    log_.error("configuration not reloaded; nothing has changed",
               {{"reason", reloaded.error().message()}});
    return;
  }
  auto report = compare(running_, *changed);
  running_ = taken_over(std::move(running_), *changed);
  // The files may have changed although their names have not.
  const char* files = running_.http.tls_certificate.empty() ? "none" : "read again";
  log_.info("configuration reloaded",
            {{"taken_over", listed(report.taken_over)}, {"tls_files", files}});
  if (report.need_restart.empty()) return;
  log_.warning("changed settings take effect at the next restart",
               {{"settings", listed(report.need_restart)}});
}

void signal_loop::look_at_health() {
  timer_.expires_after(health_pause);
  timer_.async_wait([this](error_code failed) {
    if (failed) return;
    node_.refresh_addresses();
    node_.watch_clock();
    feed_watchdog();
    auto well = node_.health();
    if (well) {
      look_at_health();
      return;
    }
    log_.error("stopping; the service manager starts the daemon again",
               {{"reason", well.error().message()}});
    stop(client::exit_code::data_folder);
  });
}

void signal_loop::feed_watchdog() {
  auto now = std::chrono::steady_clock::now();
  auto period = manager_.watchdog();
  if (!period || asking_ || now < next_meal_) return;
  next_meal_ = now + *period / 4;
  asking_ = true;
  auto ask = [this, until = now + *period] { return ask_threads(until); };
  auto done = [](std::exception_ptr) {};
  asio::co_spawn(loop_, std::move(ask), done);
}

awaitable<void> signal_loop::ask_threads(steady_time until) {
  auto answered = co_await answering(node_.threads(), until);
  asking_ = false;
  bool all = std::ranges::all_of(answered, [](bool each) { return each; });
  if (all) manager_.alive();
}

void signal_loop::stop(int code) {
  code_ = code;
  // Does not wait for a thread that does not answer.
  loop_.stop();
}

}  // namespace sonde::daemon
