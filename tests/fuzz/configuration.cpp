// Parses any bytes as a configuration file. An accepted configuration is printed as a file that
// parses to the same configuration.

#include "daemon/configuration.hpp"

#include "daemon/settings.hpp"
#include "tests/fuzz/checks.hpp"

#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace sonde;
using fuzz::require;

namespace {

/// A file in memory, with an ordinary path.
class memory_file {
 public:
  explicit memory_file(std::string_view text) : descriptor_(memfd_create("sonde.toml", 0)) {
    require(descriptor_ >= 0);
    require(write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  ~memory_file() { close(descriptor_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  memory_file file(fuzz::text_of(data, size));
  auto read = daemon::load_configuration(file.path(), {}, {});
  if (!read) {
    require(!read.error().message().empty());
    return 0;
  }
  require(!daemon::to_json_text(*read).empty());
  memory_file printed(daemon::to_toml(*read));
  auto again = daemon::load_configuration(printed.path(), {}, {});
  require(again.has_value());
  for (const auto& each : daemon::all_settings())
    require(each.get(*again) == each.get(*read));
  require(again->scan.profiles == read->scan.profiles);
  return 0;
}
