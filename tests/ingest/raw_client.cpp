#include "tests/ingest/raw_client.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace sonde::test {

raw_client::raw_client(const std::string& endpoint)
    : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  auto colon = endpoint.rfind(':');
  where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &where.sin_addr);
  timeval patience{30, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(descriptor_, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) {
    close(descriptor_);
    throw std::runtime_error("cannot connect to " + endpoint);
  }
}

raw_client::~raw_client() {
  close(descriptor_);
}

bool raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void raw_client::end() {
  shutdown(descriptor_, SHUT_WR);
}

bool raw_client::receive() {
  char bytes[65536];
  auto size = recv(descriptor_, bytes, sizeof bytes, 0);
  if (size < 0 && errno == ECONNRESET) reset_ = true;
  if (size < 0 && errno == EAGAIN) throw std::runtime_error("the server says nothing");
  if (size <= 0) return false;
  received_.append(bytes, static_cast<std::size_t>(size));
  return true;
}

std::string raw_client::read_answer() {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return std::exchange(received_, {});
  }
  end += 4;
  constexpr std::string_view length = "Content-Length: ";
  auto head = std::string_view(received_).substr(0, end);
  auto field = head.find(length);
  if (field != std::string_view::npos) end += std::stoul(received_.substr(field + length.size()));
  while (received_.size() < end) {
    if (!receive()) return std::exchange(received_, {});
  }
  auto out = received_.substr(0, end);
  received_.erase(0, end);
  return out;
}

std::string raw_client::read_all() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

}  // namespace sonde::test
