#include "client/http_api.hpp"

#include "client/api_client.hpp"

namespace sonde::client {
namespace {

using model::json;
using std::chrono::seconds;

std::string encode(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
  }
  return out;
}

class http_api final : public scan_api {
 public:
  http_api(executor loop, server_address server) : server_(std::move(loop), std::move(server)) {}

  awaitable<result<json>> schedule(json order) override {
    return server_.post("/api/ingest/v1/scan", model::to_text(order));
  }

  awaitable<result<json>> look_up(std::string id, seconds wait) override {
    auto path = "/api/ingest/v1/scan/" + encode(id);
    if (wait.count() > 0) path += "?wait=" + std::to_string(wait.count());
    return server_.get(std::move(path), wait);
  }

  awaitable<result<json>> cancel(std::string id) override {
    return server_.remove("/api/ingest/v1/scan/" + encode(id));
  }

  awaitable<result<json>> list(std::string target) override {
    return server_.get("/api/ingest/v1/scans?target=" + encode(target));
  }

  awaitable<result<json>> entity(std::string id) override {
    return server_.get("/api/analytics/v1/entity/" + encode(id) + "/details");
  }

 private:
  api_client server_;
};

}  // namespace

std::unique_ptr<scan_api> make_http_api(executor loop, server_address server) {
  return std::make_unique<http_api>(std::move(loop), std::move(server));
}

}  // namespace sonde::client
