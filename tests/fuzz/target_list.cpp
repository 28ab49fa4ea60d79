// Parses any bytes as a list of targets. The result holds the lines without their comments.

#include "client/target_list.hpp"

#include "tests/fuzz/checks.hpp"

#include <sstream>

using namespace sonde;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream from(std::string(fuzz::text_of(data, size)));
  auto read = client::read_targets(from, "list");
  require(bool(read));
  for (const auto& target : *read) {
    require(!target.empty() && target.front() != '#');
    require(target.find_first_of("\n") == std::string::npos);
    require(target.front() != ' ' && target.back() != ' ' && target.back() != '\r');
  }
  return 0;
}
