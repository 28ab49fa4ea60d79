// The client of the benchmarks: CONNECTIONS keep-alive connections, each with one request at a
// time.
//
// http_load post SERVER-PORT CONNECTIONS SCANS FIRST PORTS IDS-FILE
//     schedules SCANS scans of addresses in 127/8, from number FIRST on; writes their ids to the
//     file
// http_load say SERVER-PORT CONNECTIONS ENTITIES FIRST
//     submits ENTITIES entities, from number FIRST on, each with one related entity
// http_load wait SERVER-PORT CONNECTIONS IDS-FILE
//     requests each scan in the file until it has ended
//
// Sends the key in SONDE_TOKEN.
//
// Implements just enough HTTP for this server, because it has to cost less than what it measures.
// It prints its own CPU time with the results, as one JSON object.

#include "base/async/asio.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace sonde::bench {
namespace {

using steady = std::chrono::steady_clock;
using tcp = asio::ip::tcp;

constexpr std::size_t read_bytes = 16'384;

std::string address_number(std::uint32_t number) {
  return "127." + std::to_string(1 + number / 62'500) + "." + std::to_string(number / 250 % 250) +
         "." + std::to_string(1 + number % 250);
}

const std::string& authorization() {
  static const std::string line = [] {
    const char* token = std::getenv("SONDE_TOKEN");
    return token == nullptr ? std::string()
                            : "Authorization: Bearer " + std::string(token) + "\r\n";
  }();
  return line;
}

std::string post_to(const std::string& what, const std::string& body) {
  return "POST /api/ingest/v1/" + what +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + authorization() +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string scan_of(std::uint32_t number, const std::string& ports) {
  return post_to("scan",
                 R"({"target":")" + address_number(number) + R"(","ports":")" + ports + R"("})");
}

std::string entity_of(std::uint32_t number) {
  auto name = "host-" + std::to_string(number) + ".example.com";
  return post_to("entity", R"({"type":"hostname","attributes":{"hostname":")" + name +
                               R"("},"reputation":-1,"associations":[{"type":"url","attributes":)"
                               R"({"url":"https://)" +
                               name + R"(/"},"mode":"association"}]})");
}

std::string get_of(const std::string& id) {
  return "GET /api/ingest/v1/scan/" + id + "?wait=10 HTTP/1.1\r\nHost: localhost\r\n" +
         authorization() + "\r\n";
}

struct response {
  std::string status;  ///< the HTTP status
  std::string body;
};

/// The value of a text field that occurs once in a response.
std::string field(const std::string& body, const std::string& name) {
  auto mark = "\"" + name + "\":\"";
  auto begin = body.find(mark);
  if (begin == std::string::npos) return "";
  begin += mark.size();
  return body.substr(begin, body.find('"', begin) - begin);
}

/// The state that all connections share: the requests, and their results.
struct work {
  std::vector<std::string> requests;
  bool until_ended = false;
  std::size_t next = 0;
  std::vector<std::string> ids;
  std::vector<double> latencies_ms;
  std::map<std::string, std::uint32_t> answers;  ///< by HTTP status and state
  std::string last_ended;
};

class client {
 public:
  client(asio::io_context& loop, unsigned short port, work& all)
      : socket_(loop), server_(asio::ip::address_v4::loopback(), port), work_(all) {}

  awaitable<void> run() {
    co_await socket_.async_connect(server_, asio::use_awaitable);
    socket_.set_option(tcp::no_delay(true));
    while (work_.next < work_.requests.size()) {
      const auto& request = work_.requests[work_.next++];
      bool again = true;
      while (again)
        again = co_await ask(request);
    }
  }

 private:
  /// Returns true if the request has to be sent again.
  awaitable<bool> ask(std::string request) {
    auto begun = steady::now();
    co_await asio::async_write(socket_, asio::buffer(request), asio::use_awaitable);
    auto answer = co_await read();
    std::chrono::duration<double, std::milli> took = steady::now() - begun;
    work_.latencies_ms.push_back(took.count());
    auto state = field(answer.body, "status");
    if (work_.until_ended && (state == "queued" || state == "running")) co_return true;
    ++work_.answers[answer.status + " " + state];
    work_.last_ended = std::max(work_.last_ended, field(answer.body, "ended"));
    if (!work_.until_ended) work_.ids.push_back(field(answer.body, "id"));
    co_return false;
  }

  awaitable<response> read() {
    constexpr std::string_view length = "Content-Length: ";
    std::size_t whole = 0;
    while (whole == 0 || held_.size() < whole) {
      auto old = held_.size();
      held_.resize(old + read_bytes);
      auto space = asio::buffer(held_.data() + old, read_bytes);
      auto size = co_await socket_.async_read_some(space, asio::use_awaitable);
      held_.resize(old + size);
      auto end = held_.find("\r\n\r\n");
      if (whole != 0 || end == std::string::npos) continue;
      header_ = end + 4;
      auto place = held_.find(length);
      if (place > end) throw std::runtime_error("an answer without a length: " + held_);
      std::from_chars(held_.data() + place + length.size(), held_.data() + end, whole);
      whole += header_;
    }
    response out{held_.substr(9, 3), held_.substr(header_, whole - header_)};
    held_.erase(0, whole);
    co_return out;
  }

  tcp::socket socket_;
  tcp::endpoint server_;
  work& work_;
  std::string held_;
  std::size_t header_ = 0;
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void print(work& done, double seconds, double cpu) {
  std::ranges::sort(done.latencies_ms);
  auto at = [&](double part) {
    auto last = static_cast<double>(done.latencies_ms.size() - 1);
    return done.latencies_ms[static_cast<std::size_t>(part * last)];
  };
  std::cout << R"({"requests": )" << done.latencies_ms.size() << R"(, "seconds": )" << seconds
            << R"(, "p50_ms": )" << at(0.5) << R"(, "p99_ms": )" << at(0.99) << R"(, "cpu_s": )"
            << cpu << R"(, "last_ended": ")" << done.last_ended << R"(", "answers": {)";
  const char* comma = "";
  for (const auto& [answer, count] : done.answers) {
    std::cout << comma << '"' << answer << "\": " << count;
    comma = ", ";
  }
  std::cout << "}}\n";
}

int measure(work& all, unsigned short port, int connections) {
  asio::io_context loop{1};
  std::vector<std::unique_ptr<client>> clients;
  std::exception_ptr failure;
  auto note = [&failure](std::exception_ptr thrown) {
    if (thrown) failure = thrown;
  };
  all.latencies_ms.reserve(all.requests.size());
  auto cpu = cpu_seconds();
  auto begun = steady::now();
  for (int i = 0; i < connections; ++i) {
    clients.push_back(std::make_unique<client>(loop, port, all));
    asio::co_spawn(loop, clients.back()->run(), note);
  }
  loop.run();
  std::chrono::duration<double> seconds = steady::now() - begun;
  if (failure) std::rethrow_exception(failure);
  print(all, seconds.count(), cpu_seconds() - cpu);
  return 0;
}

int run(const std::vector<std::string>& words) {
  work all;
  auto port = static_cast<unsigned short>(std::stoul(words[1]));
  auto connections = std::stoi(words[2]);
  if (words[0] == "post") {
    auto scans = static_cast<std::uint32_t>(std::stoul(words[3]));
    auto first = static_cast<std::uint32_t>(std::stoul(words[4]));
    for (std::uint32_t i = 0; i < scans; ++i)
      all.requests.push_back(scan_of(first + i, words[5]));
    auto code = measure(all, port, connections);
    std::ofstream ids(words[6]);
    for (const auto& id : all.ids)
      ids << id << "\n";
    return code;
  }
  if (words[0] == "say") {
    auto count = static_cast<std::uint32_t>(std::stoul(words[3]));
    auto first = static_cast<std::uint32_t>(std::stoul(words[4]));
    for (std::uint32_t i = 0; i < count; ++i)
      all.requests.push_back(entity_of(first + i));
    return measure(all, port, connections);
  }
  std::ifstream ids(words[3]);
  for (std::string id; std::getline(ids, id);)
    all.requests.push_back(get_of(id));
  all.until_ended = true;
  return measure(all, port, connections);
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  bool post = words.size() == 7 && words[0] == "post";
  bool wait = words.size() == 4 && words[0] == "wait";
  bool say = words.size() == 5 && words[0] == "say";
  if (!post && !wait && !say) {
    std::cerr << "usage: http_load post SERVER-PORT CONNECTIONS SCANS FIRST PORTS IDS-FILE\n"
                 "       http_load say SERVER-PORT CONNECTIONS ENTITIES FIRST\n"
                 "       http_load wait SERVER-PORT CONNECTIONS IDS-FILE\n";
    return 64;
  }
  try {
    return sonde::bench::run(words);
  } catch (const std::exception& e) {
    std::cerr << "http_load: " << e.what() << "\n";
    return 1;
  }
}
