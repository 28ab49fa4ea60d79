#pragma once

#include "model/scan/observation.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::scanner {

struct protocol_module;

/// The service that bytes from a server identify.
struct recognition {
  model::service_observation service;  ///< empty where no protocol is recognised
  std::string raw;                     ///< the banner, as it was sent; empty for a binary response
  std::string masked;     ///< the same, with what differs from one connection to the next as `*`
  bool complete = false;  ///< the protocol says that no more of the banner follows
  std::string beyond;     ///< bytes after the banner, for the requests that follow it
  /// The module that knows the bytes; null for a banner without a service.
  const protocol_module* by = nullptr;
};

/// Recognises a protocol by the first bytes that a server sent, with or without a request. Every
/// module of the catalogue is tried in order; the first that knows the bytes decides. The port
/// plays no part. Never fails; bytes that no module knows are a banner without a service.
[[nodiscard]] recognition recognise(std::string_view banner);

/// A banner without a service.
[[nodiscard]] recognition nameless(std::string_view banner);

/// The number of facts of one service that are kept.
inline constexpr std::size_t most_facts = 32;

/// Makes what a target calls itself fit for tables and JSON: product, version, CPE and facts become
/// UTF-8 on one line, of bounded length and number; the confidence is at least `said`.
void tidy_up(recognition& known);

}  // namespace sonde::scanner
