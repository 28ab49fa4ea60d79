#include "tls/client_handshake.hpp"

#include "tls/alert.hpp"
#include "tls/chain_message.hpp"
#include "tls/errc.hpp"
#include "tls/openssl.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

namespace sonde::tls {
namespace {

/// The size of the prefix that identifies a TLS record: type and version (RFC 8446, section 5.1).
constexpr std::size_t record_prefix = 3;

/// Returns whether `bytes`, a server's first, can start a TLS record with a handshake message or an
/// alert.
bool may_be_tls(std::string_view bytes) {
  constexpr unsigned char highest_minor_version = 4;
  if (!bytes.empty() && bytes[0] != SSL3_RT_HANDSHAKE && bytes[0] != SSL3_RT_ALERT) return false;
  if (bytes.size() > 1 && bytes[1] != SSL3_VERSION_MAJOR) return false;
  return bytes.size() < record_prefix ||
         static_cast<unsigned char>(bytes[2]) <= highest_minor_version;
}

/// Returns the error of libssl if there is one: errors of lower layers are its consequences or mere
/// details. Empties the thread's error queue.
unsigned long take_ssl_error() {
  unsigned long found = 0;
  while (unsigned long code = ERR_get_error()) {
    if (found == 0 || (ERR_GET_LIB(found) != ERR_LIB_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL)) {
      found = code;
    }
  }
  return found;
}

std::string reason_text(unsigned long code) {
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "for a reason that OpenSSL does not report" : reason;
}

/// Sends `protocols` as ALPN. Returns false if one of them cannot be sent.
bool offer_protocols(SSL* ssl, const std::vector<std::string>& protocols) {
  if (protocols.empty()) return true;
  std::string list;
  for (const auto& each : protocols) {
    if (each.empty() || each.size() > 255) return false;
    list += static_cast<char>(each.size());
    list += each;
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(list.data());
  return SSL_set_alpn_protos(ssl, bytes, static_cast<unsigned>(list.size())) == 0;
}

}  // namespace

struct client_handshake::engine {
  engine(library& openssl, client_offer offer, const handshake_limits& set_limits);

  void receive(std::string_view bytes);
  void receive_end();
  result<> encrypt(std::string_view plaintext);
  std::string take_output();

  [[nodiscard]] bool is_alive() const {
    return now == state::in_progress || now == state::established;
  }
  [[nodiscard]] bool is_foreign() const { return failure.code == errc::not_tls; }
  [[nodiscard]] bool is_chain_too_long() const { return seen.chain_total > limits.chain_decoded; }
  void feed(std::string_view bytes);
  void advance();
  void shake_hands();
  void read_plaintext();
  /// Handles a failed OpenSSL operation. Waiting for input is not a failure.
  void take_result(int returned);
  void fail_with(errc code, std::string why);

  static void on_message(int sent, int version, int type, const void* data, std::size_t size,
                         SSL* ssl, void* self) noexcept;
  void on_alert(std::string_view alert);
  void on_handshake_message(std::span<char> message);
  void on_certificate_message(std::span<char> body);
  void note_parameters();

  handshake_limits limits;
  ssl_ptr ssl;
  BIO* input = nullptr;  ///< owned by `ssl`, as is `output`
  BIO* output = nullptr;
  state now = state::in_progress;
  error failure;
  handshake_observation seen;
  std::string first_bytes;  ///< kept until TLS is recognised, or permanently if it is not
  bool speaks_tls = false;
  std::size_t received = 0;
  std::string plaintext;
};

client_handshake::engine::engine(library& openssl, client_offer offer,
                                 const handshake_limits& set_limits)
    : limits(set_limits), ssl(SSL_new(openssl.get().client.get())) {
  input = BIO_new(BIO_s_mem());
  output = BIO_new(BIO_s_mem());
  if (ssl != nullptr) SSL_set_bio(ssl.get(), input, output);
  if (ssl == nullptr || input == nullptr || output == nullptr) {
    throw std::runtime_error("OpenSSL could not make a connection object");
  }
  SSL_set_connect_state(ssl.get());
  SSL_set_max_cert_list(ssl.get(), static_cast<long>(limits.handshake_bytes));
  SSL_set_msg_callback(ssl.get(), &engine::on_message);
  SSL_set_msg_callback_arg(ssl.get(), this);
  if (offer.highest == client_offer::version::tls12) {
    SSL_set_max_proto_version(ssl.get(), TLS1_2_VERSION);
  }
  bool sendable = offer.sni.find('\0') == std::string::npos;
  if (sendable && !offer.sni.empty()) {
    sendable = SSL_set_tlsext_host_name(ssl.get(), offer.sni.c_str()) == 1;
  }
  if (!sendable) {
    fail_with(errc::broken, "the name cannot be sent as an SNI");
  } else if (!offer_protocols(ssl.get(), offer.alpn)) {
    fail_with(errc::broken, "the protocols cannot be sent as an ALPN");
  } else {
    seen.sni = std::move(offer.sni);
    advance();
  }
}

void client_handshake::engine::receive(std::string_view bytes) {
  if (is_foreign()) first_bytes += bytes.substr(0, limits.foreign_bytes - first_bytes.size());
  if (!is_alive()) return;
  received += bytes.size();
  std::string held;
  if (!speaks_tls) {
    held = std::exchange(first_bytes, {}).append(bytes);
    if (!may_be_tls(held)) {
      first_bytes = held.substr(0, limits.foreign_bytes);
      return fail_with(errc::not_tls, "the peer does not answer with TLS");
    }
    if (held.size() < record_prefix) {
      first_bytes = std::move(held);
      return;
    }
    speaks_tls = true;
    bytes = held;
  }
  if (now == state::in_progress && received > limits.handshake_bytes) {
    return fail_with(errc::over_limit, fmt::format("the peer's handshake is longer than {} bytes",
                                                   limits.handshake_bytes));
  }
  feed(bytes);
}

void client_handshake::engine::feed(std::string_view bytes) {
  constexpr std::size_t piece = 1u << 20;  // BIO_write counts in int
  while (!bytes.empty() && is_alive()) {
    auto next = bytes.substr(0, piece);
    BIO_write(input, next.data(), static_cast<int>(next.size()));
    bytes.remove_prefix(next.size());
    advance();
  }
}

void client_handshake::engine::receive_end() {
  if (now == state::established) now = state::closed;
  if (now != state::in_progress) return;
  fail_with(errc::closed, received == 0 ? "the peer closed the connection without a response"
                                        : "the peer closed the connection during the handshake");
}

result<> client_handshake::engine::encrypt(std::string_view text) {
  if (now != state::established) return fail(errc::not_established);
  if (text.empty()) return {};
  ERR_clear_error();
  std::size_t written = 0;
  int returned = SSL_write_ex(ssl.get(), text.data(), text.size(), &written);
  if (returned == 1) return {};
  take_result(returned);
  return now == state::failed ? failure : fail(errc::not_established);
}

std::string client_handshake::engine::take_output() {
  std::string out(BIO_ctrl_pending(output), '\0');
  if (!out.empty()) BIO_read(output, out.data(), static_cast<int>(out.size()));
  return out;
}

void client_handshake::engine::advance() {
  ERR_clear_error();
  if (now == state::in_progress) shake_hands();
  if (now == state::established) read_plaintext();
}

void client_handshake::engine::shake_hands() {
  int returned = SSL_connect(ssl.get());
  if (returned != 1) return take_result(returned);
  note_parameters();
  now = state::established;
}

void client_handshake::engine::read_plaintext() {
  std::array<char, 16'384> record;
  while (true) {
    std::size_t size = 0;
    int returned = SSL_read_ex(ssl.get(), record.data(), record.size(), &size);
    if (returned != 1) return take_result(returned);
    plaintext.append(record.data(), size);
  }
}

void client_handshake::engine::take_result(int returned) {
  int kind = SSL_get_error(ssl.get(), returned);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return;
  if (kind == SSL_ERROR_ZERO_RETURN) return receive_end();
  unsigned long code = take_ssl_error();
  if (is_chain_too_long()) {
    return fail_with(errc::over_limit,
                     fmt::format("the peer presents {} certificates", seen.chain_total));
  }
  int alert = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET : -1;
  if (alert >= 0 && alert <= 255) {
    auto name = alert_name(static_cast<std::uint8_t>(alert));
    return fail_with(errc::refused, fmt::format("the peer refused with alert {}, {}", alert, name));
  }
  fail_with(errc::broken, "the peer's TLS is broken: " + reason_text(code));
}

void client_handshake::engine::fail_with(errc code, std::string why) {
  now = state::failed;
  failure = fail(code, std::move(why));
}

void client_handshake::engine::on_message(int sent, int /*version*/, int type, const void* data,
                                          std::size_t size, SSL* /*ssl*/, void* self) noexcept {
  if (sent != 0) return;
  auto& engine = *static_cast<client_handshake::engine*>(self);
  // The buffer belongs to libssl and is not const.
  std::span<char> message(static_cast<char*>(const_cast<void*>(data)), size);
  if (type == SSL3_RT_ALERT) engine.on_alert({message.data(), message.size()});
  if (type == SSL3_RT_HANDSHAKE) engine.on_handshake_message(message);
}

void client_handshake::engine::on_alert(std::string_view alert) {
  if (alert.size() != 2) return;
  auto number = static_cast<std::uint8_t>(alert[1]);
  if (number == SSL_AD_CLOSE_NOTIFY) return;
  seen.alert = {number, std::string(alert_name(number)), alert[0] == SSL3_AL_FATAL};
}

void client_handshake::engine::on_handshake_message(std::span<char> message) {
  if (now != state::in_progress || message.size() < SSL3_HM_HEADER_LENGTH) return;
  switch (message[0]) {
    case SSL3_MT_CERTIFICATE:
      note_parameters();
      on_certificate_message(message.subspan(SSL3_HM_HEADER_LENGTH));
      break;
    case SSL3_MT_CERTIFICATE_REQUEST:
      seen.client_certificate_requested = true;
      note_parameters();
      break;
    case SSL3_MT_ENCRYPTED_EXTENSIONS:
    case SSL3_MT_SERVER_KEY_EXCHANGE:
    case SSL3_MT_SERVER_DONE: note_parameters(); break;
    default: break;
  }
}

void client_handshake::engine::on_certificate_message(std::span<char> body) {
  bool tls13 = SSL_version(ssl.get()) >= TLS1_3_VERSION;
  auto chain = read_chain({body.data(), body.size()},
                          tls13 ? chain_format::tls13 : chain_format::up_to_tls12,
                          limits.chain_certificates);
  seen.chain = std::move(chain.certificates);
  seen.chain_total = chain.total;
  // libssl decodes a whole chain at once and cannot be stopped; ten thousand tiny certificates
  // would block this thread for seconds. No valid body of either format starts with this byte.
  if (is_chain_too_long()) body[0] = '\xFF';
}

/// Called only after OpenSSL has processed the ServerHello; before, it returns the offered values.
void client_handshake::engine::note_parameters() {
  seen.version = SSL_get_version(ssl.get());
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl.get());
  if (cipher == nullptr) cipher = SSL_get_pending_cipher(ssl.get());
  const char* name = cipher == nullptr ? nullptr : SSL_CIPHER_standard_name(cipher);
  if (name != nullptr) seen.cipher = name;
  auto group = static_cast<int>(SSL_get_negotiated_group(ssl.get()));
  const char* group_name = group == NID_undef ? nullptr : SSL_group_to_name(ssl.get(), group);
  if (group_name != nullptr) seen.group = group_name;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl.get(), &protocol, &size);
  if (size > 0) seen.alpn.assign(reinterpret_cast<const char*>(protocol), size);
}

client_handshake::client_handshake(library& openssl, client_offer offer,
                                   const handshake_limits& limits)
    : engine_(std::make_unique<engine>(openssl, std::move(offer), limits)) {}

client_handshake::~client_handshake() = default;

void client_handshake::receive(std::string_view bytes) {
  engine_->receive(bytes);
}

void client_handshake::receive_end() {
  engine_->receive_end();
}

result<> client_handshake::encrypt(std::string_view plaintext) {
  return engine_->encrypt(plaintext);
}

void client_handshake::close() {
  if (engine_->now != state::established && engine_->now != state::closed) return;
  SSL_shutdown(engine_->ssl.get());
  ERR_clear_error();
}

std::string client_handshake::take_output() {
  return engine_->take_output();
}

std::string client_handshake::take_plaintext() {
  return std::exchange(engine_->plaintext, {});
}

client_handshake::state client_handshake::status() const {
  return engine_->now;
}

const error& client_handshake::failure() const {
  return engine_->failure;
}

const handshake_observation& client_handshake::observation() const {
  return engine_->seen;
}

std::string_view client_handshake::foreign_bytes() const {
  return engine_->is_foreign() ? engine_->first_bytes : std::string_view();
}

}  // namespace sonde::tls
