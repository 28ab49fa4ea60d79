#include "ingest/http/waiting_requests.hpp"

#include <utility>

namespace sonde::ingest {

std::unique_ptr<waiting_requests::place> waiting_requests::enter(const http_request& request) {
  auto caller = counted_as(request);
  auto found = waiting_.find(caller);
  if (found != waiting_.end() && found->second >= most_) return nullptr;
  return std::make_unique<place>(*this, std::move(caller), request.wait);
}

waiting_requests::place::place(waiting_requests& among, std::string caller, long_wait* connection)
    : among_(among), caller_(std::move(caller)), connection_(connection) {
  ++among_.waiting_[caller_];
  if (connection_ != nullptr) connection_->begin();
}

waiting_requests::place::~place() {
  if (connection_ != nullptr) connection_->end();
  auto found = among_.waiting_.find(caller_);
  if (--found->second == 0) among_.waiting_.erase(found);
}

}  // namespace sonde::ingest
