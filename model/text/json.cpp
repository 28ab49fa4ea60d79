#include "model/text/json.hpp"

#include "base/ascii.hpp"
#include "model/errc.hpp"
#include "model/text/text.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace sonde::model {
namespace {

constexpr std::size_t longest_word = 64;
/// The limit of a parser's error message.
constexpr std::size_t longest_error = 300;

/// Builds the document while nlohmann's parser reads it. Stops the parser when a limit is exceeded.
class bounded_builder final : public nlohmann::json_sax<json> {
 public:
  bounded_builder(std::uint32_t depth, bool one_line) : depth_(depth), one_line_(one_line) {}

  json document;
  std::string failure;

  bool null() override { return add(json()) != nullptr; }
  bool boolean(bool value) override { return add(json(value)) != nullptr; }
  bool number_integer(number_integer_t value) override { return add(json(value)) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return add(json(value)) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override {
    return add(json(value)) != nullptr;
  }
  bool string(string_t& value) override { return add(json(std::move(value))) != nullptr; }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto& object = *open_.back();
    if (object.contains(name)) {
      failure = "the key " + to_text(cut_at(name, longest_word)) + " occurs twice in one object";
      return false;
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    // The message is "[json.exception.parse_error.101] parse error at line 1, column 2: …". Only
    // the part after the bracket is shown. A text of one line may be part of a larger file, where
    // its line number differs.
    constexpr std::string_view line_number = "line 1, ";
    std::string what = e.what();
    auto end = what.find("] ");
    failure = end == std::string::npos ? what : what.substr(end + 2);
    auto at = one_line_ ? failure.find(line_number) : std::string::npos;
    if (at != std::string::npos) failure.erase(at, line_number.size());
    // The message ends with the last token, which may be the whole of a large text.
    failure.resize(cut_at(failure, longest_error).size());
    return false;
  }

 private:
  json* add(json value) {
    if (open_.empty()) {
      document = std::move(value);
      return &document;
    }
    auto& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[key_] = std::move(value));
  }

  bool open(json value) {
    if (open_.size() >= depth_) {
      failure = "objects and lists are nested deeper than " + std::to_string(depth_);
      return false;
    }
    open_.push_back(add(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::uint32_t depth_;
  bool one_line_;
  std::vector<json*> open_;
  std::string key_;
};

bool same_letter(char a, char b) {
  return ascii::to_lower(a) == ascii::to_lower(b);
}

/// Returns the number of insertions, deletions, changes and swaps of neighbours (restricted
/// Damerau-Levenshtein distance), ignoring letter case.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_back(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_back.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto changed = last[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({row[j - 1] + 1, last[j] + 1, changed});
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

result<json> parse_json(std::string_view text, std::uint32_t depth) {
  // nlohmann's parser treats a NUL as the end of the text and ignores the rest.
  if (auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(errc::invalid_json, "malformed JSON: a NUL byte at offset " + std::to_string(nul));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(errc::invalid_json, "malformed JSON: the body is empty");
  }
  bounded_builder builder(depth, text.find('\n') == std::string_view::npos);
  if (json::sax_parse(text, &builder)) return std::move(builder.document);
  return fail(errc::invalid_json, "malformed JSON: " + builder.failure);
}

json parse_own(std::string_view text) {
  return json::parse(text, nullptr, false);
}

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > longest_word) return {};
  std::string_view best;
  std::size_t nearest = 1 + std::max<std::size_t>(1, word.size() / 3);
  for (auto candidate : known) {
    auto d = distance(word, candidate);
    if (d < nearest) {
      nearest = d;
      best = candidate;
    }
  }
  return best;
}

result<> check_fields(const json& object, std::initializer_list<std::string_view> known) {
  if (!object.is_object()) {
    return fail(errc::invalid_field,
                "the body is not an object but of the type " + std::string(object.type_name()));
  }
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    auto shown = to_text(cut_at(name, longest_word));
    auto meant = nearest_word(name, known);
    std::string mend;
    if (!meant.empty()) {
      mend = "; did you mean \"" + std::string(meant) + "\"?";
    } else {
      mend = "; known:";
      for (auto word : known)
        mend += " " + std::string(word) + (word == *(known.end() - 1) ? "" : ",");
    }
    return fail(errc::invalid_field, "unknown field " + shown + mend);
  }
  return {};
}

}  // namespace sonde::model
