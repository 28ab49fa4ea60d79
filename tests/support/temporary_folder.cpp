#include "tests/support/temporary_folder.hpp"

#include <cstdlib>
#include <stdexcept>

namespace sonde::test {

temporary_folder::temporary_folder() {
  auto shape = (std::filesystem::temp_directory_path() / "sonde-test-XXXXXX").string();
  if (mkdtemp(shape.data()) == nullptr) throw std::runtime_error("no temporary folder: " + shape);
  path_ = shape;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sonde::test
