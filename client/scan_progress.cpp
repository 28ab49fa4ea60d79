#include "client/scan_progress.hpp"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <cstdio>

namespace sonde::client {
namespace {

using model::json;

std::string number(double value, const char* form = "%.0f") {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

std::string rate_text(double count, double passed_s, const char* of_what) {
  auto rate = passed_s > 0 ? count / passed_s : 0;
  return number(rate, rate < 10 ? "%.1f" : "%.0f") + of_what + "/s";
}

/// Returns nothing if every open port is identified.
std::string identified_text(double open, double identified) {
  return identified < open ? number(identified) + " identified, " : std::string();
}

/// Estimates the time left: `part` of the work took `passed_s` seconds, and the rest continues at
/// the same rate.
std::string remaining_text(double part, double passed_s) {
  if (part <= 0 || passed_s < 1) return {};
  auto left = std::lround(passed_s * (1 - part) / part);
  if (left < 60) return fmt::format(", about {} s left", left);
  if (left < 5400) return fmt::format(", about {} min left", (left + 30) / 60);
  return fmt::format(", about {} h left", (left + 1800) / 3600);
}

}  // namespace

void scan_progress::begin(steady_time now) {
  begun_ = now;
}

scan_progress::state scan_progress::state_of(const json& scan) {
  state out;
  out.target = scan.value("target", "");
  out.status = scan.value("status", "queued");
  auto found = scan.find("progress");
  if (found == scan.end() || !found->is_object()) return out;
  out.planned = found->value("planned", 0.0);
  out.done = found->value("done", 0.0);
  out.open = found->value("open", 0.0);
  // An older server does not count them.
  out.identified = found->value("identified", out.open);
  return out;
}

void scan_progress::note(const json& scan) {
  under_way_[scan.value("id", "")] = state_of(scan);
}

void scan_progress::ended(const json& scan) {
  ++ended_;
  auto last = state_of(scan);
  probes_ += last.done;
  open_ += last.open;
  under_way_.erase(scan.value("id", ""));
}

std::string scan_progress::line(steady_time now) const {
  auto passed_s = std::chrono::duration<double>(now - begun_).count();
  if (scans_ == 1 && !under_way_.empty()) return line_of_one(under_way_.begin()->second, passed_s);
  auto probes = probes_;
  auto open = open_;
  auto part = static_cast<double>(ended_);
  double to_identify = 0;
  bool swept = !under_way_.empty() && ended_ + under_way_.size() == scans_;
  for (const auto& [id, scan] : under_way_) {
    probes += scan.done;
    open += scan.open;
    part += scan.part();
    to_identify += scan.open - scan.identified;
    swept = swept && scan.planned > 0 && scan.done >= scan.planned;
  }
  auto begun = fmt::format("{} of {} {} done, {} open, ", ended_, scans_,
                           scans_ == 1 ? "scan" : "scans", number(open));
  // The rate of the probes says nothing about the time that identification takes.
  if (swept) return begun + "identifying " + number(to_identify) + " of them";
  part /= static_cast<double>(std::max<std::size_t>(1, scans_));
  return begun + rate_text(probes, passed_s, " probes") + remaining_text(part, passed_s);
}

std::string scan_progress::line_of_one(const state& scan, double passed_s) const {
  if (scan.planned <= 0) return scan.target + ": " + scan.status;
  if (scan.done >= scan.planned && scan.identified < scan.open) {
    return scan.target + ": sweep done · identifying " + number(scan.identified) + " of " +
           number(scan.open) + (scan.open == 1 ? " service" : " services");
  }
  // Rounded down: the line says 100 % only if no probe is left.
  return scan.target + ": " + number(std::floor(100 * scan.done / scan.planned)) + " % of " +
         number(scan.planned) + " probes, " + number(scan.open) + " open, " +
         identified_text(scan.open, scan.identified) + rate_text(scan.done, passed_s, "") +
         remaining_text(scan.part(), passed_s);
}

double scan_progress::state::part() const {
  if (planned <= 0) return 0;
  return (done + identified) / (planned + open);
}

}  // namespace sonde::client
