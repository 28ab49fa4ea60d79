#include "client/target_stream.hpp"

#include "base/async/condition.hpp"
#include "client/errc.hpp"
#include "client/target_list.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sonde::client {
namespace {

constexpr std::size_t read_ahead = 256;
/// Maximum line length in bytes. A name has at most 253 bytes, so a longer line does not belong to
/// a list of targets.
constexpr std::size_t longest_line = 4096;

}  // namespace

/// State that the thread and the loop share.
struct target_stream::state : std::enable_shared_from_this<state> {
  explicit state(executor on) : loop(std::move(on)), changed(loop) {}
  ~state() { close(wake); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// Takes the next target, on the loop. No value: it has not arrived yet.
  std::optional<result<std::optional<std::string>>> take();
  /// Stops reading. Called on the loop.
  void stop();

  /// Reads the list to its end or until it is stopped. Runs on the thread.
  void read_all(int descriptor);
  bool wait_until_readable(int descriptor) const;
  /// Adds the targets of all complete lines. Returns false if it was stopped.
  bool put_lines(target_lines& list, std::string& text);
  bool put(std::string target);
  void end(std::optional<error> why);
  void announce();

  executor loop;
  condition changed;  ///< used by the loop only
  int wake = eventfd(0, EFD_CLOEXEC);

  std::mutex mutex;  ///< guards the members below
  std::condition_variable room;
  std::deque<std::string> targets;
  std::optional<error> failure;
  bool ended = false;
  bool stopped = false;
};

std::optional<result<std::optional<std::string>>> target_stream::state::take() {
  using answer = result<std::optional<std::string>>;
  std::lock_guard only(mutex);
  if (stopped) return answer(std::optional<std::string>());
  if (!targets.empty()) {
    std::optional<std::string> next(std::move(targets.front()));
    targets.pop_front();
    room.notify_one();
    return answer(std::move(next));
  }
  if (failure) return answer(*failure);
  if (ended) return answer(std::optional<std::string>());
  return std::nullopt;
}

void target_stream::state::stop() {
  {
    std::lock_guard only(mutex);
    stopped = true;
  }
  room.notify_all();
  eventfd_write(wake, 1);
  changed.notify_all();
}

void target_stream::state::announce() {
  auto wake_all = [self = shared_from_this()] { self->changed.notify_all(); };
  asio::post(loop, std::move(wake_all));
}

bool target_stream::state::put(std::string target) {
  {
    std::unique_lock only(mutex);
    room.wait(only, [this] { return stopped || targets.size() < read_ahead; });
    if (stopped) return false;
    targets.push_back(std::move(target));
  }
  announce();
  return true;
}

void target_stream::state::end(std::optional<error> why) {
  {
    std::lock_guard only(mutex);
    ended = true;
    failure = std::move(why);
  }
  announce();
}

bool target_stream::state::wait_until_readable(int descriptor) const {
  std::array<pollfd, 2> waited{};
  waited[0].fd = descriptor;
  waited[0].events = POLLIN;
  waited[1].fd = wake;
  waited[1].events = POLLIN;
  while (poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
  }
  return waited[1].revents == 0;
}

bool target_stream::state::put_lines(target_lines& list, std::string& text) {
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    auto target = list.take(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    if (target && !put(std::move(*target))) return false;
  }
  text.erase(0, begin);
  return true;
}

void target_stream::state::read_all(int descriptor) {
  target_lines list;
  std::string text;
  std::array<char, longest_line> bytes;
  while (wait_until_readable(descriptor)) {
    auto size = read(descriptor, bytes.data(), bytes.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) {
      return end(
          fail(errc::usage, std::string("standard input cannot be read: ") + std::strerror(errno)));
    }
    if (size == 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(size));
    if (!put_lines(list, text)) return;
    if (text.size() > longest_line) {
      return end(fail(
          errc::usage,
          fmt::format("standard input has a line of more than {} bytes; give one target a line",
                      longest_line)));
    }
  }
  auto last = list.take(text);
  if (last && !put(std::move(*last))) return;
  end(std::nullopt);
}

target_stream::target_stream(executor loop, int descriptor)
    : state_(std::make_shared<state>(std::move(loop))) {
  reader_ = std::thread([shared = state_.get(), descriptor] { shared->read_all(descriptor); });
}

target_stream::~target_stream() {
  state_->stop();
  reader_.join();
}

awaitable<result<std::optional<std::string>>> target_stream::next() {
  auto shared = state_;
  while (true) {
    auto found = shared->take();
    if (found) co_return std::move(*found);
    co_await shared->changed.wait();
  }
}

void target_stream::stop() {
  state_->stop();
}

}  // namespace sonde::client
