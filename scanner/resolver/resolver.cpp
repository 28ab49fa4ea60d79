#include "scanner/resolver/resolver.hpp"

#include "base/async/condition.hpp"
#include "scanner/errc.hpp"

#include <ares.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <arpa/nameser.h>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>

namespace sonde::scanner {
namespace {

constexpr int most_addresses = 64;
/// When no look-up is under way.
constexpr std::chrono::hours long_time{1};

/// c-ares keeps a count of its own initialisations.
struct ares_library {
  ares_library() {
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
      throw std::runtime_error("c-ares could not be initialised");
    }
  }
  ~ares_library() { ares_library_cleanup(); }
  ares_library(const ares_library&) = delete;
  ares_library& operator=(const ares_library&) = delete;
};

errc reason_of(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
      return errc::nxdomain;
    case ARES_ENODATA:
      return errc::no_data;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
      return errc::dns_timeout;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return errc::cancelled;
    default:
      return errc::servfail;
  }
}

std::string sentence(const std::string& name, errc why, int status) {
  switch (why) {
    case errc::nxdomain:
      return name + " does not exist";
    case errc::no_data:
      return name + " exists and has no address";
    case errc::dns_timeout:
      return status == ARES_ECONNREFUSED ? "no name server could be reached to look up " + name
                                         : "no name server answered in time for " + name;
    case errc::cancelled:
      return "the look-up of " + name + " was cancelled";
    default:
      return "the name servers failed to look up " + name + " (" + ares_strerror(status) + ")";
  }
}

/// Two questions about one name, and what came back.
struct look_up {
  explicit look_up(executor loop) : answered(std::move(loop)) {}
  int outstanding = 2;
  std::vector<model::ip_address> addresses;
  std::vector<int> failures;
  condition answered;

  void note(int status) {
    if (status != ARES_SUCCESS) failures.push_back(status);
    --outstanding;
    answered.notify_all();
  }
};

/// c-ares calls back with a pointer of ours; it owns a share of the look-up.
using look_up_share = std::shared_ptr<look_up>;

look_up_share take(void* argument) {
  std::unique_ptr<look_up_share> owner(static_cast<look_up_share*>(argument));
  return std::move(*owner);
}

void on_a(void* argument, int status, int, unsigned char* answer, int size) {
  auto asked = take(argument);
  std::array<ares_addrttl, most_addresses> found{};
  int count = most_addresses;
  if (status == ARES_SUCCESS) {
    status = ares_parse_a_reply(answer, size, nullptr, found.data(), &count);
  }
  if (status == ARES_SUCCESS && count == 0) status = ARES_ENODATA;
  for (int i = 0; status == ARES_SUCCESS && i < count; ++i) {
    auto bytes = std::as_bytes(std::span(&found[static_cast<std::size_t>(i)].ipaddr, 1));
    asked->addresses.push_back(model::ip_address::from_bytes(bytes));
  }
  asked->note(status);
}

void on_aaaa(void* argument, int status, int, unsigned char* answer, int size) {
  auto asked = take(argument);
  std::array<ares_addr6ttl, most_addresses> found{};
  int count = most_addresses;
  if (status == ARES_SUCCESS) {
    status = ares_parse_aaaa_reply(answer, size, nullptr, found.data(), &count);
  }
  if (status == ARES_SUCCESS && count == 0) status = ARES_ENODATA;
  for (int i = 0; status == ARES_SUCCESS && i < count; ++i) {
    auto bytes = std::as_bytes(std::span(&found[static_cast<std::size_t>(i)].ip6addr, 1));
    asked->addresses.push_back(model::ip_address::from_bytes(bytes));
  }
  asked->note(status);
}

std::string joined(const std::vector<std::string>& servers) {
  std::string out;
  for (const auto& server : servers)
    out += (out.empty() ? "" : ",") + server;
  return out;
}

ares_channel make_channel(const std::vector<std::string>& servers, const limits& limits,
                          ares_sock_state_cb on_state, void* self) {
  static const ares_library library;
  ares_options options{};
  options.timeout = static_cast<int>(limits.dns_timeout_ms);
  options.tries = static_cast<int>(limits.dns_tries);
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = self;
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  ares_channel channel = nullptr;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS;
  if (ares_init_options(&channel, &options, mask) != ARES_SUCCESS) {
    throw std::runtime_error("c-ares could not be set up");
  }
  if (!servers.empty() &&
      ares_set_servers_ports_csv(channel, joined(servers).c_str()) != ARES_SUCCESS) {
    ares_destroy(channel);
    throw std::runtime_error("not a list of name servers: " + joined(servers));
  }
  return channel;
}

}  // namespace

/// A c-ares channel, driven by the loop: its sockets are waited for, its time-outs kept.
class resolver::channel {
 public:
  channel(executor loop, const std::vector<std::string>& servers, const limits& limits)
      : loop_(loop), timer_(loop), ares_(make_channel(servers, limits, &on_state, this)) {}

  ~channel() {
    ares_destroy(ares_);
    for (auto& [descriptor, watched] : sockets_)
      watched->release();
  }
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name) {
    auto asked = std::make_shared<look_up>(loop_);
    ares_query(ares_, name.c_str(), ns_c_in, ns_t_a, on_a, new look_up_share(asked));
    ares_query(ares_, name.c_str(), ns_c_in, ns_t_aaaa, on_aaaa, new look_up_share(asked));
    keep_time();
    while (asked->outstanding > 0)
      co_await asked->answered.wait();
    auto& found = asked->addresses;
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    if (!found.empty()) co_return std::move(found);
    co_return explain(name, asked->failures);
  }

  void cancel() { ares_cancel(ares_); }

 private:
  /// NXDOMAIN is about the name, whatever the type; and "no data" is certain only if both said it.
  static error explain(const std::string& name, const std::vector<int>& failures) {
    int worst = failures.front();
    for (int status : failures) {
      if (status == ARES_ENOTFOUND) {
        worst = status;
        break;
      }
      if (worst == ARES_ENODATA) worst = status;
    }
    auto why = reason_of(worst);
    return fail(why, sentence(name, why, worst));
  }

  static void on_state(void* self, ares_socket_t descriptor, int readable, int writable) {
    static_cast<channel*>(self)->watch(descriptor, readable != 0, writable != 0);
  }

  using watched_socket = std::shared_ptr<asio::posix::stream_descriptor>;

  void watch(int descriptor, bool readable, bool writable) {
    auto place = sockets_.find(descriptor);
    if (!readable && !writable) {  // c-ares is about to close it
      if (place == sockets_.end()) return;
      place->second->release();
      sockets_.erase(place);
      return;
    }
    if (place == sockets_.end()) {
      auto made = std::make_shared<asio::posix::stream_descriptor>(loop_, descriptor);
      place = sockets_.emplace(descriptor, std::move(made)).first;
    }
    if (readable) wait(place->second, asio::posix::stream_descriptor::wait_read);
    if (writable) wait(place->second, asio::posix::stream_descriptor::wait_write);
  }

  void wait(const watched_socket& socket, asio::posix::stream_descriptor::wait_type what) {
    socket->async_wait(what, [this, socket, what](error_code failed) {
      if (failed || !socket->is_open()) return;
      int descriptor = socket->native_handle();
      bool reading = what == asio::posix::stream_descriptor::wait_read;
      ares_process_fd(ares_, reading ? descriptor : ARES_SOCKET_BAD,
                      reading ? ARES_SOCKET_BAD : descriptor);
      keep_time();
      auto place = sockets_.find(descriptor);
      bool still_wanted = place != sockets_.end() && place->second == socket;
      if (still_wanted && reading) wait(socket, what);
    });
  }

  void keep_time() {
    timeval longest{std::chrono::seconds(long_time).count(), 0};
    timeval next{};
    timeval* wait = ares_timeout(ares_, &longest, &next);
    timer_.expires_after(std::chrono::seconds(wait->tv_sec) +
                         std::chrono::microseconds(wait->tv_usec));
    timer_.async_wait([this](error_code failed) {
      if (failed) return;
      ares_process_fd(ares_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      keep_time();
    });
  }

  executor loop_;
  asio::steady_timer timer_;
  std::map<int, watched_socket> sockets_;
  ares_channel ares_;
};

resolver::resolver(executor loop, const std::vector<std::string>& servers, const limits& limits)
    : channel_(std::make_unique<channel>(std::move(loop), servers, limits)) {}

resolver::~resolver() = default;

awaitable<result<std::vector<model::ip_address>>> resolver::resolve(std::string name) {
  return channel_->resolve(std::move(name));
}

void resolver::cancel() {
  channel_->cancel();
}

result<> check_server(const std::string& text) {
  auto host = text;
  if (host.starts_with('[')) {
    auto end = host.find(']');
    host = host.substr(1, end == std::string::npos ? end : end - 1);
  } else if (std::ranges::count(host, ':') == 1) {
    host = host.substr(0, host.find(':'));
  }
  if (model::ip_address::parse(host)) return {};
  return fail(errc::local_trouble, "\"" + text +
                                       "\" is no name server: write its address, as in "
                                       "192.0.2.53 or 192.0.2.53:5353");
}

}  // namespace sonde::scanner
