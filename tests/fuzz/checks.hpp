#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace sonde::fuzz {

/// What must hold whatever the input is. Ends the process where it does not, as libFuzzer wants it.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// The first line of the input, taken from its front: for targets that read several texts.
inline std::string_view take_line(std::string_view& input) {
  auto end = input.find('\n');
  auto line = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return line;
}

}  // namespace sonde::fuzz
