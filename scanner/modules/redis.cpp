#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

namespace sonde::scanner {

std::optional<recognition> recognise_redis(std::string_view said) {
  auto line = line_of(said);
  bool command_error = line.starts_with("-ERR wrong number of arguments for 'get' command") ||
                       line.starts_with("-ERR unknown command");
  bool refusal = line.starts_with("-NOAUTH ") || line.starts_with("-DENIED Redis");
  if (!command_error && !refusal) return std::nullopt;
  recognition out;
  out.service.name = "redis";
  // One error for each line that was sent; the first says all.
  out.complete = line.size() < said.size();
  out.raw = line;
  out.masked = line;
  return out;
}

}  // namespace sonde::scanner
