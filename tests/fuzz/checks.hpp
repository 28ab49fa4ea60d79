#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace sonde::fuzz {

/// Requires a condition that must hold for every input. Aborts the process otherwise, as libFuzzer
/// expects.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first line from the front of the input, for targets that read several texts.
inline std::string_view take_line(std::string_view& input) {
  auto end = input.find('\n');
  auto line = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return line;
}

}  // namespace sonde::fuzz
