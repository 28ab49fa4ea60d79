#include "tests/tls/memory_server.hpp"

#include "tls/openssl.hpp"

#include <array>
#include <map>
#include <stdexcept>

namespace sonde::test {
namespace {

constexpr std::size_t longest_record = 16'384;

int version_number(const std::string& text) {
  static const std::map<std::string, int> versions = {{"TLSv1", TLS1_VERSION},
                                                      {"TLSv1.1", TLS1_1_VERSION},
                                                      {"TLSv1.2", TLS1_2_VERSION},
                                                      {"TLSv1.3", TLS1_3_VERSION}};
  return text.empty() ? 0 : versions.at(text);
}

tls::x509_ptr decode(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return tls::x509_ptr(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
}

int refuse_name(SSL* ssl, int* /*alert*/, void* refused) {
  const char* sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  bool refuse = sni != nullptr && *static_cast<std::string*>(refused) == sni;
  return refuse ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
}

int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* wanted) {
  const auto& name = *static_cast<std::string*>(wanted);
  for (unsigned at = 0; at < offered_size; at += offered[at] + 1U) {
    std::string_view each(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (each != name) continue;
    *out = offered + at + 1;
    *size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string big_endian(std::size_t value, unsigned bytes) {
  std::string out;
  while (bytes-- > 0)
    out += static_cast<char>(value >> 8 * bytes & 0xFFU);
  return out;
}

std::string handshake_message(char type, const std::string& body) {
  return type + big_endian(body.size(), 3) + body;
}

}  // namespace

struct memory_server::engine {
  explicit engine(const server_settings& settings);
  void advance();

  std::string leaf;
  std::string refused_name;
  std::string protocol;
  tls::ssl_ctx_ptr context;
  tls::ssl_ptr ssl;
  BIO* input;
  BIO* output;
  std::string plaintext;
};

memory_server::engine::engine(const server_settings& settings)
    : refused_name(settings.refuses_name),
      protocol(settings.protocol),
      context(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* c = context.get();
  auto chain = settings.chain;
  if (chain.empty()) chain.push_back(make_self_signed({.key = settings.key}));
  leaf = chain[0];
  SSL_CTX_set_min_proto_version(c, version_number(settings.only_version));
  SSL_CTX_set_max_proto_version(c, version_number(settings.only_version));
  SSL_CTX_set_cipher_list(
      c, (settings.ciphers.empty() ? "ALL:@SECLEVEL=0" : settings.ciphers).c_str());
  SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (!settings.groups.empty()) SSL_CTX_set1_groups_list(c, settings.groups.c_str());
  bool usable = SSL_CTX_use_certificate(c, decode(chain[0]).get()) == 1 &&
                SSL_CTX_use_PrivateKey(c, signing_key::of(settings.key).get()) == 1;
  if (!usable) throw std::runtime_error("the test's server cannot use its certificate");
  for (std::size_t i = 1; i < chain.size(); ++i)
    SSL_CTX_add_extra_chain_cert(c, decode(chain[i]).release());
  int verify = settings.asks_for_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
  if (settings.insists_on_certificate) verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(c, verify, nullptr);
  SSL_CTX_set_tlsext_servername_callback(c, refuse_name);
  SSL_CTX_set_tlsext_servername_arg(c, &refused_name);
  if (!protocol.empty()) SSL_CTX_set_alpn_select_cb(c, select_protocol, &protocol);
  ssl.reset(SSL_new(c));
  input = BIO_new(BIO_s_mem());
  output = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), input, output);
  SSL_set_accept_state(ssl.get());
}

void memory_server::engine::advance() {
  std::array<char, longest_record> record;
  std::size_t size = 0;
  while (SSL_read_ex(ssl.get(), record.data(), record.size(), &size) == 1)
    plaintext.append(record.data(), size);
  ERR_clear_error();
}

memory_server::memory_server(const server_settings& settings)
    : engine_(std::make_unique<engine>(settings)) {}

memory_server::~memory_server() = default;

void memory_server::receive(std::string_view bytes) {
  BIO_write(engine_->input, bytes.data(), static_cast<int>(bytes.size()));
  engine_->advance();
}

std::string memory_server::take_output() {
  std::string out(BIO_ctrl_pending(engine_->output), '\0');
  BIO_read(engine_->output, out.data(), static_cast<int>(out.size()));
  return out;
}

bool memory_server::established() const {
  return SSL_is_init_finished(engine_->ssl.get()) == 1;
}

void memory_server::say(std::string_view plaintext) {
  SSL_write(engine_->ssl.get(), plaintext.data(), static_cast<int>(plaintext.size()));
}

void memory_server::say_goodbye() {
  SSL_shutdown(engine_->ssl.get());
}

std::string memory_server::take_plaintext() {
  return std::exchange(engine_->plaintext, {});
}

std::string memory_server::sni_received() const {
  const char* sni = SSL_get_servername(engine_->ssl.get(), TLSEXT_NAMETYPE_host_name);
  return sni == nullptr ? "" : sni;
}

const std::string& memory_server::leaf() const {
  return engine_->leaf;
}

void converse(tls::client_handshake& client, memory_server& server, std::size_t piece) {
  while (true) {
    auto to_server = client.take_output();
    if (!to_server.empty()) server.receive(to_server);
    auto to_client = server.take_output();
    if (to_server.empty() && to_client.empty()) return;
    for (std::size_t at = 0; at < to_client.size(); at += piece)
      client.receive(std::string_view(to_client).substr(at, piece));
  }
}

std::string plain_flight(const std::vector<std::string>& chain) {
  std::string hello("\x03\x03", 2);
  hello += std::string(32, 'r');        // random
  hello += '\0';                        // no session
  hello += std::string("\x00\x2F", 2);  // TLS_RSA_WITH_AES_128_CBC_SHA
  hello += '\0';                        // no compression
  std::string list;
  for (const auto& der : chain)
    list += big_endian(der.size(), 3) + der;
  auto messages = handshake_message(2, hello) +
                  handshake_message(11, big_endian(list.size(), 3) + list) +
                  handshake_message(14, "");
  std::string out;
  for (std::size_t at = 0; at < messages.size(); at += longest_record) {
    auto fragment = messages.substr(at, longest_record);
    out += std::string("\x16\x03\x03") + big_endian(fragment.size(), 2) + fragment;
  }
  return out;
}

}  // namespace sonde::test
