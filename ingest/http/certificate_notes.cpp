#include "ingest/http/certificate_notes.hpp"

#include <chrono>

namespace sonde::ingest {
namespace {

constexpr std::chrono::minutes line_pause{1};

counter count_of(metrics& counts, const char* result) {
  return counts.count("sonde_http_client_certificates_total",
                      "Connections whose peer presented a certificate, by result.",
                      {{"result", result}});
}

}  // namespace

certificate_notes::certificate_notes(metrics& counts, logger& log)
    : log_(log),
      gateways_(count_of(counts, "gateway")),
      not_listed_(count_of(counts, "not_listed")),
      refused_(count_of(counts, "refused")) {}

void certificate_notes::note(byte_stream& link, const std::string& address) {
  switch (link.proved()) {
    case byte_stream::proof::none: break;
    case byte_stream::proof::listed: gateways_.add(); break;
    case byte_stream::proof::certified:
      not_listed_.add();
      say("client certificate valid but not in http.gateway_names", link, address);
      break;
    case byte_stream::proof::refused:
      refused_.add();
      say("client certificate refused", link, address);
      break;
  }
}

void certificate_notes::say(const char* what, const byte_stream& link, const std::string& address) {
  auto now = std::chrono::steady_clock::now();
  if (now < next_line_) {
    ++unsaid_;
    return;
  }
  next_line_ = now + line_pause;
  log_.warning(what, {{"certificate", link.remark()},
                      {"peer", address.empty() ? std::string("this machine") : address},
                      {"unlogged_before", unsaid_}});
  unsaid_ = 0;
}

}  // namespace sonde::ingest
