#include "base/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace sonde {
namespace {

struct digest_buffer {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned int size = 0;

  [[nodiscard]] std::span<const std::byte> view() const {
    return std::as_bytes(std::span(bytes).first(size));
  }
};

/// A digest algorithm. Fetching it by name walks the providers of OpenSSL, so each thread does it
/// once.
struct algorithm {
  explicit algorithm(const char* name) : md(EVP_MD_fetch(nullptr, name, nullptr)) {
    if (md == nullptr) throw std::runtime_error(std::string("OpenSSL has no digest ") + name);
  }
  ~algorithm() { EVP_MD_free(md); }
  algorithm(const algorithm&) = delete;
  algorithm& operator=(const algorithm&) = delete;

  [[nodiscard]] digest_buffer digest(std::string_view data) const {
    digest_buffer out;
    if (EVP_Digest(data.data(), data.size(), out.bytes.data(), &out.size, md, nullptr) != 1) {
      throw std::runtime_error("OpenSSL could not compute a digest");
    }
    return out;
  }

  EVP_MD* md;
};

}  // namespace

sha256_digest sha256(std::string_view data) {
  thread_local const algorithm sha256("SHA2-256");
  auto digest = sha256.digest(data);
  sha256_digest out;
  std::memcpy(out.data(), digest.bytes.data(), out.size());
  return out;
}

std::string sha3_256_hex(std::string_view data) {
  thread_local const algorithm sha3("SHA3-256");
  return to_hex(sha3.digest(data).view());
}

std::string sha1_hex(std::string_view data) {
  thread_local const algorithm sha1("SHA1");
  return to_hex(sha1.digest(data).view());
}

std::string md5_hex(std::string_view data) {
  thread_local const algorithm md5("MD5");
  return to_hex(md5.digest(data).view());
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

sha256_digest hmac_sha256(std::string_view key, std::string_view data) {
  sha256_digest out;
  unsigned int size = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(data.data()), data.size(),
                          reinterpret_cast<unsigned char*>(out.data()), &size);
  if (made == nullptr || size != out.size()) {
    throw std::runtime_error("OpenSSL could not compute an HMAC");
  }
  return out;
}

sha256_digest hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info) {
  auto extracted = hmac_sha256(salt, secret);
  std::string_view key(reinterpret_cast<const char*>(extracted.data()), extracted.size());
  std::string block(info);
  block += '\x01';
  return hmac_sha256(key, block);
}

std::uint32_t crc32(std::string_view data, std::uint32_t before) {
  auto sum = crc32_z(before, reinterpret_cast<const unsigned char*>(data.data()), data.size());
  return static_cast<std::uint32_t>(sum);
}

std::string to_hex(std::span<const std::byte> data) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (std::byte b : data) {
    out += digits[std::to_integer<unsigned>(b) >> 4U];
    out += digits[std::to_integer<unsigned>(b) & 0xFU];
  }
  return out;
}

std::string to_hex(std::string_view data) {
  return to_hex(std::as_bytes(std::span(data)));
}

std::string to_base64(std::string_view data) {
  std::string out(4 * ((data.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(data.data()),
                  static_cast<int>(data.size()));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  auto padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  if (padding > 2) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  // OpenSSL accepts spaces and stray bits. Two texts would then decode to the same bytes.
  if (to_base64(out) != text) return std::nullopt;
  return out;
}

}  // namespace sonde
