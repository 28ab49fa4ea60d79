#include "daemon/small_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace sonde::daemon {
namespace {

constexpr std::size_t longest_file = 65'536;

}  // namespace

result<std::string> read_small_file(const std::filesystem::path& file) {
  auto cannot = "cannot read " + file.string();
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail_errno(errno, cannot);
  std::string text(longest_file + 1, '\0');
  // Unlike an iterator over its buffer, `read` does not throw if the file is a folder.
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail_errno(errno, cannot);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > longest_file) return fail_errno(EFBIG, cannot);
  return text;
}

result<> write_small_file(const std::filesystem::path& file, const std::string& text) {
  auto fresh = file.string() + ".new";
  std::error_code ignored;
  std::filesystem::remove(fresh, ignored);
  int to = open(fresh.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (to < 0) return fail_errno(errno, "cannot write " + fresh);
  auto written = write(to, text.data(), text.size());
  bool whole = written == static_cast<ssize_t>(text.size()) && fsync(to) == 0;
  int why = whole ? 0 : errno;
  close(to);
  if (whole && rename(fresh.c_str(), file.c_str()) == 0) {
    // The file's name is an entry of the folder, which has to be on the disk as well.
    int folder = open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) fsync(folder);
    if (folder >= 0) close(folder);
    return {};
  }
  if (whole) why = errno;
  std::filesystem::remove(fresh, ignored);
  return fail_errno(why, "cannot write " + file.string());
}

}  // namespace sonde::daemon
