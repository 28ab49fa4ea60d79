#include "net/byte_stream.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace sonde {
namespace {

class plain_link final : public byte_stream {
 public:
  explicit plain_link(int descriptor) : descriptor_(descriptor) {}

  step open() override { return {}; }

  step read(std::span<char> into) override {
    return step_of(::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT), outcome::wait_read);
  }

  step write(std::string_view bytes) override {
    auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return step_of(sent, outcome::wait_write);
  }

  [[nodiscard]] bool holds_more() const override { return false; }
  void close() override {}

 private:
  static step step_of(ssize_t moved, outcome blocked) {
    if (moved > 0) return {outcome::done, static_cast<std::size_t>(moved)};
    if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {blocked};
    return {outcome::over};
  }

  int descriptor_;
};

}  // namespace

std::unique_ptr<byte_stream> make_plain_link(int descriptor) {
  return std::make_unique<plain_link>(descriptor);
}

}  // namespace sonde
