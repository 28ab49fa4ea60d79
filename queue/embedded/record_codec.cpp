#include "queue/embedded/record_codec.hpp"

#include "base/hash.hpp"
#include "queue/errc.hpp"

namespace sonde::queue::embedded {
namespace {

constexpr std::size_t length_size = 4;

void put_length(std::string& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(length >> shift & 0xFFU);
}

/// Takes a length from the front. Returns false if there are not enough bytes.
bool take_length(std::string_view& bytes, std::size_t& length) {
  if (bytes.size() < length_size) return false;
  length = 0;
  for (char c : bytes.substr(0, length_size))
    length = length << 8U | static_cast<unsigned char>(c);
  bytes.remove_prefix(length_size);
  return true;
}

}  // namespace

std::string encode_headers(const record_headers& headers) {
  std::string out;
  for (const auto& [name, value] : headers) {
    put_length(out, name.size());
    put_length(out, value.size());
    out += name;
    out += value;
  }
  return out;
}

result<record_headers> decode_headers(std::string_view bytes) {
  record_headers out;
  while (!bytes.empty()) {
    std::size_t name = 0;
    std::size_t value = 0;
    if (!take_length(bytes, name) || !take_length(bytes, value) || bytes.size() < name ||
        bytes.size() - name < value) {
      return fail(errc::damaged, "the headers of a record are cut short");
    }
    out.emplace_back(bytes.substr(0, name), bytes.substr(name, value));
    bytes.remove_prefix(name + value);
  }
  return out;
}

std::uint32_t row_checksum(std::int64_t offset, std::string_view key, std::string_view value,
                           std::string_view headers) {
  std::string place;
  put_length(place, static_cast<std::size_t>(offset) >> 32U);
  put_length(place, static_cast<std::size_t>(offset) & 0xFFFFFFFFU);
  put_length(place, key.size());
  put_length(place, value.size());
  return crc32(headers, crc32(value, crc32(key, crc32(place))));
}

}  // namespace sonde::queue::embedded
