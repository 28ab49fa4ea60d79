#include "webhook/signature.hpp"

#include "base/hash.hpp"

namespace sonde::webhook {

std::string sign(const std::vector<std::string>& secrets, std::string_view id,
                 std::string_view timestamp, std::string_view body) {
  std::string content;
  content.append(id).append(".").append(timestamp).append(".").append(body);
  std::string out;
  for (const auto& secret : secrets) {
    auto digest = hmac_sha256(secret, content);
    std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    out += (out.empty() ? "v1," : " v1,") + to_base64(bytes);
  }
  return out;
}

std::string timestamp_of(wall_time time) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return std::to_string(seconds);
}

}  // namespace sonde::webhook
