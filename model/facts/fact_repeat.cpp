#include "model/facts/fact_repeat.hpp"

#include "base/hash.hpp"
#include "model/events.hpp"
#include "model/text/json.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace sonde::model {
namespace {

constexpr auto npos = std::string_view::npos;

/// Returns the position after the string that begins with the quote at `from`.
std::size_t end_of_string(std::string_view text, std::size_t from) {
  for (auto at = from + 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return npos;
}

/// Returns the position of the comma or bracket after the value that begins at `from`.
std::size_t end_of_value(std::string_view text, std::size_t from) {
  std::size_t open = 0;
  for (auto at = from; at < text.size();) {
    switch (text[at]) {
      case '"': at = end_of_string(text, at); continue;
      case '[':
      case '{': ++open; break;
      case ']':
      case '}':
        if (open-- == 0) return at;
        break;
      case ',':
        if (open == 0) return at;
        break;
      default: break;
    }
    ++at;
  }
  return npos;
}

/// The text of a fact, split into parts.
struct said_parts {
  std::string rest;       ///< the text without `time`, `task` and the evidence of an edge
  std::string_view time;  ///< the value of `time` as written, with its quotes
};

/// Splits the text without parsing it: a parser takes ten times as long for a large record. The
/// text must come from `to_text`, which writes no spaces between tokens. Returns nullopt for any
/// other text.
std::optional<said_parts> parts_of(std::string_view text, bool is_edge) {
  if (!text.starts_with("{\"") || !text.ends_with('}')) return std::nullopt;
  said_parts out;
  out.rest.reserve(text.size());
  for (std::size_t at = 1; at < text.size();) {
    if (text[at] != '"') return std::nullopt;
    auto colon = end_of_string(text, at);
    if (colon == npos || colon >= text.size() || text[colon] != ':') return std::nullopt;
    auto end = end_of_value(text, colon + 1);
    if (end == npos) return std::nullopt;
    auto name = text.substr(at + 1, colon - at - 2);
    if (name == "time") {
      out.time = text.substr(colon + 1, end - colon - 1);
    } else if (name != "task" && !(is_edge && name == "evidence")) {
      out.rest += out.rest.empty() ? '{' : ',';
      out.rest += text.substr(at, end - at);
    }
    at = end + 1;
  }
  if (out.rest.empty()) out.rest = "{";
  out.rest += '}';
  return out;
}

}  // namespace

std::optional<repeat_mark> repeat_of(const record& fact) {
  bool is_edge = fact.topic == topics::associations;
  if (!is_edge && fact.topic != topics::entities) return std::nullopt;
  auto parts = parts_of(fact.value, is_edge);
  if (!parts || parts->time.size() < 2 || !parts->time.starts_with('"')) return std::nullopt;
  auto time = from_rfc3339(parts->time.substr(1, parts->time.size() - 2));
  if (!time) return std::nullopt;
  auto digest = sha256(fact.topic + '\n' + fact.key + '\n' + parts->rest);
  repeat_mark out;
  std::ranges::copy_n(digest.begin(), out.said.size(), out.said.begin());
  out.time = *time;
  return out;
}

}  // namespace sonde::model
