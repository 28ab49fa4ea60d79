#include "base/encryption.hpp"

#include "base/hash.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace sonde {
namespace {

constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

struct cipher_deleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using cipher = std::unique_ptr<EVP_CIPHER_CTX, cipher_deleter>;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string as_text(const sha256_digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Derives a separate key for each use of the given key.
std::string derived(std::string_view key, std::string_view use) {
  return as_text(hmac_sha256(key, use));
}

void must(int worked) {
  if (worked != 1) throw std::runtime_error("OpenSSL could not encrypt a text");
}

}  // namespace

std::string encrypt(std::string_view key, std::string_view text) {
  auto secret = derived(key, "sonde encrypted text");
  auto nonce =
      as_text(hmac_sha256(derived(key, "sonde encrypted nonce"), text)).substr(0, nonce_size);
  cipher context(EVP_CIPHER_CTX_new());
  std::string hidden(text.size(), '\0');
  std::string tag(tag_size, '\0');
  int size = 0;
  must(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(secret),
                          bytes_of(nonce)));
  must(EVP_EncryptUpdate(context.get(), bytes_of(hidden), &size, bytes_of(text),
                         static_cast<int>(text.size())));
  must(EVP_EncryptFinal_ex(context.get(), bytes_of(hidden) + size, &size));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag.data()));
  return to_base64(nonce + hidden + tag);
}

std::optional<std::string> decrypt(std::string_view key, std::string_view encrypted) {
  auto whole = from_base64(encrypted);
  if (!whole || whole->size() < nonce_size + tag_size) return std::nullopt;
  auto secret = derived(key, "sonde encrypted text");
  auto nonce = whole->substr(0, nonce_size);
  auto tag = whole->substr(whole->size() - tag_size);
  auto hidden = whole->substr(nonce_size, whole->size() - nonce_size - tag_size);
  std::string text(hidden.size(), '\0');
  cipher context(EVP_CIPHER_CTX_new());
  int size = 0;
  must(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(secret),
                          bytes_of(nonce)));
  must(EVP_DecryptUpdate(context.get(), bytes_of(text), &size, bytes_of(hidden),
                         static_cast<int>(hidden.size())));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()));
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(text) + size, &size) != 1) return std::nullopt;
  return text;
}

}  // namespace sonde
