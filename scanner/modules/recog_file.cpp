#include "scanner/modules/recog_file.hpp"

#include "model/facts/value.hpp"
#include "scanner/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <pugixml.hpp>
#include <utility>

namespace sonde::scanner {
namespace {

constexpr std::size_t most_capturing_groups = 99;

/// Reads one file and knows the line of each element.
class recog_reader {
 public:
  recog_reader(std::string_view xml, const std::string& name) : xml_(xml), name_(name) {}

  result<recog_file> read() {
    if (xml_.size() > recog_file_bytes) {
      return mistake(0, fmt::format("the file has more than {} bytes", recog_file_bytes));
    }
    pugi::xml_document document;
    auto parsed =
        document.load_buffer(xml_.data(), xml_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) return mistake(parsed.offset, std::string("invalid XML: ") + parsed.description());
    auto root = document.child("fingerprints");
    if (!root) return mistake(0, "the element <fingerprints> is missing");
    recog_file out;
    out.name = name_;
    out.matches = root.attribute("matches").value();
    if (out.matches.empty()) return mistake(root, "<fingerprints> needs the attribute matches");
    for (auto node : root.children("fingerprint")) {
      auto fingerprint = read_fingerprint(node);
      if (!fingerprint) return fingerprint.error();
      out.fingerprints.push_back(std::move(*fingerprint));
    }
    return out;
  }

 private:
  [[nodiscard]] std::size_t line_at(std::ptrdiff_t offset) const {
    auto size = std::min(xml_.size(), static_cast<std::size_t>(std::max(offset, {})));
    return 1 + static_cast<std::size_t>(std::ranges::count(xml_.substr(0, size), '\n'));
  }

  [[nodiscard]] error mistake(std::ptrdiff_t offset, const std::string& why) const {
    return fail(errc::fingerprint_file, fmt::format("{}:{}: {}", name_, line_at(offset), why));
  }
  [[nodiscard]] error mistake(const pugi::xml_node& node, const std::string& why) const {
    return mistake(node.offset_debug(), why);
  }

  /// Ruby's flags as RE2's. `^` and `$` match at each line, as they do in Ruby.
  [[nodiscard]] static std::optional<std::string> flags_of(std::string_view flags) {
    std::string out = "(?m";
    while (!flags.empty()) {
      auto end = std::min(flags.find_first_of(",| "), flags.size());
      auto flag = flags.substr(0, end);
      flags.remove_prefix(std::min(end + 1, flags.size()));
      if (flag == "REG_ICASE" || flag == "IGNORECASE") {
        out += 'i';
      } else if (flag == "REG_DOT_NEWLINE" || flag == "REG_MULTILINE" ||
                 flag == "REG_LINE_ANY_CRLF") {
        if (!out.ends_with('s')) out += 's';
      } else if (!flag.empty()) {
        return std::nullopt;
      }
    }
    return out + ")";
  }

  [[nodiscard]] result<recog_fingerprint> read_fingerprint(const pugi::xml_node& node) const {
    recog_fingerprint out;
    out.line = line_at(node.offset_debug());
    std::string pattern = node.attribute("pattern").value();
    if (pattern.empty()) return mistake(node, "<fingerprint> needs the attribute pattern");
    if (pattern.size() > model::longest_regex) {
      return mistake(node, fmt::format("the pattern has more than {} bytes", model::longest_regex));
    }
    auto flags = flags_of(node.attribute("flags").value());
    if (!flags) {
      return mistake(node, "unknown flag in \"" + std::string(node.attribute("flags").value()) +
                               "\"; use REG_ICASE, REG_DOT_NEWLINE, REG_MULTILINE or "
                               "REG_LINE_ANY_CRLF");
    }
    out.pattern = *flags + pattern;
    for (auto each : node.children("param")) {
      auto param = read_param(each);
      if (!param) return param.error();
      out.params.push_back(std::move(*param));
      if (out.params.size() > recog_params_most) {
        return mistake(
            each, fmt::format("more than {} parameters in one fingerprint", recog_params_most));
      }
    }
    return out;
  }

  [[nodiscard]] result<recog_param> read_param(const pugi::xml_node& node) const {
    recog_param out;
    out.name = node.attribute("name").value();
    out.value = node.attribute("value").value();
    if (out.name.empty()) return mistake(node, "<param> needs the attribute name");
    if (out.name.size() + out.value.size() > recog_value_bytes) {
      return mistake(node, fmt::format("a parameter has more than {} bytes", recog_value_bytes));
    }
    std::string_view position = node.attribute("pos").value();
    auto read = std::from_chars(position.data(), position.data() + position.size(), out.position);
    bool whole = !position.empty() && read.ec == std::errc() &&
                 read.ptr == position.data() + position.size();
    if (!whole || out.position > most_capturing_groups) {
      return mistake(node, "<param> needs the attribute pos with a number from 0 to " +
                               std::to_string(most_capturing_groups));
    }
    return out;
  }

  std::string_view xml_;
  const std::string& name_;
};

}  // namespace

result<recog_file> parse_recog_file(std::string_view xml, const std::string& name) {
  return recog_reader(xml, name).read();
}

}  // namespace sonde::scanner
