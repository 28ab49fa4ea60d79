#include "client/scan_table.hpp"

#include "client/columns.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace sonde::client {
namespace {

using model::json;

constexpr std::size_t columns = 4;
constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_product = 7;
constexpr std::size_t widest_product = 30;
constexpr std::size_t narrowest_banner = 10;
/// Age from which a scan counts as older than this command; its age is then shown.
constexpr std::chrono::seconds oldest_news{5};

/// Removes characters that would move a terminal's cursor from the text of a target.
std::string printable(const std::string& text) {
  return model::first_line(text, text.size());
}

std::string shown_at(const json& object, const char* name) {
  auto found = object.find(name);
  bool there = found != object.end() && found->is_string();
  return there ? printable(found->get<std::string>()) : std::string();
}

/// Returns the number of terminal columns that a text occupies.
std::size_t width_of(std::string_view text) {
  std::size_t out = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    auto size = utf8proc_iterate(bytes, left, &point);
    if (size <= 0) return out + static_cast<std::size_t>(left);
    out += static_cast<std::size_t>(std::max(0, utf8proc_charwidth(point)));
    bytes += size;
    left -= size;
  }
  return out;
}

std::string fitted(std::string text, std::size_t width) {
  if (width_of(text) <= width) return text;
  auto bytes = text.size();
  while (bytes > 0 && width_of(text) + 1 > width)
    text = model::cut_at(text, --bytes);
  return text + "…";
}

std::string padded(std::string text, std::size_t width) {
  auto taken = width_of(text);
  if (taken < width) text.append(width - taken, ' ');
  return text;
}

/// Formats a duration: `1.2 s`, `3 min 20 s`.
std::string duration_text(std::chrono::milliseconds took) {
  auto ms = took.count();
  if (ms < 60'000) {
    auto tenths = std::to_string((ms + 50) / 100);
    if (tenths.size() < 2) tenths.insert(0, 1, '0');
    return tenths.substr(0, tenths.size() - 1) + "." + tenths.back() + " s";
  }
  auto s = ms / 1000;
  return fmt::format("{} min {} s", s / 60, s % 60);
}

std::string took(const json& scan) {
  auto from = from_rfc3339(shown_at(scan, "started"));
  auto to = from_rfc3339(shown_at(scan, "ended"));
  return from && to ? ", " + duration_text(*to - *from) : std::string();
}

/// Formats an age in the largest unit of which it has two: `9 s`, `5 min`, `3 h`, `2 days`.
std::string age_text(std::chrono::milliseconds age) {
  auto seconds_old = std::chrono::floor<std::chrono::seconds>(age).count();
  if (seconds_old < 120) return std::to_string(seconds_old) + " s";
  auto minutes = std::chrono::floor<std::chrono::minutes>(age).count();
  if (minutes < 120) return std::to_string(minutes) + " min";
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h";
  return std::to_string(minutes / 60 / 24) + " days";
}

/// Returns the lines with the end time of a scan that did not end just now, and with the scan that
/// supersedes it.
std::string age_lines(const json& scan, wall_time now) {
  std::string out;
  auto ended = from_rfc3339(shown_at(scan, "ended"));
  if (ended && now - *ended >= oldest_news) {
    out += "  scanned " + to_rfc3339(*ended).substr(0, 19) + "Z, " + age_text(now - *ended) +
           " ago; `--fresh` scans again\n";
  }
  if (auto by = shown_at(scan, "superseded_by"); !by.empty()) {
    out += "  a newer scan has taken its place: " + by + "\n";
  }
  return out;
}

std::string expiry_text(const std::string& not_after, wall_time now) {
  auto end = from_rfc3339(not_after.substr(0, 19) + ".000Z");
  if (!end) return not_after.empty() ? "" : "until " + not_after;
  auto days = std::chrono::floor<std::chrono::days>(*end - now).count();
  auto date = not_after.substr(0, 10);
  if (days < 0) return "expired " + date;
  return fmt::format("until {} ({} {})", date, days, days == 1 ? "day" : "days");
}

using row = std::array<std::string, columns>;

row row_of(const json& result, bool many_addresses) {
  auto endpoint = shown_at(result, "endpoint");
  const auto& service = result.contains("service") ? result["service"] : json::object();
  auto port = many_addresses ? endpoint : endpoint.substr(endpoint.rfind(':') + 1);
  auto name = shown_at(service, "name");
  auto confidence = shown_at(service, "confidence");
  if (confidence == "likely") name += "?";
  bool tls = service.value("tls", false);
  if (tls) name = name.empty() ? "tls" : name + " over tls";
  if (!confidence.empty() && confidence != "proven") name += " (" + confidence + ")";
  auto product = shown_at(service, "product");
  auto version = shown_at(service, "version");
  if (!version.empty()) product += (product.empty() ? "" : " ") + version;
  auto says = shown_at(result, "banner");
  if (auto detail = shown_at(result, "detail"); !detail.empty()) {
    says += (says.empty() ? "(" : " (") + detail + ")";
  }
  return {port, name.empty() ? "?" : name, product, says};
}

/// Returns the suffix for a self-signed certificate. `facts` are those of the certificate.
std::string self_signed_note(const json& facts) {
  auto found = facts.find("self-signed");
  bool is_true = found != facts.end() && found->is_boolean() && found->get<bool>();
  return is_true ? ", self-signed" : "";
}

/// The subject is shortened, so that the expiry stays readable.
std::string certificate_line(const json& result, std::size_t room, wall_time now) {
  if (!result.contains("certificate")) return {};
  const auto& certificate = result["certificate"];
  auto subject = shown_at(certificate, "subject");
  auto end = shown_at(certificate, "not-after");
  // A server of an earlier version uses this name.
  if (end.empty()) end = shown_at(certificate, "not_after");
  if (subject.empty()) subject = "(no subject)";
  constexpr std::size_t shortest_subject = 12;
  const std::string label = "└ certificate ";
  auto rest = self_signed_note(certificate) + ", " + expiry_text(end, now);
  auto taken = width_of(label) + width_of(rest);
  auto left = std::max(shortest_subject, room > taken ? room - taken : 0);
  return fitted(label + fitted(subject, left) + rest, room);
}

/// Returns the lines with the requests that were sent to a port, and their results.
std::string request_lines(const json& result, const std::string& indent, std::size_t room) {
  auto requests = result.value("requests", json::array());
  if (requests.empty()) return {};
  constexpr std::size_t longest_request_cell = 40;
  std::vector<std::vector<std::string>> rows{{"REQUEST", "RESULT", "SENT", "RECEIVED", "TIME"}};
  for (const auto& one : requests) {
    auto module = shown_at(one, "module");
    auto number = [&one](const char* name) { return std::to_string(one.value(name, 0U)); };
    rows.push_back({cell_of(module == "greeting" ? "(listened)" : module, longest_request_cell),
                    cell_of(shown_at(one, "outcome"), longest_request_cell), number("sent"),
                    number("received"), number("time_ms") + " ms"});
  }
  std::string out;
  std::istringstream lines(in_columns(rows));
  for (std::string line; std::getline(lines, line);)
    out += indent + fitted(line, room) + "\n";
  return out;
}

bool has_many_addresses(const json& results) {
  std::string first;
  for (const auto& result : results) {
    auto endpoint = shown_at(result, "endpoint");
    auto address = endpoint.substr(0, endpoint.rfind(':'));
    if (first.empty()) first = address;
    if (address != first) return true;
  }
  return false;
}

std::string results_table(const json& results, std::size_t width, wall_time now,
                          table_detail detail) {
  std::vector<row> rows{{"PORT", "SERVICE", "PRODUCT", "SAYS"}};
  bool many = has_many_addresses(results);
  for (const auto& result : results)
    rows.push_back(row_of(result, many));
  std::array<std::size_t, columns> widths{};
  for (const auto& each : rows) {
    for (std::size_t i = 0; i < columns; ++i)
      widths[i] = std::max(widths[i], width_of(each[i]));
  }
  auto taken = 2 + widths[0] + widths[1] + 3 * gap + narrowest_banner;
  auto room = std::max(width, taken + narrowest_product) - taken;
  widths[2] = std::min({widths[2], room, widest_product});
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = "  ";
    for (std::size_t i = 0; i + 1 < columns; ++i) {
      line += padded(fitted(rows[r][i], widths[i]), widths[i] + gap);
    }
    auto left = width > width_of(line) ? width - width_of(line) : 0;
    line += fitted(rows[r][columns - 1], std::max(left, narrowest_banner));
    while (line.ends_with(' '))
      line.pop_back();
    out += line + "\n";
    if (r == 0) continue;
    auto indent = std::string(2 + widths[0] + gap, ' ');
    auto space = width > indent.size() + 20 ? width - indent.size() : 20;
    auto certificate = certificate_line(results[r - 1], space, now);
    if (!certificate.empty()) out += indent + certificate + "\n";
    if (detail == table_detail::requests) out += request_lines(results[r - 1], indent, space);
  }
  return out;
}

/// Reports whether the server did not record requests, or had no room for them.
bool lacks_requests(const json& results) {
  return std::ranges::none_of(results, [](const json& one) { return one.contains("requests"); });
}

/// Lists the ports that an earlier scan found open and this scan did not.
std::string closed_lines(const json& scan, std::size_t width) {
  std::string out;
  for (const auto& one : scan.value("closed", json::array())) {
    auto last = shown_at(one, "last_open").substr(0, sizeof "2026-11-22T06:29" - 1);
    out +=
        fitted("  closed now: " + shown_at(one, "endpoint") + ", last open " + last + "Z", width) +
        "\n";
  }
  return out;
}

/// Returns the line with reputation, accuracy and tags. Empty for a response of an older server.
std::string reputation_line(const json& attributes, std::size_t width) {
  if (!attributes.contains("reputation")) return {};
  auto out = "  reputation " + shown_at(attributes, "reputation") + ", accuracy " +
             shown_at(attributes, "accuracy");
  std::string tags;
  for (const auto& tag : attributes.value("tags", json::array()))
    tags += (tags.empty() ? ", tags " : " ") + printable(tag.get<std::string>());
  return fitted(out + tags, width) + "\n";
}

/// Returns the suffix for a port or service that the newest scan found closed.
std::string closed_note(const json& what) {
  if (shown_at(what, "state") != "closed") return {};
  auto scanned = shown_at(what, "last_scanned").substr(0, sizeof "2026-11-22T06:29" - 1);
  return ", closed when last scanned, " + scanned + "Z";
}

/// Returns a text value as it is, and any other value as JSON.
std::string value_text(const json& value) {
  return printable(value.is_string() ? value.get<std::string>() : model::to_text(value));
}

}  // namespace

std::string scan_table(const json& scan, std::size_t width, wall_time now, table_detail detail) {
  auto status = shown_at(scan, "status");
  std::string out = shown_at(scan, "target") + ": ";
  if (!scan.contains("outcome")) {
    out += status;
    const auto& progress = scan.contains("progress") ? scan["progress"] : json::object();
    auto open = progress.value("open", 0U);
    auto identified = progress.value("identified", open);
    if (progress.value("planned", 0U) > 0) {
      out += fmt::format(", {} of {} probes, {} open so far", progress.value("done", 0U),
                         progress.value("planned", 0U), open);
      if (identified < open) out += fmt::format(", {} identified", identified);
    }
    out += "\n";
    // `sonde watch` and `sonde cancel` need the id.
    if (auto id = shown_at(scan, "id"); !id.empty()) out += "  scan " + id + "\n";
    return out;
  }
  const auto& outcome = scan["outcome"];
  out += shown_at(outcome, "name") + took(scan) + "\n  " + shown_at(outcome, "reason") + "\n" +
         age_lines(scan, now);
  auto closed = closed_lines(scan, width);
  if (scan.contains("results") && !scan["results"].empty()) {
    out += "\n" + results_table(scan["results"], width, now, detail);
    auto shown = scan["results"].size();
    auto total = scan.value("results_total", shown);
    if (total > shown) {
      out += fmt::format("  and {} more; the service entities have them all\n", total - shown);
    }
    if (detail == table_detail::requests && lacks_requests(scan["results"])) {
      out += "  the requests are not recorded here; the evidence of the services has them\n";
    }
  }
  return closed.empty() ? out : out + "\n" + closed;
}

std::string entity_table(const json& entity, std::size_t width) {
  const auto& attributes = entity["attributes"];
  std::string out = shown_at(attributes, "type") + " " +
                    value_text(attributes.value("value", json(""))) +
                    self_signed_note(entity["metadata"]) + "\n  " + shown_at(attributes, "id") +
                    "\n  first seen " + shown_at(attributes, "first_seen") + ", last seen " +
                    shown_at(attributes, "last_seen") + closed_note(attributes) + "\n" +
                    reputation_line(attributes, width);
  if (!entity["metadata"].empty()) out += "\n";
  for (const auto& [name, value] : entity["metadata"].items()) {
    out += fitted("  " + padded(printable(name), 26) + value_text(value), width) + "\n";
  }
  for (const char* list : {"extended_metadata", "latest_associations"}) {
    if (entity[list].empty()) continue;
    out += std::string("\n  ") + (list[0] == 'e' ? "parts and wholes" : "associated") + "\n";
    for (const auto& other : entity[list]) {
      auto arrow = shown_at(other, "direction") == "to" ? "→ " : "← ";
      out += fitted("    " + std::string(arrow) + padded(shown_at(other, "type"), 13) +
                        shown_at(other, "value") + closed_note(other),
                    width) +
             "\n";
      // The complete id, so that it can be copied.
      if (auto id = shown_at(other, "id"); !id.empty()) out += "      " + id + "\n";
    }
  }
  return out;
}

}  // namespace sonde::client
