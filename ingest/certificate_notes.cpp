#include "ingest/certificate_notes.hpp"

#include <chrono>

namespace sonde::ingest {
namespace {

constexpr std::chrono::minutes line_pause{1};

counter count_of(metrics& counts, const char* result) {
  return counts.count("sonde_http_client_certificates_total",
                      "Connections whose peer has shown a certificate, by what it was worth.",
                      {{"result", result}});
}

}  // namespace

certificate_notes::certificate_notes(metrics& counts, logger& log)
    : log_(log),
      gateways_(count_of(counts, "gateway")),
      not_listed_(count_of(counts, "not_listed")),
      refused_(count_of(counts, "refused")) {}

void certificate_notes::note(byte_link& link, const std::string& address) {
  switch (link.proved()) {
    case byte_link::proof::none: break;
    case byte_link::proof::listed: gateways_.add(); break;
    case byte_link::proof::certified:
      not_listed_.add();
      say("a client's certificate is valid, but none of http.gateway_names", link, address);
      break;
    case byte_link::proof::refused:
      refused_.add();
      say("a client's certificate was refused", link, address);
      break;
  }
}

void certificate_notes::say(const char* what, const byte_link& link, const std::string& address) {
  auto now = std::chrono::steady_clock::now();
  if (now < next_line_) {
    ++unsaid_;
    return;
  }
  next_line_ = now + line_pause;
  log_.warning(what, {{"certificate", link.remark()},
                      {"peer", address.empty() ? std::string("this machine") : address},
                      {"unsaid_before", unsaid_}});
  unsaid_ = 0;
}

}  // namespace sonde::ingest
