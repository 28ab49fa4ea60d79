#include "daemon/webhook_secret.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"
#include "daemon/private_files.hpp"
#include "daemon/small_file.hpp"
#include "model/errc.hpp"

#include <array>

namespace sonde::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* key_file_name = "webhook.keys";
constexpr const char* shared_file_name = "webhook.secret";
constexpr std::size_t random_key_bytes = 32;

std::string random_base64() {
  std::array<std::byte, random_key_bytes> bytes{};
  kernel_random(bytes);
  return to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

result<> make_keys(const fs::path& file) {
  return write_small_file(file,
                          "# Keep these secret. Receivers' secrets are derived from them.\n"
                          "whenc_" +
                              random_base64() + "\nwhsig_" + random_base64() + "\n");
}

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

result<std::string> read_secrets(const fs::path& file, const std::string& setting) {
  auto text = read_small_file(file);
  if (!text) return fail(model::errc::invalid_field, setting + text.error().message());
  if (auto safe = check_secret_file(file); !safe) {
    return fail(model::errc::invalid_field, setting + safe.error().message());
  }
  return text;
}

}  // namespace

result<std::shared_ptr<const model::webhook_keys>> load_webhook_keys(
    const configuration& config, const std::optional<fs::path>& data_dir) {
  const auto& set = config.webhook;
  bool in_folder = data_dir && config.queue.backend != "kafka";
  fs::path keys_in = set.key_file;
  fs::path shared_in = set.secret_file;
  std::string key_setting = set.key_file.empty() ? "" : "webhook.key_file: ";
  std::string shared_setting = set.secret_file.empty() ? "" : "webhook.secret_file: ";
  if (keys_in.empty() && in_folder) {
    keys_in = *data_dir / key_file_name;
    if (!is_there(keys_in)) {
      if (auto made = make_keys(keys_in); !made) return made.error();
    }
  }
  if (shared_in.empty() && in_folder && is_there(*data_dir / shared_file_name)) {
    shared_in = *data_dir / shared_file_name;
  }
  auto wrong_in = [](const std::string& setting, const fs::path& file, const error& why) {
    return fail(model::errc::invalid_field, setting + file.string() + ": " + why.message());
  };
  auto keys = std::make_shared<model::webhook_keys>();
  if (keys_in.empty() && shared_in.empty()) return std::shared_ptr<const model::webhook_keys>();
  if (!keys_in.empty()) {
    auto text = read_secrets(keys_in, key_setting);
    if (!text) return text.error();
    auto parsed = model::webhook_keys::parse(*text);
    if (!parsed) return wrong_in(key_setting, keys_in, parsed.error());
    *keys = std::move(*parsed);
  }
  if (!shared_in.empty()) {
    auto text = read_secrets(shared_in, shared_setting);
    if (!text) return text.error();
    if (auto added = keys->add_shared(*text); !added) {
      return wrong_in(shared_setting, shared_in, added.error());
    }
  }
  return std::shared_ptr<const model::webhook_keys>(std::move(keys));
}

std::string advice_on(const model::webhook_keys& keys) {
  if (keys.shares_encryption()) {
    return "receivers have the secrets of webhook.secret_file, which encrypt all webhooks; set "
           "webhook.key_file";
  }
  if (keys.shares_signatures()) {
    return "receivers have the shared webhook secret, and can sign with it; give each owner their "
           "own secret, then move its line from webhook.secret_file, or webhook.secret in the data "
           "folder, to webhook.key_file, or webhook.keys there";
  }
  return {};
}

}  // namespace sonde::daemon
