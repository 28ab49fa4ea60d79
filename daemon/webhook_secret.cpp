#include "daemon/webhook_secret.hpp"

#include "base/hash.hpp"
#include "daemon/small_file.hpp"
#include "model/errc.hpp"

#include <array>
#include <cerrno>
#include <sys/random.h>

namespace sonde::daemon {
namespace {

constexpr const char* file_name = "webhook.secret";
constexpr std::size_t secret_bytes = 32;

result<> make_secret(const std::filesystem::path& file) {
  std::array<char, secret_bytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail_errno(errno, "the kernel gives no random bytes");
  }
  auto line = "whsec_" + to_base64({bytes.data(), bytes.size()}) + "\n";
  return write_small_file(file, line);
}

}  // namespace

result<std::shared_ptr<const model::webhook_keys>> load_webhook_keys(
    const configuration& config, const std::optional<std::filesystem::path>& data_dir) {
  std::filesystem::path file = config.webhook.secret_file;
  auto unusable = [&](const std::string& what) {
    std::string setting = config.webhook.secret_file.empty() ? "" : "webhook.secret_file: ";
    return fail(model::errc::invalid_field, setting + what);
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
  auto text = read_small_file(file);
  if (!text) return unusable(text.error().message());
  auto keys = model::webhook_keys::parse(*text);
  if (!keys) return unusable(file.string() + ": " + keys.error().message());
  return std::make_shared<const model::webhook_keys>(std::move(*keys));
}

}  // namespace sonde::daemon
