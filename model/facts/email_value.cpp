// Parses one mailbox of RFC 5322, section 3.4, with UTF-8 as in RFC 6532. Not accepted: groups,
// lists, routes, and folding white space other than spaces and tabs.

#include "model/facts/value_rules.hpp"
#include "model/text/letter_case.hpp"
#include "model/text/text.hpp"

#include <algorithm>
#include <optional>

namespace sonde::model::value_rules {
namespace {

bool is_atom_character(char c) {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  bool digit = c >= '0' && c <= '9';
  return letter || digit || static_cast<unsigned char>(c) > 0x7F ||
         others.find(c) != std::string_view::npos;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

/// Checks for atoms that are separated by one dot.
bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) { return c == '.' || is_atom_character(c); });
}

/// Returns a local part in its shortest form: quoted only if necessary.
std::string written(const std::string& local) {
  if (is_dot_atom(local)) return local;
  std::string out = "\"";
  for (char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

class mailbox_reader {
 public:
  explicit mailbox_reader(std::string_view text) : rest_(text) {}

  /// Returns the address alone, or nullopt if the text is not a mailbox.
  std::optional<std::string> read() {
    auto address = read_mailbox();
    if (!address || !skip_space() || !rest_.empty()) return std::nullopt;
    return address;
  }

 private:
  struct word {
    std::string text;
    bool quoted = false;
  };

  std::optional<std::string> read_mailbox() {
    if (!skip_space()) return std::nullopt;
    std::optional<word> first;
    if (!rest_.starts_with('<')) {
      first = read_word();
      if (!first || !skip_space()) return std::nullopt;
      if (rest_.starts_with('@')) return read_domain_after(*first);
    }
    // The word was a display name. It may have more words and is not part of the value.
    while (!rest_.starts_with('<')) {
      if (!read_word() || !skip_space()) return std::nullopt;
    }
    rest_.remove_prefix(1);
    if (!skip_space()) return std::nullopt;
    auto local = read_word();
    if (!local || !skip_space() || !rest_.starts_with('@')) return std::nullopt;
    auto address = read_domain_after(*local);
    if (!address || !skip_space() || !rest_.starts_with('>')) return std::nullopt;
    rest_.remove_prefix(1);
    return address;
  }

  std::optional<std::string> read_domain_after(const word& local) {
    if (local.text.empty() || (!local.quoted && !is_dot_atom(local.text))) return std::nullopt;
    rest_.remove_prefix(1);
    if (!skip_space()) return std::nullopt;
    std::string domain;
    if (rest_.starts_with('[')) {
      auto end = rest_.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      domain = take(end + 1);
      auto inner = std::string_view(domain).substr(1, domain.size() - 2);
      auto stands = [](char c) { return c > ' ' && c < '\x7f' && c != '[' && c != '\\'; };
      if (inner.empty() || !std::ranges::all_of(inner, stands)) return std::nullopt;
    } else {
      domain = take_atoms();
      if (!is_dot_atom(domain)) return std::nullopt;
    }
    return written(local.text) + "@" + domain;
  }

  std::optional<word> read_word() {
    if (!rest_.starts_with('"')) {
      auto atoms = take_atoms();
      if (atoms.empty()) return std::nullopt;
      return word{std::move(atoms), false};
    }
    word out{{}, true};
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == '"') {
        rest_.remove_prefix(at + 1);
        return out;
      }
      if (rest_[at] == '\\' && ++at == rest_.size()) break;
      if (is_control(rest_[at])) break;
      out.text += rest_[at];
    }
    return std::nullopt;
  }

  std::string take_atoms() {
    std::size_t end = 0;
    while (end < rest_.size() && (rest_[end] == '.' || is_atom_character(rest_[end])))
      ++end;
    return take(end);
  }

  std::string take(std::size_t size) {
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }

  /// Skips spaces and comments. Comments may be nested. Returns false if a comment does not end.
  bool skip_space() {
    std::size_t depth = 0;
    std::size_t at = 0;
    for (; at < rest_.size(); ++at) {
      char c = rest_[at];
      if (depth > 0 && c == '\\') {
        ++at;
      } else if (c == '(') {
        ++depth;
      } else if (depth > 0 && c == ')') {
        --depth;
      } else if (depth > 0 ? is_control(c) : c != ' ' && c != '\t') {
        break;
      }
    }
    rest_.remove_prefix(std::min(at, rest_.size()));
    return depth == 0;
  }

  std::string_view rest_;
};

}  // namespace

result<std::string> email(std::string_view text) {
  if (auto address = mailbox_reader(text).read()) return lower_case(*address);
  return refuse(
      text,
      "is not an e-mail address; write it as in user@example.com or A Name <user@example.com>");
}

}  // namespace sonde::model::value_rules
