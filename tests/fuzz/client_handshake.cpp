// Treats any bytes as the output of a server. The first byte of the input selects the size of the
// pieces, the second whether the server then closes. Also parses the same bytes as the body of a
// Certificate message.

#include "tls/client_handshake.hpp"

#include "tls/chain_message.hpp"
#include "tls/errc.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace sonde::tls;
using state = client_handshake::state;

constexpr handshake_limits tight = {
    .handshake_bytes = 8'192, .chain_certificates = 4, .chain_decoded = 6, .foreign_bytes = 64};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const client_handshake& client) {
  const auto& seen = client.observation();
  require(seen.chain.size() <= tight.chain_certificates);
  require(seen.chain.size() <= seen.chain_total);
  require(client.foreign_bytes().size() <= tight.foreign_bytes);
  bool failed = client.status() == state::failed;
  require(failed == (client.failure().code.failed()));
  require(!failed || !client.failure().message().empty());
  bool foreign = failed && client.failure().code == errc::not_tls;
  require(foreign == !client.foreign_bytes().empty());
}

void read_as_chain(std::string_view body) {
  for (auto format : {chain_format::up_to_tls12, chain_format::tls13}) {
    auto chain = read_chain(body, format, 2);
    require(chain.certificates.size() <= 2 && chain.certificates.size() <= chain.total);
    require(chain.total <= body.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static library openssl;
  std::size_t piece = data[0] + 1U;
  bool closes = data[1] % 2 == 1;
  std::string_view said(reinterpret_cast<const char*>(data + 2), size - 2);
  client_handshake client(openssl, {.sni = "host.example", .alpn = {"http/1.1", "h2"}}, tight);
  require(!client.take_output().empty());
  for (std::size_t at = 0; at < said.size(); at += piece) {
    client.receive(said.substr(at, piece));
    check(client);
    (void)client.take_output();
    require(client.take_plaintext().size() <= said.size());
  }
  if (closes) client.receive_end();
  check(client);
  read_as_chain(said);
  return 0;
}
