#pragma once

#include "ingest/auth/authenticate.hpp"
#include "ingest/auth/keypair_handlers.hpp"
#include "ingest/http/router.hpp"
#include "tests/ingest/scan_world.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sonde::test {

/// Every route behind an authenticator, and keys of every kind.
class key_world {
 public:
  key_world();
  ~key_world();

  /// Creates a key on the topic, known to the view; created `age` ago, valid for `days` days.
  model::new_key make(std::vector<std::string> roles, std::string user = "ada",
                      std::chrono::hours age = std::chrono::hours(0), std::uint32_t days = 0);
  void revoke(const model::new_key& key);

  ingest::http_response ask(ingest::http_request request);
  /// The form in which `ask` sends the key: its two halves in separate headers, or a token.
  enum class form { pair, bearer };
  ingest::http_response ask(ingest::http_request request, const model::new_key& key,
                            form how = form::bearer);
  ingest::authenticator::work_done work();

  scan_world world;
  metrics counts;
  std::unique_ptr<views::credential_view> view;
  std::unique_ptr<ingest::authenticator> door;
  std::unique_ptr<admin::key_changes> changes;
  std::unique_ptr<ingest::keypair_service> keys;
  ingest::router routes;

 private:
  void put(const model::credential& key);
  std::uint8_t made_ = 0;
};

[[nodiscard]] ingest::http_request request_of(const std::string& method, const std::string& target,
                                              const std::string& body = {});

}  // namespace sonde::test
