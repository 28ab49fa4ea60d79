#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "model/json.hpp"

#include <chrono>
#include <string>

namespace sonde::client {

/// The server, as the verbs see it: over HTTP, or inside this process.
///
/// Bodies are those of the HTTP interface. Errors carry the server's own sentence. Lives on one
/// loop; calls may run side by side.
class scan_api {
 public:
  virtual ~scan_api() = default;

  /// `POST /scan`: `{id, status}`.
  virtual awaitable<result<model::json>> schedule(model::json order) = 0;
  /// `GET /scan/{id}`, waiting for a change no longer than this.
  virtual awaitable<result<model::json>> look_up(std::string id, std::chrono::seconds wait) = 0;
  /// `DELETE /scan/{id}`: `{message, id, status}`, the status being what it was.
  virtual awaitable<result<model::json>> cancel(std::string id) = 0;
  /// `GET /scans?target=…`: `{scans: […]}`.
  virtual awaitable<result<model::json>> list(std::string target) = 0;
  /// The details of an entity.
  virtual awaitable<result<model::json>> entity(std::string id) = 0;
};

}  // namespace sonde::client
