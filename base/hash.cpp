#include "base/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <zlib.h>

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

/// Fetching an algorithm by name walks OpenSSL's providers, so each thread does it once.
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

}  // namespace sonde
