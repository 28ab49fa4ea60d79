// Records the exchange between a real server and one module, as a file for
// tests/scanner/transcripts.
//
// record_transcript MODULE ADDRESS PORT [--server "name version"]
//
// Listens for a second, then runs the module's talk on the same connection. A module without a
// talk sends GET / if the server is silent. Prints the transcript. The exit code is 1 if the module
// does not recognise the server. Plain TCP only.

#include "scanner/engine/engine_limits.hpp"
#include "scanner/modules/module.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <netdb.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace sonde::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr int greeting_ms = 1'000;
constexpr int pause_ms = 200;  // ends a banner that no module completes
constexpr int response_ms = 2'000;
constexpr std::size_t read_bytes = 16'384;

/// One blocking connection.
class plain_connection {
 public:
  plain_connection(const std::string& address, const std::string& port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(address.c_str(), port.c_str(), &wanted, &found) != 0) {
      throw std::runtime_error("no address: " + address);
    }
    descriptor_ = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    bool connected =
        descriptor_ >= 0 && connect(descriptor_, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    if (!connected) throw std::runtime_error("cannot connect to " + address + ", port " + port);
  }
  ~plain_connection() { close(descriptor_); }
  plain_connection(const plain_connection&) = delete;
  plain_connection& operator=(const plain_connection&) = delete;

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the next read reports it
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// The next bytes; empty at the end and after a timeout.
  [[nodiscard]] std::string read(int timeout_ms) const {
    pollfd waits{descriptor_, POLLIN, 0};
    if (poll(&waits, 1, timeout_ms) <= 0) return {};
    std::string out(read_bytes, '\0');
    auto size = recv(descriptor_, out.data(), out.size(), 0);
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
  }

 private:
  int descriptor_ = -1;
};

std::string read_greeting(const plain_connection& link, int patience_ms) {
  auto out = link.read(patience_ms);
  while (!out.empty() && out.size() < scanner::engine_limits().banner_bytes &&
         !scanner::recognise(out).complete) {
    auto more = link.read(pause_ms);
    if (more.empty()) break;
    out += more;
  }
  return out;
}

scanner::talk_context context_for(std::uint16_t port) {
  scanner::talk_context out;
  out.host = "test.example";
  out.host_is_name = true;
  out.port = port;
  out.user_agent = "Sonde/test (+https://sonde.example)";
  out.nonce = 0x536F6E64;
  return out;
}

/// Printable ASCII as text, anything else as `hex:` and digits.
std::string in_json(std::string_view bytes) {
  auto printable = [](char c) {
    return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t';
  };
  if (std::ranges::all_of(bytes, printable) && !bytes.starts_with("hex:")) {
    return std::string(bytes);
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "hex:";
  for (char c : bytes) {
    auto value = static_cast<unsigned char>(c);
    out += digits[value >> 4U];
    out += digits[value & 0xFU];
  }
  return out;
}

/// Feeds the talk one more byte each time, so that no response is longer than the talk needs.
/// Stores the fed bytes in `response`.
scanner::talk_step read_response(const plain_connection& link, scanner::protocol_talk& talk,
                                 std::string& response) {
  std::string received;
  auto step = scanner::talk_step::incomplete();
  std::size_t used = 0;
  while (step.what == scanner::talk_step::kind::more &&
         used < scanner::engine_limits().talk_bytes) {
    if (used == received.size()) {
      auto more = link.read(response_ms);
      if (more.empty()) break;
      received += more;
    }
    ++used;
    step = talk.receive(std::string_view(received).substr(0, used));
  }
  response = received.substr(0, used);
  if (step.what == scanner::talk_step::kind::more) step = talk.ended(response);
  return step;
}

scanner::recognition run_talk(const plain_connection& link, const scanner::protocol_module& module,
                              std::uint16_t port, json& exchanges) {
  auto talk = module.talk(context_for(port));
  auto step = scanner::talk_step::send(talk->begin());
  while (step.what == scanner::talk_step::kind::send &&
         exchanges.size() < scanner::engine_limits().talk_messages) {
    auto request = std::move(step.request);
    link.write(request);
    std::string response;
    step = read_response(link, *talk, response);
    json exchange;
    exchange["request"] = in_json(request);
    exchange["response"] = in_json(response);
    exchanges.push_back(std::move(exchange));
  }
  if (step.what == scanner::talk_step::kind::send) step = talk->ended({});
  return std::move(step.known);
}

json expectation(const model::service_observation& service) {
  json out;
  out["name"] = service.name;
  if (!service.product.empty()) out["product"] = service.product;
  if (!service.version.empty()) out["version"] = service.version;
  out["confidence"] = std::string(model::name_of(service.sure));
  for (const auto& fact : service.facts) {
    auto& values = out["facts"][fact.name];
    if (values.is_null()) {
      values = fact.value;
      continue;
    }
    if (!values.is_array()) values = json::array({values});
    values.push_back(fact.value);
  }
  return out;
}

int record(const scanner::protocol_module& module, const std::string& address,
           const std::string& port, const std::string& server) {
  auto number = static_cast<std::uint16_t>(std::stoul(port));
  plain_connection link(address, port);
  auto greeting = read_greeting(link, greeting_ms);
  if (greeting.empty() && module.talk == nullptr) {
    link.write("GET / HTTP/1.0\r\n\r\n");
    greeting = read_greeting(link, response_ms);
  }
  auto known = scanner::recognise(greeting);
  json file;
  file["module"] = std::string(module.name);
  file["server"] = server;
  file["recorded"] = true;
  file["port"] = number;
  if (!greeting.empty()) file["greeting"] = in_json(greeting);
  json exchanges = json::array();
  if (module.talk != nullptr) {
    auto by_talk = run_talk(link, module, number, exchanges);
    bool only_greeting = by_talk.service.name.empty() && !known.service.name.empty();
    if (only_greeting) exchanges = json::array();
    if (!only_greeting) known = std::move(by_talk);
  }
  scanner::tidy_up(known);
  file["exchanges"] = exchanges;
  file["expect"] = expectation(known.service);
  std::cout << file.dump(2) << "\n";
  if (!known.service.name.empty()) return 0;
  std::cerr << "record_transcript: " << module.name << " does not know this server\n";
  return 1;
}

int usage() {
  std::cerr << "usage: record_transcript MODULE ADDRESS PORT [--server \"name version\"]\n";
  return 64;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return sonde::bench::usage();
  if (argc == 6 && std::string_view(argv[4]) != "--server") return sonde::bench::usage();
  std::string_view name = argv[1];
  std::string server = argc == 6 ? argv[5] : argv[1];
  for (const auto* module : sonde::scanner::catalogue()) {
    if (module->name != name) continue;
    try {
      return sonde::bench::record(*module, argv[2], argv[3], server);
    } catch (const std::exception& e) {
      std::cerr << "record_transcript: " << e.what() << "\n";
      return 1;
    }
  }
  std::cerr << "record_transcript: no module " << name << "\n";
  return 64;
}
