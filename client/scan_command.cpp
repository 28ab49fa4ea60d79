#include "client/scan_command.hpp"

#include "client/errc.hpp"
#include "client/refusal_words.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::client {
namespace {

using model::json;
using std::chrono::seconds;

/// Maximum numbers of concurrent requests. The server's disk limits scheduling: it writes requests
/// that arrive together in one operation. A request that follows a scan mostly waits.
constexpr std::size_t scheduling_at_once = 64;
constexpr std::size_t following_at_once = 32;
/// Longest wait for a change. A server responds earlier if the scan ends. With a progress line the
/// wait is shorter, so that the line stays current.
constexpr seconds look_up_wait{10};
constexpr seconds look_up_wait_drawing{1};
constexpr std::chrono::milliseconds draw_pause{100};
constexpr std::chrono::milliseconds retry_pause{500};
constexpr int schedule_attempts = 20;
/// Times after which an unreachable server is reported, and after which the command gives up.
constexpr seconds absence_told_after{3};
constexpr seconds longest_absence{60};

std::string text_at(const json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool has_ended(const json& scan) {
  auto status = text_at(scan, "status");
  return status != "queued" && status != "running" && status != "new";
}

}  // namespace

scan_command::scan_command(scan_api& api, terminal& out, const clock& clock, scan_options options,
                           target_source* more)
    : api_(api), out_(out), clock_(clock), options_(std::move(options)), more_(more) {}

void scan_command::interrupt() {
  interrupted_ = true;
  stop_reading();
}

void scan_command::stop_reading() {
  if (more_ != nullptr) more_->stop();
}

awaitable<void> scan_command::begin() {
  auto loop = co_await asio::this_coro::executor;
  followers_.emplace(loop, log_, "follow");
  progress_.begin(clock_.steady_now());
}

awaitable<int> scan_command::run() {
  co_await begin();
  co_await schedule_all();
  co_await follow_all();
  co_return exit_code_now();
}

awaitable<int> scan_command::watch(std::string id) {
  co_await begin();
  note_scheduled({id, id});
  co_await follow_all();
  co_return exit_code_now();
}

int scan_command::exit_code_now() {
  if (no_server_) {
    out_.complain(no_server_->message());
    return exit_code::no_server;
  }
  if (interrupted_ && !out_.failed()) {
    say_how_to_go_on();
    return exit_code::interrupted;
  }
  if (unreadable_) return exit_code_of(*unreadable_);
  if (scans_.empty() && taken_ == 0) {
    out_.complain("there is nothing to scan; name a target: `sonde scan example.com`");
    return exit_code::usage;
  }
  return failed_ > 0 ? exit_code::scan_failed : exit_code::done;
}

awaitable<void> scan_command::schedule_all() {
  task_group workers(followers_->loop(), log_, "schedule");
  auto count = scheduling_at_once;
  if (more_ == nullptr) count = std::min(count, options_.targets.size());
  for (std::size_t i = 0; i < count; ++i)
    workers.spawn(schedule_some());
  co_await workers.join();
}

awaitable<std::optional<std::string>> scan_command::next_target() {
  std::optional<std::string> none;
  if (is_over() || no_server_ || unreadable_) co_return none;
  if (next_target_ < options_.targets.size()) co_return options_.targets[next_target_++];
  if (more_ == nullptr) co_return none;
  auto next = co_await more_->next();
  if (next) co_return std::move(*next);
  if (!unreadable_) out_.complain(next.error().message());
  unreadable_ = next.error();
  co_return none;
}

awaitable<void> scan_command::schedule_some() {
  auto target = co_await next_target();
  while (target) {
    ++taken_;
    co_await schedule(std::move(*target));
    target = co_await next_target();
  }
}

awaitable<void> scan_command::schedule(std::string target) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  json order = {{"target", target}};
  if (!options_.profile.empty()) order["profile"] = options_.profile;
  if (!options_.ports.empty()) order["ports"] = options_.ports;
  if (!options_.depth.empty()) order["depth"] = options_.depth;
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
    co_return;
  }
  auto id = text_at(*receipt, "id");
  if (!options_.wait) {
    auto status = text_at(*receipt, "status");
    json line = {{"target", target}, {"id", id}, {"status", status}};
    print(out_.for_people() ? id + "  " + target + "  " + status + "\n"
                            : model::to_text(line) + "\n");
  }
  note_scheduled({std::move(target), std::move(id)});
  draw();
}

void scan_command::note_scheduled(scheduled scan) {
  scans_.push_back(std::move(scan));
  progress_.expect(scans_.size());
  if (!options_.wait || following_ >= following_at_once) return;
  ++following_;
  followers_->spawn(follow_some());
}

void scan_command::report_failure(const std::string& target, const error& why) {
  if (exit_code_of(why) == exit_code::no_server) {
    no_server_ = why;
    stop_reading();
    return;
  }
  ++failed_;
  auto reason = in_words_of_command(why.message());
  if (!out_.for_people()) {
    json line = {{"target", target}, {"status", "refused"}, {"error", reason}};
    print(model::to_text(line) + "\n");
  } else {
    out_.complain(reason);
  }
}

awaitable<void> scan_command::follow_all() {
  asio::steady_timer timer(followers_->loop());
  while (followers_->size() > 0) {
    draw();
    timer.expires_after(draw_pause);
    co_await timer.async_wait(asio::use_awaitable);
    if (is_over() || no_server_) followers_->cancel();
  }
  co_await followers_->join();
  out_.clear_progress();
}

awaitable<void> scan_command::follow_some() {
  while (next_scan_ < scans_.size() && !is_over()) {
    auto scan = scans_[next_scan_++];
    co_await follow(std::move(scan));
  }
  --following_;
}

awaitable<void> scan_command::follow(scheduled scan) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  auto wait = out_.draws() ? look_up_wait_drawing : look_up_wait;
  while (!is_over()) {
    auto found = co_await api_.look_up(scan.id, wait);
    if (found && has_ended(*found)) {
      note_answer();
      finish(*found);
      co_return;
    }
    if (found) {
      note_answer();
      progress_.note(*found);
      draw();
      continue;
    }
    if (!found.error().is_transient()) {
      report_failure(scan.target, with_scan(found.error(), scan.id));
      co_return;
    }
    // A server that restarts resumes its scans, so the command continues to follow them.
    if (!note_absence(found.error())) co_return;
    pause.expires_after(retry_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

bool scan_command::note_absence(const error& why) {
  if (why.code != make_error_code(errc::no_server)) {
    note_answer();
    return true;
  }
  auto now = clock_.steady_now();
  if (!absent_since_) absent_since_ = now;
  auto absent = now - *absent_since_;
  if (absent >= longest_absence) {
    no_server_ = why;
    stop_reading();
    return false;
  }
  if (absent >= absence_told_after && !absence_told_) {
    absence_told_ = true;
    out_.say("the server does not answer; retrying for a minute: " + why.message());
  }
  return true;
}

void scan_command::note_answer() {
  absent_since_.reset();
  if (absence_told_) out_.say("the server answers again");
  absence_told_ = false;
}

void scan_command::print(const std::string& lines) {
  out_.print(lines);
  if (out_.failed()) stop_reading();
}

void scan_command::finish(const json& scan) {
  ++ended_;
  progress_.ended(scan);
  if (text_at(scan, "status") != "done") ++failed_;
  if (!out_.for_people()) {
    print(model::to_text(scan) + "\n");
  } else {
    auto table = scan_table(scan, out_.width(), clock_.now(), options_.detail);
    print(ended_ > 1 ? "\n" + table : table);
  }
}

void scan_command::draw() {
  auto now = clock_.steady_now();
  if (now - drawn_ < draw_pause) return;
  drawn_ = now;
  auto all = options_.targets.size();
  if (more_ == nullptr && scans_.size() < all && next_target_ < all) {
    out_.progress(fmt::format("scheduling: {} of {}", scans_.size(), all));
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
  auto line = fmt::format("interrupted: {} {} on in the server. ", left,
                          left == 1 ? "scan goes" : "scans go");
  out_.say(line + (left == 1 ? "To see it: sonde watch " + scans_.back().id
                             : "The same command continues with them; one of them: sonde watch " +
                                   scans_.back().id));
}

}  // namespace sonde::client
