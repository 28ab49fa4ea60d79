#pragma once

#include "scanner/modules/module.hpp"

#include <string>
#include <string_view>

namespace sonde::scanner {

/// Requests the host key of an SSH server after its identification: Sonde's own identification,
/// KEXINIT, and the first message of a key exchange (RFC 4253, section 8; RFC 5656; RFC 8731). The
/// exchange is not completed, and no authentication follows. The public value of the exchange is a
/// constant, because no secret is derived from it.
///
/// Its service has facts and no name: algorithms, `hassh-server`, and the type and fingerprint of
/// the key. What the server sent before it closes the connection is kept.
class ssh_host_key_talk final : public protocol_talk {
 public:
  /// `received` is what the server sent after its identification.
  explicit ssh_host_key_talk(std::string received) : received_(std::move(received)) {}

  [[nodiscard]] std::string begin() override;
  [[nodiscard]] talk_step receive(std::string_view response) override;
  [[nodiscard]] talk_step ended(std::string_view) override { return talk_step::is(known_); }

 private:
  [[nodiscard]] talk_step take(std::string_view packets);
  /// Notes the algorithms. Returns the request for the key; empty if there is no common algorithm.
  [[nodiscard]] std::string note_algorithms(std::string_view kexinit);
  void note_key(std::string_view key);

  std::string received_;  ///< before the response to the current request
  bool has_algorithms_ = false;
  bool requested_ = false;  ///< the key has been requested
  recognition known_;
};

}  // namespace sonde::scanner
