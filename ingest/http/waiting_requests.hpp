#pragma once

#include "ingest/http/http_message.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace sonde::ingest {

/// Counts the requests of each caller that wait for a change, up to a limit. Lives on the HTTP loop
/// and outlives its places.
class waiting_requests {
 public:
  explicit waiting_requests(std::uint32_t most) : most_(most) {}
  waiting_requests(const waiting_requests&) = delete;
  waiting_requests& operator=(const waiting_requests&) = delete;

  class place;
  /// Counts this request as waiting until the returned object is destroyed; the request outlives
  /// that object. Returns nothing if the caller has reached its limit.
  [[nodiscard]] std::unique_ptr<place> enter(const http_request& request);

 private:
  std::uint32_t most_;
  std::unordered_map<std::string, std::uint32_t> waiting_;
};

/// A waiting request, whose connection can be closed to make room for another one.
class waiting_requests::place {
 public:
  place(waiting_requests& among, std::string caller, long_wait* connection);
  ~place();
  place(const place&) = delete;
  place& operator=(const place&) = delete;

 private:
  waiting_requests& among_;
  std::string caller_;
  long_wait* connection_;
};

}  // namespace sonde::ingest
