#include "model/net/fqdn.hpp"

#include "base/ascii.hpp"
#include "model/errc.hpp"

#include <fmt/core.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

namespace sonde::model {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;
/// The limit of the input. A longer name cannot be valid, so it is not passed to libidn2. A code
/// point has up to four bytes.
constexpr std::size_t longest_input = 4 * longest_name;

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

/// Returns the error of one label, or an empty string.
std::string label_defect(std::string_view label) {
  if (label.empty()) return "has an empty label";
  if (label.size() > longest_label) {
    return fmt::format("has a label of {} bytes; the limit is 63", label.size());
  }
  if (label.front() == '-' || label.back() == '-') {
    return "has a label that begins or ends with a hyphen: " + in_quotes(label);
  }
  for (char c : label) {
    if (!is_letter(c) && !is_digit(c) && c != '-') {
      return "has a label with a character other than letters, digits and hyphens: " +
             in_quotes(label);
    }
  }
  return {};
}

std::string last_label_defect(std::string_view label) {
  if (std::ranges::all_of(label, is_digit)) {
    return "ends in the number " + in_quotes(label) + ", which is not a top-level domain";
  }
  if (label.starts_with("xn--")) return {};
  if (label.size() < 2 || label.size() > 20 || !std::ranges::all_of(label, is_letter)) {
    return "ends in " + in_quotes(label) + ", which is not a top-level domain (2 to 20 letters)";
  }
  return {};
}

result<std::string> to_a_labels(std::string_view text) {
  std::string input(text);
  char* output = nullptr;
  int status = idn2_to_ascii_8z(input.c_str(), &output, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  std::unique_ptr<char, decltype(&idn2_free)> owner(output, idn2_free);
  if (status == IDN2_OK) return std::string(output);
  return fail(errc::invalid_target,
              "is not an internationalised name (" + std::string(idn2_strerror(status)) + ")");
}

}  // namespace

result<std::string> parse_fqdn(std::string_view text) {
  auto refuse = [&](const std::string& why) {
    std::string shown(text.substr(0, 80));
    if (shown.size() < text.size()) shown += "...";
    return fail(errc::invalid_target, in_quotes(shown) + " " + why);
  };
  if (text.empty()) return fail(errc::invalid_target, "is empty");
  if (text.size() > longest_input) return refuse("is longer than 253 bytes");
  std::string name(text);
  if (name.find('\0') != std::string::npos) return refuse("holds a NUL byte");
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) > 0x7F; })) {
    auto ascii = to_a_labels(name);
    if (!ascii) return refuse(ascii.error().detail);
    name = std::move(*ascii);
  }
  name = ascii::lower_case(name);
  if (name.ends_with('.')) name.pop_back();
  if (name.size() > longest_name) return refuse("is longer than 253 bytes");

  std::size_t labels = 0;
  for (std::size_t begin = 0; begin <= name.size(); ++labels) {
    std::size_t end = std::min(name.find('.', begin), name.size());
    std::string_view label = std::string_view(name).substr(begin, end - begin);
    auto defect = label_defect(label);
    bool last = end == name.size();
    if (defect.empty() && last && labels > 0) defect = last_label_defect(label);
    if (!defect.empty()) return refuse(defect);
    begin = end + 1;
  }
  if (labels == 1) {
    return refuse("is a single label; give the full name, as in host.example.com");
  }
  return name;
}

}  // namespace sonde::model
