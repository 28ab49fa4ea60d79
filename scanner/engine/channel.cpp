#include "scanner/engine/channel.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using tls_state = tls::client_handshake::state;

constexpr std::size_t network_piece = 4096;

}  // namespace

channel::channel(connection link, std::size_t most_received)
    : link_(std::move(link)), most_received_(most_received) {}

bool channel::is_secure() const {
  return tls_ && tls_->status() == tls_state::established;
}

bool channel::speaks_tls() const {
  if (!tls_) return false;
  const auto& seen = tls_->observation();
  return is_secure() || !seen.chain.empty() || seen.alert.has_value() || !seen.version.empty();
}

awaitable<result<std::string>> channel::read(std::size_t most, steady_time until) {
  bool plain_peer = tls_ && !tls_->foreign_bytes().empty();
  if (!tls_ || plain_peer) {
    auto bytes = co_await link_.read(std::min(most, network_piece), until);
    if (bytes) received_ += bytes->size();
    co_return bytes;
  }
  result<> last;
  while (true) {
    auto plain = tls_->take_plaintext();
    if (!plain.empty()) co_return plain;
    if (!last) co_return last.error();
    if (tls_->status() != tls_state::established) co_return fail(errc::closed);
    last = co_await pump(until);
  }
}

awaitable<result<>> channel::send(std::string bytes, steady_time until) {
  auto size = bytes.size();
  auto written = co_await link_.write(std::move(bytes), until);
  if (written) sent_ += size;
  co_return written;
}

awaitable<result<>> channel::write(std::string bytes, steady_time until) {
  if (!tls_) {
    auto written = co_await send(std::move(bytes), until);
    co_return written;
  }
  if (auto put = tls_->encrypt(bytes); !put) co_return fail(errc::closed);
  auto output = tls_->take_output();
  auto written = co_await send(std::move(output), until);
  co_return written;
}

awaitable<result<>> channel::pump(steady_time until) {
  auto output = tls_->take_output();
  if (frames_) output = tds_frames::wrap(output);
  if (!output.empty()) {
    auto written = co_await send(std::move(output), until);
    if (!written) co_return written;
  }
  bool open = tls_->status() == tls_state::in_progress || is_secure();
  if (!open) co_return fail(errc::closed);
  auto input = co_await link_.read(network_piece, until);
  if (input) {
    received_ += input->size();
    if (received_ > most_received_) co_return fail(errc::closed);
    if (frames_) *input = frames_->unwrap(*input);
    tls_->receive(*input);
    co_return result<>();
  }
  if (input.error().code == make_error_code(errc::closed)) tls_->receive_end();
  co_return input.error();
}

awaitable<result<>> channel::secure(tls::library& openssl, tls::client_offer offer,
                                    const tls::handshake_limits& bounds, steady_time until) {
  tls_ = std::make_unique<tls::client_handshake>(openssl, std::move(offer), bounds);
  result<> last;
  while (tls_->status() == tls_state::in_progress && last) {
    last = co_await pump(until);
  }
  // What is still to be sent: the end of the handshake, or an alert.
  auto rest = tls_->take_output();
  if (frames_) rest = tds_frames::wrap(rest);
  frames_.reset();
  if (!rest.empty()) {
    auto sent = co_await send(std::move(rest), until);
    if (!sent && last) last = sent;
  }
  co_return last;
}

}  // namespace sonde::scanner
