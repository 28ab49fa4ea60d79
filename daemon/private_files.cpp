#include "daemon/private_files.hpp"

#include "model/errc.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <pwd.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

/// Formats a user: `sonde (998)`, or only the number if it has no name.
std::string user_text(uid_t id) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  auto number = std::to_string(id);
  if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return number;
  }
  return std::string(entry.pw_name) + " (" + number + ")";
}

/// Checks owner and permissions. `what` names the file in a sentence; `otherwise` says what else
/// can be done.
result<> check_access(const std::filesystem::path& file, const struct stat& found,
                      const std::string& what, const std::string& otherwise) {
  auto me = geteuid();
  if (found.st_uid != me && found.st_uid != 0) {
    return fail(
        model::errc::invalid_field,
        fmt::format("{} belongs to the user {}, and this process runs as {}; run it as that user, "
                    "run `chown {} {}`{}",
                    what, user_text(found.st_uid), user_text(me), me, file.string(), otherwise));
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(model::errc::invalid_field, what +
                                                " can be written by other users; run `chmod go-w " +
                                                file.string() + "`" + otherwise);
  }
  return {};
}

}  // namespace

result<> check_data_folder(const std::filesystem::path& folder) {
  struct stat found {};
  if (stat(folder.c_str(), &found) != 0) return {};
  if (!S_ISDIR(found.st_mode)) return {};
  return check_access(folder, found, "the data folder " + folder.string(),
                      ", or choose another folder with --data-dir");
}

result<> check_secret_file(const std::filesystem::path& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) return fail_errno(errno, "cannot read " + file.string());
  if (S_ISDIR(found.st_mode)) return {};
  return check_access(file, found, file.string() + " holds a secret and", "");
}

}  // namespace sonde::daemon
