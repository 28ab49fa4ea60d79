#include "daemon/webhook_secret.hpp"

#include "base/hash.hpp"
#include "model/errc.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/random.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

constexpr const char* file_name = "webhook.secret";
constexpr std::size_t secret_bytes = 32;

/// Written whole or not at all, for its owner's eyes only.
result<> make_secret(const std::filesystem::path& file) {
  std::array<char, secret_bytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail_errno(errno, "the kernel gives no random bytes");
  }
  auto line = "whsec_" + to_base64({bytes.data(), bytes.size()}) + "\n";
  auto beside = file.string() + ".new";
  unlink(beside.c_str());
  int out = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (out < 0) return fail_errno(errno, beside);
  bool written =
      write(out, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(out) == 0;
  int number = errno;
  close(out);
  if (!written) return fail_errno(number, beside);
  if (rename(beside.c_str(), file.c_str()) != 0) return fail_errno(errno, file.string());
  return {};
}

}  // namespace

result<std::shared_ptr<const model::webhook_keys>> load_webhook_keys(
    const configuration& config, const std::optional<std::filesystem::path>& data_dir) {
  std::filesystem::path file = config.webhook.secret_file;
  auto unusable = [&](const std::string& what) {
    std::string setting = config.webhook.secret_file.empty() ? "" : "webhook.secret_file: ";
    return fail(model::errc::invalid_field, setting + file.string() + what);
  };
  if (file.empty()) {
    if (config.queue.backend == "kafka" || !data_dir) {
      return std::shared_ptr<const model::webhook_keys>();
    }
    file = *data_dir / file_name;
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      if (auto made = make_secret(file); !made) return made.error();
    }
  }
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return unusable(" cannot be read");
  auto keys = model::webhook_keys::parse(text);
  if (!keys) return unusable(": " + keys.error().message());
  return std::make_shared<const model::webhook_keys>(std::move(*keys));
}

}  // namespace sonde::daemon
