#include "scanner/modules/text_match.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return ascii::to_lower(c) >= 'a' && ascii::to_lower(c) <= 'z';
}

constexpr std::array<std::string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads a date or a time from the front of a text, piece by piece. A piece that is not there
/// moves nothing.
class time_reader {
 public:
  explicit time_reader(std::string_view text) : text_(text) {}
  [[nodiscard]] std::size_t at() const { return at_; }

  bool digits(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    while (count < most && at_ + count < text_.size() && is_digit(text_[at_ + count]))
      ++count;
    bool more = at_ + count < text_.size() && is_digit(text_[at_ + count]);
    if (count < least || more) return false;
    at_ += count;
    return true;
  }

  bool one_of(std::string_view signs) {
    if (at_ >= text_.size() || signs.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  bool name(std::span<const std::string_view> names) {
    if (std::ranges::find(names, text_.substr(at_, 3)) == names.end()) return false;
    at_ += 3;
    return true;
  }

  bool spaces() {
    bool any = one_of(" ");
    one_of(" ");
    return any;
  }

  /// `15:04`, `15:04:05`, `15:04:05.678`, and ` PM` after it.
  bool time_of_day() {
    auto begin = at_;
    if (!digits(1, 2) || !one_of(":") || !digits(2, 2)) return back_to(begin);
    auto behind = at_;
    if (!one_of(":") || !digits(2, 2)) at_ = behind;
    behind = at_;
    if (!one_of(".") || !digits(1, 9)) at_ = behind;
    behind = at_;
    one_of(" ");
    if (!one_of("AP") || !one_of("M")) at_ = behind;
    return true;
  }

  /// ` +0100`, `Z`, ` GMT`, ` CEST`, and ` (CEST)` after it.
  void zone() {
    auto begin = at_;
    one_of(" ");
    if (one_of("+-")) {
      if (!digits(4, 4) && !(digits(2, 2) && one_of(":") && digits(2, 2))) at_ = begin;
    } else if (!zone_name()) {
      at_ = begin;
    }
    auto behind = at_;
    one_of(" ");
    if (!one_of("(") || !zone_name() || !one_of(")")) at_ = behind;
  }

  bool back_to(std::size_t begin) {
    at_ = begin;
    return false;
  }

 private:
  /// `Z`, `UT`, `UTC`, `MSK`, and what ends in T as most of them do: `GMT`, `CEST`.
  bool zone_name() {
    std::size_t count = 0;
    while (count < 5 && at_ + count < text_.size() && is_letter(text_[at_ + count]))
      ++count;
    auto word = text_.substr(at_, count);
    bool known = word == "Z" || word == "UT" || word == "UTC" || word == "MSK" ||
                 (count >= 3 && count <= 4 && word.back() == 'T');
    if (known) at_ += count;
    return known;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// `Mon, 2 Jan 2006 15:04:05 -0700 (MST)`; the day of the week may be missing.
std::size_t mail_date(std::string_view text) {
  time_reader r(text);
  if (r.name(days)) {
    r.one_of(",");
    if (!r.spaces()) return 0;
  }
  if (!r.digits(1, 2) || !r.one_of(" -") || !r.name(months) || !r.one_of(" -")) return 0;
  if (!r.digits(2, 4)) return 0;
  auto end = r.at();
  if (!r.spaces() || !r.time_of_day()) return end;
  r.zone();
  return r.at();
}

/// `Mon Jan  2 15:04:05 MST 2006`, as ctime and date(1) write it.
std::size_t ctime_date(std::string_view text) {
  time_reader r(text);
  if (r.name(days) && !r.spaces()) return 0;
  if (!r.name(months) || !r.spaces() || !r.digits(1, 2) || !r.spaces()) return 0;
  if (!r.time_of_day()) return 0;
  r.zone();
  auto end = r.at();
  if (!r.spaces() || !r.digits(4, 4)) return end;
  return r.at();
}

/// `2006-01-02T15:04:05.678Z`, `2006/01/02 15:04`, `2006-01-02`.
std::size_t iso_date(std::string_view text) {
  time_reader r(text);
  if (!r.digits(4, 4) || !r.one_of("-/") || !r.digits(2, 2) || !r.one_of("-/")) return 0;
  if (!r.digits(2, 2)) return 0;
  auto end = r.at();
  if (!r.one_of("T ") || !r.time_of_day()) return end;
  r.zone();
  return r.at();
}

std::size_t clock_time(std::string_view text) {
  time_reader r(text);
  if (!r.time_of_day()) return 0;
  return r.at();
}

/// The length of a date or time at the front, or nothing. What goes on as a word is none.
std::size_t moment(std::string_view text) {
  for (auto read : {mail_date, ctime_date, iso_date, clock_time}) {
    auto size = read(text);
    bool ends = size >= text.size() ||
                (!is_digit(text[size]) && !is_letter(text[size]) && text[size] != ':');
    if (size > 0 && ends) return size;
  }
  return 0;
}

constexpr std::size_t longest_version = 40;

/// Long, and no word: sixteen with five digits, or twenty-four with one.
bool is_made_up(std::string_view word) {
  auto digits = std::ranges::count_if(word, is_digit);
  auto letters = std::ranges::count_if(word, is_letter);
  return letters > 1 && ((word.size() >= 16 && digits >= 5) || (word.size() >= 24 && digits >= 1));
}

}  // namespace

std::string_view line_of(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

bool starts_with_digits(std::string_view text, std::size_t count) {
  return text.size() >= count && std::ranges::all_of(text.substr(0, count), is_digit);
}

std::string_view version_line(std::string_view text, std::string_view start) {
  if (!text.starts_with(start) || text.find('\n') == std::string_view::npos) return {};
  auto version = line_of(text).substr(start.size());
  bool numbers = starts_with_digits(version, 1) &&
                 version.find_first_not_of("0123456789.") == std::string_view::npos;
  return numbers ? version : std::string_view();
}

std::string_view flat_json_field(std::string_view json, std::string_view name) {
  auto key = '"' + std::string(name) + "\":";
  auto at = json.find(key);
  if (at == std::string_view::npos) return {};
  auto value = json.substr(at + key.size());
  if (!value.starts_with('"')) return value.substr(0, value.find_first_of(",} "));
  value.remove_prefix(1);
  return value.substr(0, value.find('"'));
}

product_version split_version(std::string_view text, char separator) {
  for (auto at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator, at + 1)) {
    if (at + 1 >= text.size() || !is_digit(text[at + 1])) continue;
    auto version = text.substr(at + 1);
    version = version.substr(0, version.find_first_of(" \t,;()"));
    return {std::string(text.substr(0, at)), std::string(version)};
  }
  return {std::string(text.substr(0, text.find(' '))), {}};
}

bool find_product(std::string_view text, std::span<const known_product> table,
                  model::service_observation& service) {
  for (const auto& known : table) {
    auto at = text.find(known.word);
    if (at == std::string_view::npos) continue;
    service.product = known.product;
    auto behind = text.substr(at + known.word.size(), longest_version);
    auto digit = behind.find_first_of("0123456789");
    if (digit <= 1) {
      auto version = behind.substr(digit);
      service.version = version.substr(0, version.find_first_of(" /;,()[]\t\r\n"));
    }
    return true;
  }
  return false;
}

std::string mask_times(std::string_view text) {
  std::string out;
  bool in_word = false;
  while (!text.empty()) {
    if (std::size_t size = in_word ? 0 : moment(text); size > 0) {
      out += '*';
      text.remove_prefix(size);
      continue;
    }
    char next = text.front();
    in_word = is_digit(next) || is_letter(next) || next == ':' || next == '.';
    out += next;
    text.remove_prefix(1);
  }
  return out;
}

std::string mask_ids(std::string_view text) {
  constexpr std::string_view ends = " \t\r\n<>[](){}\"',;:.@";
  std::string out;
  while (!text.empty()) {
    auto end = std::min(text.find_first_of(ends), text.size());
    auto word = text.substr(0, end);
    out += is_made_up(word) ? std::string_view("*") : word;
    text.remove_prefix(end);
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string mask_behind(std::string_view text, std::string_view before, char close) {
  std::string out;
  while (true) {
    auto begin = text.find(before);
    if (begin == std::string_view::npos) return out += text;
    begin += before.size();
    auto end = text.find(close, begin);
    if (end == std::string_view::npos) return out += text;
    out += text.substr(0, begin);
    out += '*';
    text.remove_prefix(end);
  }
}

}  // namespace sonde::scanner
