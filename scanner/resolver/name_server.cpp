#include "scanner/resolver/name_server.hpp"

#include <ares.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

namespace sonde::scanner {
namespace {

constexpr int most_records = 64;

/// Initialises c-ares, which counts its initialisations.
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

dns_answer answer_of(int status) {
  switch (status) {
    case ARES_SUCCESS: return dns_answer::addresses;
    case ARES_ENODATA: return dns_answer::no_data;
    case ARES_ENOTFOUND: return dns_answer::nxdomain;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED: return dns_answer::timeout;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return dns_answer::cancelled;
    default: return dns_answer::failure;
  }
}

template <class Bytes>
model::ip_address address_of(const Bytes& bytes) {
  return model::ip_address::from_bytes(std::as_bytes(std::span(&bytes, 1)));
}

int read_a(const unsigned char* packet, int size, std::vector<model::ip_address>& out) {
  std::array<ares_addrttl, most_records> found{};
  int count = most_records;
  int status = ares_parse_a_reply(packet, size, nullptr, found.data(), &count);
  if (status != ARES_SUCCESS) return status;
  for (const auto& each : std::span(found).first(static_cast<std::size_t>(count)))
    out.push_back(address_of(each.ipaddr));
  return count == 0 ? ARES_ENODATA : ARES_SUCCESS;
}

int read_aaaa(const unsigned char* packet, int size, std::vector<model::ip_address>& out) {
  std::array<ares_addr6ttl, most_records> found{};
  int count = most_records;
  int status = ares_parse_aaaa_reply(packet, size, nullptr, found.data(), &count);
  if (status != ARES_SUCCESS) return status;
  for (const auto& each : std::span(found).first(static_cast<std::size_t>(count)))
    out.push_back(address_of(each.ip6addr));
  return count == 0 ? ARES_ENODATA : ARES_SUCCESS;
}

/// The data of a query that c-ares carries as a pointer.
struct open_question {
  record_type type;
  name_server::callback done;
};

void on_reply(void* argument, int status, int /*timeouts*/, unsigned char* packet, int size) {
  std::unique_ptr<open_question> asked(static_cast<open_question*>(argument));
  dns_reply reply;
  if (status == ARES_SUCCESS) {
    status = asked->type == record_type::a ? read_a(packet, size, reply.addresses)
                                           : read_aaaa(packet, size, reply.addresses);
  }
  reply.what = answer_of(status);
  reply.reason = ares_strerror(status);
  asked->done(std::move(reply));
}

ares_channel make_channel(int timeout_ms, ares_sock_state_cb on_state, void* self) {
  static const ares_library library;
  ares_options options{};
  options.timeout = timeout_ms;
  options.tries = 1;
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = self;
  // NOCHECKRESP: a failure must be reported and not be treated as a timeout.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS;
  ares_channel channel = nullptr;
  if (ares_init_options(&channel, &options, mask) != ARES_SUCCESS) {
    throw std::runtime_error("c-ares could not be set up");
  }
  return channel;
}

}  // namespace

/// A socket that c-ares owns and closes.
struct name_server::watched_socket {
  watched_socket(executor loop, int number) : descriptor(loop, number) {}
  asio::posix::stream_descriptor descriptor;
  bool wants_read = false;
  bool wants_write = false;
  bool waits_read = false;
  bool waits_write = false;
};

name_server::name_server(executor loop, const std::string& address, const resolver_limits& limits)
    : loop_(loop),
      timer_(loop),
      channel_(make_channel(static_cast<int>(limits.dns_timeout_ms), &on_socket_state, this)) {
  if (ares_set_servers_ports_csv(channel_, address.c_str()) != ARES_SUCCESS) {
    ares_destroy(channel_);
    throw std::runtime_error("not a name server: " + address);
  }
}

name_server::~name_server() {
  ares_destroy(channel_);
  for (auto& [number, socket] : sockets_)
    socket->descriptor.release();
}

void name_server::ask(const std::string& name, record_type type, callback done) {
  int number = type == record_type::a ? ns_t_a : ns_t_aaaa;
  ares_query(channel_, name.c_str(), ns_c_in, number, on_reply,
             new open_question{type, std::move(done)});
  keep_time();
}

void name_server::cancel() {
  ares_cancel(channel_);
  keep_time();
}

void name_server::on_socket_state(void* self, int descriptor, int readable, int writable) {
  static_cast<name_server*>(self)->watch(descriptor, readable != 0, writable != 0);
}

void name_server::watch(int descriptor, bool readable, bool writable) {
  auto place = sockets_.find(descriptor);
  if (!readable && !writable) {  // c-ares is about to close it
    if (place == sockets_.end()) return;
    place->second->descriptor.release();
    sockets_.erase(place);
    return;
  }
  if (place == sockets_.end()) {
    auto made = std::make_shared<watched_socket>(loop_, descriptor);
    place = sockets_.emplace(descriptor, std::move(made)).first;
  }
  auto socket = place->second;
  socket->wants_read = readable;
  socket->wants_write = writable;
  wait_readable(socket);
  wait_writable(socket);
}

// A released socket is not open: its waits end without access to objects that may be destroyed.

void name_server::wait_readable(const socket_pointer& socket) {
  if (!socket->wants_read || std::exchange(socket->waits_read, true)) return;
  auto what = asio::posix::stream_descriptor::wait_read;
  socket->descriptor.async_wait(what, [this, socket](error_code failed) {
    socket->waits_read = false;
    if (failed || !socket->descriptor.is_open()) return;
    ares_process_fd(channel_, socket->descriptor.native_handle(), ARES_SOCKET_BAD);
    keep_time();
    if (socket->descriptor.is_open()) wait_readable(socket);
  });
}

void name_server::wait_writable(const socket_pointer& socket) {
  if (!socket->wants_write || std::exchange(socket->waits_write, true)) return;
  auto what = asio::posix::stream_descriptor::wait_write;
  socket->descriptor.async_wait(what, [this, socket](error_code failed) {
    socket->waits_write = false;
    if (failed || !socket->descriptor.is_open()) return;
    ares_process_fd(channel_, ARES_SOCKET_BAD, socket->descriptor.native_handle());
    keep_time();
    if (socket->descriptor.is_open()) wait_writable(socket);
  });
}

void name_server::keep_time() {
  timeval next{};
  if (ares_timeout(channel_, nullptr, &next) == nullptr) {  // no query is open
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(next.tv_sec) + std::chrono::microseconds(next.tv_usec));
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](error_code failed) {
    if (failed || alive.expired()) return;
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    keep_time();
  });
}

std::vector<std::string> system_name_servers() {
  ares_channel channel = make_channel(0, nullptr, nullptr);
  ares_addr_port_node* list = nullptr;
  int status = ares_get_servers_ports(channel, &list);
  std::vector<std::string> out;
  for (const auto* each = list; each != nullptr; each = each->next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(each->family, &each->addr, text.data(), text.size());
    bool v6 = each->family == AF_INET6;
    std::string server = v6 ? "[" + std::string(text.data()) + "]" : text.data();
    if (each->udp_port != 0) server += ":" + std::to_string(each->udp_port);
    out.push_back(std::move(server));
  }
  ares_free_data(list);
  ares_destroy(channel);
  if (status != ARES_SUCCESS) throw std::runtime_error("c-ares returned no name servers");
  return out;
}

}  // namespace sonde::scanner
