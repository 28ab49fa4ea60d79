#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {

std::optional<recognition> recognise_redis(std::string_view said) {
  constexpr std::array<std::string_view, 5> answers = {
      "-ERR wrong number of arguments for 'get' command", "-ERR unknown command", "-NOAUTH ",
      "-DENIED Redis", "-LOADING Redis"};
  auto line = line_of(said);
  if (!std::ranges::any_of(answers, [&](auto each) { return line.starts_with(each); })) {
    return std::nullopt;
  }
  recognition out;
  out.service.name = "redis";
  // One error for each line that was sent; the first says all.
  out.complete = said.find('\n') != std::string_view::npos;
  out.raw = line;
  out.masked = line;
  return out;
}

}  // namespace sonde::scanner
