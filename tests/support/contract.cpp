#include "tests/support/contract.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sonde::test {

std::string contract_vectors() {
  std::ifstream file(SONDE_SOURCE_DIR "/docs/reference/contract.md");
  std::ostringstream text;
  text << file.rdbuf();
  auto page = text.str();
  const std::string opening = "\n```json vectors\n";
  auto begin = page.find(opening);
  auto end = begin == std::string::npos ? begin : page.find("\n```\n", begin + opening.size());
  if (end == std::string::npos) {
    throw std::runtime_error("docs/reference/contract.md has no block of test vectors");
  }
  begin += opening.size();
  return page.substr(begin, end - begin);
}

std::string bytes_of(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

}  // namespace sonde::test
