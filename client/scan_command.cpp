#include "client/scan_command.hpp"

#include "base/async/task_group.hpp"
#include "client/errc.hpp"
#include "client/scan_table.hpp"

#include <algorithm>

namespace sonde::client {
namespace {

using model::json;
using std::chrono::seconds;

/// Requests under way at once. Scheduling is limited by the server's disk, which takes what comes
/// together in one go; following is waiting.
constexpr std::size_t scheduling_at_once = 64;
constexpr std::size_t following_at_once = 32;
/// A server answers sooner if the scan ends; a person wants to see how it goes meanwhile.
constexpr seconds look_up_wait{10};
constexpr seconds look_up_wait_drawing{1};
constexpr std::chrono::milliseconds draw_pause{100};
constexpr std::chrono::milliseconds retry_pause{500};
constexpr int schedule_attempts = 20;

std::string text_at(const json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool has_ended(const json& scan) {
  auto status = text_at(scan, "status");
  return status != "queued" && status != "running" && status != "new";
}

}  // namespace

scan_command::scan_command(scan_api& api, terminal& out, const clock& clock, scan_options options)
    : api_(api), out_(out), clock_(clock), options_(std::move(options)) {}

void scan_command::interrupt() {
  interrupted_ = true;
}

awaitable<int> scan_command::run() {
  co_await schedule_all();
  if (no_server_) {
    out_.complain(no_server_->message());
    co_return exit_code::no_server;
  }
  co_return co_await follow_to_the_end();
}

awaitable<int> scan_command::watch(std::string id) {
  scans_.push_back({id, id});
  options_.targets.push_back(std::move(id));
  next_target_ = 1;
  co_return co_await follow_to_the_end();
}

awaitable<int> scan_command::follow_to_the_end() {
  progress_.begin(scans_.size(), clock_.steady_now());
  if (options_.wait && !is_over()) co_await follow_all();
  out_.clear_progress();
  if (interrupted_ && !out_.failed()) {
    say_how_to_go_on();
    co_return exit_code::interrupted;
  }
  co_return failed_ > 0 ? exit_code::scan_failed : exit_code::done;
}

awaitable<void> scan_command::schedule_all() {
  auto loop = co_await asio::this_coro::executor;
  logger log(log_level::error);
  task_group workers(loop, log, "schedule");
  auto count = std::min(scheduling_at_once, options_.targets.size());
  for (std::size_t i = 0; i < count; ++i)
    workers.spawn(schedule_some());
  co_await workers.join();
}

awaitable<void> scan_command::schedule_some() {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  while (next_target_ < options_.targets.size() && !is_over() && !no_server_) {
    auto target = options_.targets[next_target_++];
    json order = {{"target", target}};
    if (!options_.profile.empty()) order["profile"] = options_.profile;
    if (!options_.ports.empty()) order["ports"] = options_.ports;
    if (options_.fresh) order["max_age"] = 0;
    if (options_.priority != 0) order["priority"] = options_.priority;
    auto receipt = co_await api_.schedule(order);
    for (int attempt = 1; !receipt && attempt < schedule_attempts && !is_over(); ++attempt) {
      bool passing = receipt.error().code == make_error_code(errc::try_later);
      if (!passing) break;
      pause.expires_after(retry_pause);
      co_await pause.async_wait(asio::use_awaitable);
      receipt = co_await api_.schedule(order);
    }
    if (!receipt) {
      report_failure(target, receipt.error());
      continue;
    }
    scans_.push_back({target, text_at(*receipt, "id")});
    if (!options_.wait) {
      json line = {{"target", target},
                   {"id", text_at(*receipt, "id")},
                   {"status", text_at(*receipt, "status")}};
      out_.print(out_.for_people()
                     ? scans_.back().id + "  " + target + "  " + text_at(*receipt, "status") + "\n"
                     : model::to_text(line) + "\n");
    }
    draw();
  }
}

void scan_command::report_failure(const std::string& target, const error& why) {
  if (exit_code_of(why) == exit_code::no_server) {
    no_server_ = why;
    return;
  }
  ++failed_;
  if (!out_.for_people()) {
    json line = {{"target", target}, {"status", "refused"}, {"error", why.message()}};
    out_.print(model::to_text(line) + "\n");
  } else {
    out_.complain(why.message());
  }
}

awaitable<void> scan_command::follow_all() {
  auto loop = co_await asio::this_coro::executor;
  logger log(log_level::error);
  task_group workers(loop, log, "follow");
  auto count = std::min(following_at_once, scans_.size());
  for (std::size_t i = 0; i < count; ++i)
    workers.spawn(follow_some());
  asio::steady_timer timer(loop);
  while (workers.size() > 0) {
    draw();
    timer.expires_after(draw_pause);
    co_await timer.async_wait(asio::use_awaitable);
    if (is_over()) workers.cancel();
  }
  co_await workers.join();
}

awaitable<void> scan_command::follow_some() {
  while (next_scan_ < scans_.size() && !is_over()) {
    auto scan = scans_[next_scan_++];
    co_await follow(std::move(scan));
  }
}

awaitable<void> scan_command::follow(scheduled scan) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  auto wait = out_.draws() ? look_up_wait_drawing : look_up_wait;
  while (!is_over()) {
    auto found = co_await api_.look_up(scan.id, wait);
    if (found && has_ended(*found)) {
      finish(*found);
      co_return;
    }
    if (found) {
      progress_.note(*found);
      continue;
    }
    if (!found.error().is_transient()) {
      report_failure(scan.target, found.error());
      co_return;
    }
    // A server that restarts takes its scans up again; so does who follows them.
    pause.expires_after(retry_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

void scan_command::finish(const json& scan) {
  ++ended_;
  progress_.ended(scan);
  if (text_at(scan, "status") != "done") ++failed_;
  if (!out_.for_people()) {
    out_.print(model::to_text(scan) + "\n");
  } else {
    auto table = scan_table(scan, out_.width(), clock_.now());
    out_.print(ended_ > 1 ? "\n" + table : table);
  }
}

void scan_command::draw() {
  auto now = clock_.steady_now();
  if (now - drawn_ < draw_pause) return;
  drawn_ = now;
  auto all = options_.targets.size();
  if (scans_.size() < all && next_target_ < all) {
    out_.progress("scheduling: " + std::to_string(scans_.size()) + " of " + std::to_string(all));
    return;
  }
  out_.progress(progress_.line(now));
}

void scan_command::say_how_to_go_on() {
  auto left = scans_.size() - ended_;
  if (!options_.server_goes_on) {
    out_.say("interrupted: the scans have been stopped; what is printed above is complete");
    return;
  }
  if (left == 0) {
    out_.say("interrupted");
    return;
  }
  auto line = "interrupted: " + std::to_string(left) + (left == 1 ? " scan goes" : " scans go") +
              " on in the server. ";
  out_.say(line +
           (left == 1 && !scans_.empty()
                ? "To see it: sonde watch " + scans_.back().id
                : "The same command picks them up where they are; one of them: sonde watch " +
                      scans_[std::min(next_scan_, scans_.size()) - 1].id));
}

}  // namespace sonde::client
