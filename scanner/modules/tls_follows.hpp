#pragma once

#include "scanner/modules/module.hpp"

namespace sonde::scanner {

/// The talk with a server that expects a ClientHello directly after `request`, without a response.
/// An empty request: directly after its greeting.
class tls_follows final : public protocol_talk {
 public:
  explicit tls_follows(std::string request = {}) : request_(std::move(request)) {}

  [[nodiscard]] std::string begin() override { return request_; }
  [[nodiscard]] bool awaits_response() const override { return false; }
  [[nodiscard]] talk_step receive(std::string_view response) override { return ended(response); }
  [[nodiscard]] talk_step ended(std::string_view) override {
    auto out = talk_step::is({});
    out.start_tls = true;
    return out;
  }

 private:
  std::string request_;
};

}  // namespace sonde::scanner
