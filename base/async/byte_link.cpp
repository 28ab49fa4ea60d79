#include "base/async/byte_link.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace sonde {
namespace {

class plain_link final : public byte_link {
 public:
  explicit plain_link(int descriptor) : descriptor_(descriptor) {}

  step open() override { return {}; }

  step read(std::span<char> into) override {
    return judge(::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT), outcome::wait_read);
  }

  step write(std::string_view bytes) override {
    auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return judge(sent, outcome::wait_write);
  }

  [[nodiscard]] bool holds_more() const override { return false; }
  void close() override {}

 private:
  static step judge(ssize_t moved, outcome blocked) {
    if (moved > 0) return {outcome::done, static_cast<std::size_t>(moved)};
    if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {blocked};
    return {outcome::over};
  }

  int descriptor_;
};

}  // namespace

std::unique_ptr<byte_link> make_plain_link(int descriptor) {
  return std::make_unique<plain_link>(descriptor);
}

}  // namespace sonde
