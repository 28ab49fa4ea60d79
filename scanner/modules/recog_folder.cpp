#include "scanner/modules/recog_folder.hpp"

#include "scanner/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace sonde::scanner {
namespace {

error unusable_folder(const std::filesystem::path& folder, const std::string& why) {
  return fail(errc::fingerprint_file, folder.string() + " " + why);
}

result<std::vector<std::filesystem::path>> recog_paths(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  std::error_code failed;
  std::filesystem::directory_iterator at(folder, failed);
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    if (at->path().extension() != ".xml") continue;
    out.push_back(at->path());
    if (out.size() > recog_files_most) {
      return unusable_folder(folder, fmt::format("has more than {} files *.xml", recog_files_most));
    }
  }
  if (failed) return unusable_folder(folder, "cannot be read: " + failed.message());
  if (out.empty()) return unusable_folder(folder, "has no file *.xml");
  std::ranges::sort(out);
  return out;
}

/// Reads one byte more than the limit, so that the parser reports a file that is too large.
result<std::string> recog_text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string out(recog_file_bytes + 1, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  bool unreadable = !file.eof() && file.fail();
  if (unreadable || file.bad()) return unusable_folder(path, "cannot be read");
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

}  // namespace

result<std::shared_ptr<const recog_database>> load_recog_folder(
    const std::filesystem::path& folder) {
  auto paths = recog_paths(folder);
  if (!paths) return paths.error();
  std::vector<recog_file> files;
  std::size_t bytes = 0;
  for (const auto& path : *paths) {
    auto text = recog_text_of(path);
    if (!text) return text.error();
    bytes += text->size();
    if (bytes > recog_folder_bytes) {
      return unusable_folder(
          folder, fmt::format("has more than {} bytes in its files *.xml", recog_folder_bytes));
    }
    auto file = parse_recog_file(*text, path.string());
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  return recog_database::from_files(std::move(files));
}

}  // namespace sonde::scanner
