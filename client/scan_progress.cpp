#include "client/scan_progress.hpp"

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

/// `part` of the work took so many seconds; the rest takes as long as it did.
std::string remaining_text(double part, double passed_s) {
  if (part <= 0 || passed_s < 1) return {};
  auto left = std::lround(passed_s * (1 - part) / part);
  if (left < 60) return ", about " + std::to_string(left) + " s left";
  if (left < 5400) return ", about " + std::to_string((left + 30) / 60) + " min left";
  return ", about " + std::to_string((left + 1800) / 3600) + " h left";
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
  for (const auto& [id, scan] : under_way_) {
    probes += scan.done;
    open += scan.open;
    if (scan.planned > 0) part += scan.done / scan.planned;
  }
  part /= static_cast<double>(std::max<std::size_t>(1, scans_));
  return std::to_string(ended_) + " of " + std::to_string(scans_) +
         (scans_ == 1 ? " scan" : " scans") + " done, " + number(open) + " open, " +
         rate_text(probes, passed_s, " probes") + remaining_text(part, passed_s);
}

std::string scan_progress::line_of_one(const state& scan, double passed_s) const {
  if (scan.planned <= 0) return scan.target + ": " + scan.status;
  auto part = scan.done / scan.planned;
  return scan.target + ": " + number(100 * part) + " % of " + number(scan.planned) + " probes, " +
         number(scan.open) + " open, " + rate_text(scan.done, passed_s, "") +
         remaining_text(part, passed_s);
}

}  // namespace sonde::client
