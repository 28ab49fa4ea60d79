#include "ingest/http/answer_counts.hpp"

#include <set>

namespace sonde::ingest {

answer_counts::answer_counts(metrics& counts)
    : counts_(counts),
      seconds_(counts.time("sonde_http_request_seconds",
                           "Time from a complete request to its response.")) {}

void answer_counts::add(const std::string& method, unsigned status) {
  static const std::set<std::string> known = {"GET", "HEAD", "POST", "DELETE", "OPTIONS"};
  std::pair which(known.contains(method) ? method : std::string("other"), status);
  auto found = answers_.find(which);
  if (found == answers_.end()) {
    metrics::labels labels{{"method", which.first}, {"code", std::to_string(status)}};
    auto made = counts_.count("sonde_http_requests_total", "Answered requests.", labels);
    found = answers_.emplace(std::move(which), made).first;
  }
  found->second.add();
}

void answer_counts::took(std::chrono::steady_clock::duration time) {
  seconds_.observe(std::chrono::duration<double>(time).count());
}

}  // namespace sonde::ingest
