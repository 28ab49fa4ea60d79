#include "client/target_list.hpp"

#include "base/ascii.hpp"
#include "client/errc.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace sonde::client {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view white_space = " \t\r\v\f";

/// Returns the position of the comment in a line, or the end of the line if it has none.
std::size_t begin_of_comment(std::string_view line) {
  for (auto at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
    if (at == 0 || white_space.find(line[at - 1]) != white_space.npos) return at;
  }
  return line.size();
}

}  // namespace

std::optional<std::string> target_lines::take(std::string_view line) {
  if (first_ && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  first_ = false;
  line = line.substr(0, begin_of_comment(line));
  line = ascii::trimmed(line, white_space);
  if (line.empty()) return std::nullopt;
  return std::string(line);
}

result<std::vector<std::string>> read_targets(std::istream& from, const std::string& name) {
  std::vector<std::string> out;
  target_lines lines;
  errno = 0;
  for (std::string line; std::getline(from, line);) {
    if (auto target = lines.take(line)) out.push_back(std::move(*target));
  }
  if (!from.bad()) return out;
  // A partial list is an error: missing targets would go unnoticed.
  std::string why = errno != 0 ? std::string(": ") + std::strerror(errno) : std::string();
  return fail(errc::usage, name + " cannot be read" + why);
}

result<std::vector<std::string>> read_target_file(const std::string& file) {
  errno = 0;
  std::ifstream list(file);
  if (!list) {
    return fail(errc::usage, file + " cannot be read: " + std::strerror(errno));
  }
  return read_targets(list, file);
}

}  // namespace sonde::client
