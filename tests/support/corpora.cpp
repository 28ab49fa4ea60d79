#include "tests/support/corpora.hpp"

#include <cstdlib>
#include <stdexcept>

namespace sonde::test {
namespace fs = std::filesystem;

std::optional<fs::path> corpora() {
  const char* named = std::getenv("SONDE_CORPORA");
  fs::path folder =
      named != nullptr ? fs::path(named) : fs::path(SONDE_SOURCE_DIR) / "../shared/corpora";
  if (fs::is_directory(folder)) return folder;
  if (std::getenv("CI") != nullptr) {
    throw std::runtime_error("there are no corpora at " + folder.string() +
                             ", and CI must have them");
  }
  return std::nullopt;
}

fs::path unpack(const fs::path& archive) {
  fs::path folder = fs::temp_directory_path() / ("sonde-corpora-" + archive.stem().stem().string());
  fs::create_directories(folder);
  auto command = "tar -xf '" + archive.string() + "' -C '" + folder.string() + "'";
  if (std::system(command.c_str()) != 0) {  // NOLINT(concurrency-mt-unsafe): one test thread
    throw std::runtime_error("could not unpack " + archive.string());
  }
  return folder;
}

}  // namespace sonde::test
