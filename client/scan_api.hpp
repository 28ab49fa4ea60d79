#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "model/text/json.hpp"

#include <chrono>
#include <string>

namespace sonde::client {

/// Interface of a server for the verbs, over HTTP or inside this process.
///
/// Bodies are those of the HTTP interface. Errors carry the server's own sentence. Lives on one
/// loop; calls may run concurrently.
class scan_api {
 public:
  virtual ~scan_api() = default;

  /// Schedules a scan, as `POST /scan`. Returns `{id, status}`.
  virtual awaitable<result<model::json>> schedule(model::json order) = 0;
  /// Returns a scan, as `GET /scan/{id}`. Waits for a change for at most `wait`.
  virtual awaitable<result<model::json>> look_up(std::string id, std::chrono::seconds wait) = 0;
  /// Cancels a scan, as `DELETE /scan/{id}`. Returns `{message, id, status}` with the previous
  /// status.
  virtual awaitable<result<model::json>> cancel(std::string id) = 0;
  /// Lists the scans of a target, as `GET /scans?target=…`. Returns `{scans: […]}`.
  virtual awaitable<result<model::json>> list(std::string target) = 0;
  /// Returns the details of an entity.
  virtual awaitable<result<model::json>> entity(std::string id) = 0;
};

}  // namespace sonde::client
