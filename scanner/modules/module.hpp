#pragma once

#include "scanner/modules/recognition.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::scanner {

/// The possible effect of a request on a server.
enum class request_risk {
  harmless,
  /// Speaks to a machine that controls something. Sent only where `scan.industrial` allows it, and
  /// only to the protocol's own ports.
  industrial,
};

/// Values that a talk may put into its requests.
struct talk_context {
  std::string host;           ///< name or address under which the target is scanned
  bool host_is_name = false;  ///< and not an address
  std::uint16_t port = 0;     ///< of the target
  std::string user_agent;
  std::uint32_t nonce = 0;  ///< drawn for each talk; only the server asked can repeat it
};

/// The next step of a talk.
struct talk_step {
  enum class kind {
    more,     ///< the response is incomplete by the protocol's own rules
    send,     ///< `request` is the next request; the response to it starts empty
    known,    ///< `known` is the service; the talk is over
    foreign,  ///< the server does not speak this protocol; the talk is over
  };
  kind what = kind::foreign;
  std::string request;
  recognition known;
  bool start_tls = false;  ///< of `known`: the server now expects a ClientHello on the connection

  static talk_step incomplete() { return {kind::more, {}, {}, false}; }
  static talk_step send(std::string bytes) { return {kind::send, std::move(bytes), {}, false}; }
  static talk_step is(recognition service) { return {kind::known, {}, std::move(service), false}; }
  static talk_step not_ours() { return {}; }
};

/// One connection to a server of one protocol, without the connection: responses go in, requests
/// come out. Runs over plain TCP and inside TLS alike. Never logs in and changes no state.
///
/// The owner sends `begin()`, then gives all bytes received since the last request to `receive`
/// each time more arrive, at most `engine_limits::talk_bytes`, and sends at most
/// `engine_limits::talk_messages` requests. Any bytes may come; nothing throws. Lives on one
/// thread.
class protocol_talk {
 public:
  protocol_talk() = default;
  virtual ~protocol_talk() = default;
  protocol_talk(const protocol_talk&) = delete;
  protocol_talk& operator=(const protocol_talk&) = delete;

  /// The first request. Empty if the server speaks, or expects a ClientHello, without one.
  [[nodiscard]] virtual std::string begin() = 0;
  /// False: the server sends nothing to the first request. `ended` follows it at once.
  [[nodiscard]] virtual bool awaits_response() const { return true; }
  [[nodiscard]] virtual talk_step receive(std::string_view response) = 0;
  /// The server closed the connection or stayed silent until the deadline. What earlier responses
  /// proved is still known. Returns `known` or `foreign`.
  [[nodiscard]] virtual talk_step ended(std::string_view response) {
    (void)response;
    return talk_step::not_ours();
  }
};

/// Reads the response to a module's only request. Pure.
using response_reader = talk_step (*)(std::string_view response, const talk_context& context);

/// A talk of one request and one response.
class one_exchange final : public protocol_talk {
 public:
  one_exchange(std::string request, response_reader read, talk_context context)
      : request_(std::move(request)), read_(read), context_(std::move(context)) {}

  [[nodiscard]] std::string begin() override { return request_; }
  [[nodiscard]] talk_step receive(std::string_view response) override {
    return read_(response, context_);
  }

 private:
  std::string request_;
  response_reader read_;
  talk_context context_;
};

/// The place in which a talk runs.
enum class talk_place {
  plain,
  inside_tls,  ///< from the first byte, or since the server accepted STARTTLS
};

/// The carrier of the messages of a TLS handshake that began inside a protocol.
enum class tls_carrier {
  none,         ///< they follow as they are
  tds_packets,  ///< packets of TDS, with TLS 1.2 at most (MS-TDS, section 3.2.5.2)
};

/// Makes a talk.
using talk_maker = std::unique_ptr<protocol_talk> (*)(const talk_context& context);

/// One protocol: what Sonde sends to find it, and how it knows it. A module is one file; it is
/// listed once in `catalogue.inc`.
struct protocol_module {
  std::string_view name;
  /// Ports where the talk is tried first. They order requests and never name a service.
  std::span<const std::uint16_t> hinted_ports = {};
  /// Knows bytes that were sent without this module's request: a greeting, or the error with which
  /// such a server answers another protocol's request. Null: there are none.
  std::optional<recognition> (*recognise)(std::string_view banner) = nullptr;
  /// The requests on the connection after a greeting that `recognise` knows: capabilities, and
  /// STARTTLS on a plain one. Its service adds facts, product and version. Inside TLS that began
  /// with STARTTLS it is called again. Null: nothing, also where it returns null.
  std::unique_ptr<protocol_talk> (*after_greeting)(const recognition& greeting,
                                                   talk_place where) = nullptr;
  /// Null: the server speaks first, and no request finds it.
  talk_maker talk = nullptr;
  /// Begins TLS on a connection of its own, once a response in plain TCP has named the service.
  /// Its service has no facts. Null: TLS does not begin inside the protocol, or `talk` begins it.
  talk_maker upgrade = nullptr;
  /// The requests inside TLS that began inside the protocol. Null: nothing, or `after_greeting`.
  talk_maker inside_upgrade = nullptr;
  tls_carrier carrier = tls_carrier::none;
  /// Tried on a silent port without a hint too.
  bool asked_anywhere = false;
  request_risk risk = request_risk::harmless;
  /// Its servers serve one client, or one at a time: the connection of the sweep is kept for the
  /// conversation, and closed before the next one is opened.
  bool one_client = false;
};

/// All modules, in the order in which they are tried.
[[nodiscard]] std::span<const protocol_module* const> catalogue();

/// The modules whose talk is hinted at by this port, in the order of the catalogue.
[[nodiscard]] std::vector<const protocol_module*> hinted_modules(std::uint16_t port);

/// Shorthand for modules: a recognition of a text protocol, whose banner is `banner`.
[[nodiscard]] recognition text_service(std::string_view name, std::string_view banner);
/// Shorthand for modules: a recognition of a binary response, proven by its structure. It has no
/// banner.
[[nodiscard]] recognition proven_service(std::string_view name);

/// Each module's one definition, `ssh_module`, is in the file of its name.
namespace modules {
#define SONDE_MODULE(name) extern const protocol_module name##_module;
#include "scanner/modules/catalogue.inc"
#undef SONDE_MODULE
}  // namespace modules

}  // namespace sonde::scanner
