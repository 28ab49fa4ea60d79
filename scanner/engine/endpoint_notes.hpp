#pragma once

#include "scanner/engine/conversation.hpp"
#include "scanner/modules/recognition.hpp"
#include "tls/client_handshake.hpp"

#include <string_view>
#include <vector>

namespace sonde::scanner {

/// Writes down what a conversation shows, within the scan's budget. Lives as long as it.
class endpoint_notes {
 public:
  endpoint_notes(conversation_tools& tools, const conversation_partner& partner);

  /// The service and its banner. `module` is what the evidence is: `greeting`, `tls`, or the name
  /// of the module whose request was answered.
  void take(std::string_view module, recognition known);
  /// A handshake with a peer that speaks TLS; `last` is why no more came.
  void take_handshake(const tls::client_handshake& handshake, const result<>& last);
  /// A handshake that began inside the plain protocol (STARTTLS). The service stays as it is.
  void take_upgrade(const tls::client_handshake& handshake, const result<>& last);
  /// More that the service stated after its greeting: facts, and product and version if it has
  /// them. A fact that is there already is left out; one with another value inside TLS gets a name
  /// with `tls-` before it.
  void take_details(model::service_observation more);
  /// The response to the service's own request, after another request's response has named it:
  /// product, version, facts and the greater confidence. One with another name is ignored.
  void take_confirmation(model::service_observation own);
  /// Called again once something was received inside TLS: with TLS 1.3 the server refuses a missing
  /// client certificate only then.
  void take_failure(const tls::client_handshake& handshake);
  /// Why there is nothing else to say about the endpoint; the first reason stays.
  void take_error(const error& why);
  /// One request of the conversation, and its result.
  void take_request(model::request_result done);
  void not_open() { out_.open = false; }

  /// The notes so far.
  [[nodiscard]] const model::endpoint_observation& endpoint() const { return out_.endpoint; }

  /// Everything that was noted. The notes are empty then.
  [[nodiscard]] conversation_result finish();

 private:
  model::tls_observation observe(const tls::client_handshake& handshake);
  void shorten_banner();
  void take_facts(std::vector<model::service_fact> facts);
  void take_certificate(model::tls_observation& tls, const std::string& der);

  conversation_tools& tools_;
  const conversation_partner& partner_;
  conversation_result out_;
  std::string alpn_;  ///< that the server selected
};

}  // namespace sonde::scanner
