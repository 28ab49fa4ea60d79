#pragma once

#include "model/scan/observation.hpp"
#include "scanner/modules/module.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sonde::test {

/// One request of a talk and the server's whole response to it.
struct transcript_exchange {
  std::string request;
  std::string response;
};

/// One file of tests/scanner/transcripts: what a server sent, and the service that it proves.
struct transcript {
  std::string file;
  std::string module;
  std::uint16_t port = 0;
  std::optional<std::string> greeting;  ///< sent unasked, or in answer to another protocol
  std::vector<transcript_exchange> exchanges;
  model::service_observation expected;  ///< its facts are among those found

  /// The greeting and the responses, in their order.
  [[nodiscard]] std::vector<std::string> sent_by_server() const;
};

/// All transcripts, in the order of their files' names. Throws where a file is no transcript.
[[nodiscard]] const std::vector<transcript>& transcripts();

/// The context with which every transcript is made.
[[nodiscard]] scanner::talk_context transcript_context(std::uint16_t port);

}  // namespace sonde::test
