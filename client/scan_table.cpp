#include "client/scan_table.hpp"

#include "model/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sonde::client {
namespace {

using model::json;

constexpr std::size_t columns = 4;
constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_product = 7;
constexpr std::size_t widest_product = 30;
constexpr std::size_t narrowest_banner = 10;
/// A scan that ended earlier was not made for this command, and its age is shown.
constexpr std::chrono::seconds oldest_news{5};

/// What a target has said is shown without what would move a terminal's cursor.
std::string printable(const std::string& text) {
  return model::first_line(text, text.size());
}

std::string shown_at(const json& object, const char* name) {
  auto found = object.find(name);
  bool there = found != object.end() && found->is_string();
  return there ? printable(found->get<std::string>()) : std::string();
}

/// Columns that a text takes on a terminal.
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

/// `1.2 s`, `3 min 20 s`.
std::string duration_text(std::chrono::milliseconds took) {
  auto ms = took.count();
  if (ms < 60'000) {
    auto tenths = std::to_string((ms + 50) / 100);
    if (tenths.size() < 2) tenths.insert(0, 1, '0');
    return tenths.substr(0, tenths.size() - 1) + "." + tenths.back() + " s";
  }
  auto s = ms / 1000;
  return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
}

std::string took(const json& scan) {
  auto from = from_rfc3339(shown_at(scan, "started"));
  auto to = from_rfc3339(shown_at(scan, "ended"));
  return from && to ? ", " + duration_text(*to - *from) : std::string();
}

/// `9 s`, `5 min`, `3 h`, `2 days`: in the largest unit of which there are two.
std::string age_text(std::chrono::milliseconds age) {
  auto seconds_old = std::chrono::floor<std::chrono::seconds>(age).count();
  if (seconds_old < 120) return std::to_string(seconds_old) + " s";
  auto minutes = std::chrono::floor<std::chrono::minutes>(age).count();
  if (minutes < 120) return std::to_string(minutes) + " min";
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h";
  return std::to_string(minutes / 60 / 24) + " days";
}

/// The time of a scan that did not end just now, and the scan that supersedes it.
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
  return "until " + date + " (" + std::to_string(days) + (days == 1 ? " day)" : " days)");
}

using row = std::array<std::string, columns>;

row row_of(const json& result, bool many_addresses) {
  auto endpoint = shown_at(result, "endpoint");
  const auto& service = result.contains("service") ? result["service"] : json::object();
  auto port = many_addresses ? endpoint : endpoint.substr(endpoint.rfind(':') + 1);
  auto name = shown_at(service, "name");
  bool tls = service.value("tls", false);
  if (tls) name = name.empty() ? "tls" : name + " over tls";
  auto product = shown_at(service, "product");
  auto version = shown_at(service, "version");
  if (!version.empty()) product += (product.empty() ? "" : " ") + version;
  auto says = shown_at(result, "banner");
  if (auto detail = shown_at(result, "detail"); !detail.empty()) {
    says += (says.empty() ? "(" : " (") + detail + ")";
  }
  return {port, name.empty() ? "?" : name, product, says};
}

std::string certificate_line(const json& result, wall_time now) {
  if (!result.contains("certificate")) return {};
  const auto& certificate = result["certificate"];
  auto subject = shown_at(certificate, "subject");
  auto end = shown_at(certificate, "not-after");
  // A server of an earlier version.
  if (end.empty()) end = shown_at(certificate, "not_after");
  return (subject.empty() ? "(no subject)" : subject) + ", " + expiry_text(end, now);
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

std::string results_table(const json& results, std::size_t width, wall_time now) {
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
    auto certificate = certificate_line(results[r - 1], now);
    if (certificate.empty()) continue;
    auto indent = std::string(2 + widths[0] + gap, ' ');
    out += indent +
           fitted("└ certificate " + certificate,
                  width > indent.size() + 20 ? width - indent.size() : 20) +
           "\n";
  }
  return out;
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

/// What its sources think of it, and its tags; nothing where an older server says nothing.
std::string standing_line(const json& attributes, std::size_t width) {
  if (!attributes.contains("reputation")) return {};
  auto out = "  reputation " + shown_at(attributes, "reputation") + ", accuracy " +
             shown_at(attributes, "accuracy");
  std::string tags;
  for (const auto& tag : attributes.value("tags", json::array()))
    tags += (tags.empty() ? ", tags " : " ") + printable(tag.get<std::string>());
  return fitted(out + tags, width) + "\n";
}

/// The suffix for a port or service that the newest scan found closed.
std::string closed_note(const json& what) {
  if (shown_at(what, "state") != "closed") return {};
  auto scanned = shown_at(what, "last_scanned").substr(0, sizeof "2026-11-22T06:29" - 1);
  return ", closed when last scanned, " + scanned + "Z";
}

/// A value as it is, or as JSON where it is no text.
std::string value_text(const json& value) {
  return printable(value.is_string() ? value.get<std::string>() : model::to_text(value));
}

}  // namespace

std::string scan_table(const json& scan, std::size_t width, wall_time now) {
  auto status = shown_at(scan, "status");
  std::string out = shown_at(scan, "target") + ": ";
  if (!scan.contains("outcome")) {
    out += status;
    const auto& progress = scan.contains("progress") ? scan["progress"] : json::object();
    if (progress.value("planned", 0U) > 0) {
      out += ", " + std::to_string(progress.value("done", 0U)) + " of " +
             std::to_string(progress.value("planned", 0U)) + " probes, " +
             std::to_string(progress.value("open", 0U)) + " open so far";
    }
    return out + "\n";
  }
  const auto& outcome = scan["outcome"];
  out += shown_at(outcome, "name") + took(scan) + "\n  " + shown_at(outcome, "reason") + "\n" +
         age_lines(scan, now);
  auto closed = closed_lines(scan, width);
  if (scan.contains("results") && !scan["results"].empty()) {
    out += "\n" + results_table(scan["results"], width, now);
    if (scan.value("truncated", false)) {
      out += "  and " + std::to_string(scan.value("results_total", 0U) - scan["results"].size()) +
             " more; the service entities have them all\n";
    }
  }
  return closed.empty() ? out : out + "\n" + closed;
}

std::string entity_table(const json& entity, std::size_t width) {
  const auto& attributes = entity["attributes"];
  std::string out =
      shown_at(attributes, "type") + " " + value_text(attributes.value("value", json(""))) +
      "\n  " + shown_at(attributes, "id") + "\n  first seen " + shown_at(attributes, "first_seen") +
      ", last seen " + shown_at(attributes, "last_seen") + closed_note(attributes) + "\n" +
      standing_line(attributes, width);
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
    }
  }
  return out;
}

}  // namespace sonde::client
