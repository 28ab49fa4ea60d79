#include "scanner/engine/response_choice.hpp"

#include "scanner/modules/http_response.hpp"

#include <algorithm>
#include <utility>

namespace sonde::scanner {

std::optional<kept_response> response_choice::take(kept_response seen, heard_requests before) {
  const auto& name = seen.known.service.name;
  bool greeting = seen.asked == "greeting";
  if (name.empty() && !greeting) {
    nameless_.push_back(std::move(seen));
    return std::nullopt;
  }
  if (name != "http" || greeting) return seen;
  if (seen.asked == "http") {
    bool more_to_come = !before.tls && http_leads_to_tls(seen.known.raw, port_);
    if (!more_to_come) return seen;
    page_ = std::move(seen);
    return std::nullopt;
  }
  if (!page_) page_ = std::move(seen);
  if (!before.http) return std::nullopt;
  return std::exchange(page_, std::nullopt);
}

std::optional<kept_response> response_choice::best() {
  if (page_) return std::exchange(page_, std::nullopt);
  if (nameless_.empty()) return std::nullopt;
  auto found = std::ranges::find(nameless_, "http", &kept_response::asked);
  if (found == nameless_.end()) found = nameless_.begin();
  return std::move(*found);
}

}  // namespace sonde::scanner
