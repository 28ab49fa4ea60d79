#include "views/port_lists.hpp"

#include "base/hash.hpp"
#include "model/net/port_set.hpp"
#include "model/text/json.hpp"

#include <cstdint>

namespace sonde::views {
namespace {

/// Texts up to this length are stored as they are; a lookup would cost more.
constexpr std::size_t longest_short = 64;
/// Neither a profile's name nor a list of ports starts with this character.
constexpr char number_sign = '#';
constexpr const char* list_fields[] = {"\"profile\":", "\"ports\":"};

/// Returns the start of a list up to a comma; of any other text, up to a complete UTF-8 character.
std::string head_of(const std::string& text) {
  auto end = text.rfind(',', longest_short);
  if (end != std::string::npos) return text.substr(0, end + 1) + "…";
  end = std::min(text.size(), longest_short);
  auto is_inside = [&] {
    constexpr unsigned mask = 0xc0;
    constexpr unsigned inside = 0x80;
    return end < text.size() && (static_cast<unsigned char>(text[end]) & mask) == inside;
  };
  while (end > 0 && is_inside())
    --end;
  return text.substr(0, end) + "…";
}

void replace_all(std::string& in, const std::string& from, const std::string& to) {
  for (auto at = in.find(from); at != std::string::npos; at = in.find(from, at + to.size()))
    in.replace(at, from.size(), to);
}

std::int64_t number_in(const std::string& stored) {
  return std::strtoll(stored.c_str() + 1, nullptr, 10);
}

bool is_number(const std::string& stored) {
  return !stored.empty() && stored.front() == number_sign;
}

}  // namespace

port_lists::port_lists(SQLite::Database& db)
    : find_(db, "SELECT n FROM port_lists WHERE sha256=?"),
      add_(db, "INSERT INTO port_lists(sha256, ports, head, text) VALUES(?, ?, ?, ?) RETURNING n"),
      get_(db, "SELECT text FROM port_lists WHERE n=?"),
      get_summary_(db, "SELECT head, ports, sha256 FROM port_lists WHERE n=?") {}

void port_lists::create(SQLite::Database& db) {
  db.exec(
      "CREATE TABLE port_lists(n INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE,"
      "  ports INTEGER NOT NULL, head TEXT NOT NULL, text TEXT NOT NULL)");
}

std::string port_lists::stored(const std::string& text) {
  if (text.size() <= longest_short && !is_number(text)) return text;
  auto hash = to_hex(sha256(text));
  find_.reset();
  find_.bind(1, hash);
  std::int64_t number = find_.executeStep() ? find_.getColumn(0).getInt64() : 0;
  find_.reset();
  if (number == 0) {
    auto ports = model::port_set::parse(text);
    add_.reset();
    add_.bind(1, hash);
    add_.bind(2, static_cast<std::int64_t>(ports ? ports->size() : 0));
    add_.bind(3, head_of(text));
    add_.bind(4, text);
    add_.executeStep();
    number = add_.getColumn(0).getInt64();
    add_.reset();
  }
  return number_sign + std::to_string(number);
}

std::string port_lists::whole(const std::string& stored) {
  if (!is_number(stored)) return stored;
  get_.reset();
  get_.bind(1, number_in(stored));
  auto text = get_.executeStep() ? get_.getColumn(0).getString() : stored;
  get_.reset();
  return text;
}

std::optional<port_list_summary> port_lists::summary_of(const std::string& stored) {
  if (!is_number(stored)) return std::nullopt;
  get_summary_.reset();
  get_summary_.bind(1, number_in(stored));
  std::optional<port_list_summary> out;
  if (get_summary_.executeStep()) {
    out.emplace(port_list_summary{get_summary_.getColumn(0).getString(),
                                  static_cast<std::uint32_t>(get_summary_.getColumn(1).getInt64()),
                                  get_summary_.getColumn(2).getString()});
  }
  get_summary_.reset();
  return out;
}

/// Replaces long lists in a task's JSON by their numbers. A JSON string cannot contain the field's
/// name with unescaped quotation marks, so only fields match: those of the task and of its waiting
/// request.
std::string port_lists::shortened(std::string json, const model::scan_task& task) {
  const std::string* texts[] = {&task.profile, &task.ports};
  for (std::size_t each = 0; each < std::size(list_fields); ++each) {
    auto short_form = stored(*texts[each]);
    if (short_form == *texts[each]) continue;
    replace_all(json, list_fields[each] + model::to_text(model::json(*texts[each])),
                list_fields[each] + ('"' + short_form + '"'));
  }
  return json;
}

std::string port_lists::restored(std::string json) {
  for (const char* field : list_fields) {
    auto begin = std::string(field) + '"' + number_sign;
    for (auto at = json.find(begin); at != std::string::npos; at = json.find(begin, at)) {
      auto value = at + begin.size() - 1;
      auto end = json.find('"', value);
      auto text = model::to_text(model::json(whole(json.substr(value, end - value))));
      json.replace(value - 1, end - value + 2, text);
      at = value - 1 + text.size();
    }
  }
  return json;
}

}  // namespace sonde::views
