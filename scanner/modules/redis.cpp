#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t redis_ports[] = {6379, 6380, 6381, 6382, 7000, 7001, 7002, 16379, 26379};
constexpr std::size_t redis_most = 64 * 1024;

std::optional<recognition> recognise_redis(std::string_view said) {
  constexpr std::array<std::string_view, 5> answers = {
      "-ERR wrong number of arguments for 'get' command", "-ERR unknown command", "-NOAUTH ",
      "-DENIED Redis", "-LOADING Redis"};
  auto line = line_of(said);
  if (!std::ranges::any_of(answers, [&](auto each) { return line.starts_with(each); })) {
    return std::nullopt;
  }
  recognition out;
  out.service.name = "redis";
  // One error for each line that was sent; the first says all.
  out.complete = said.find('\n') != std::string_view::npos;
  out.raw = line;
  out.masked = line;
  return out;
}

/// `redis_version:7.0.15`, a line of INFO.
std::string_view redis_value(std::string_view info, std::string_view name) {
  auto key = '\n' + std::string(name) + ':';
  auto at = info.find(key);
  return at == std::string_view::npos ? std::string_view() : line_of(info.substr(at + key.size()));
}

/// Forks repeat Redis' version and name their own beside it.
void note_redis_product(std::string_view info, model::service_observation& service) {
  auto dragonfly = redis_value(info, "dragonfly_version");
  auto name = redis_value(info, "server_name");
  if (!dragonfly.empty()) {
    service.product = "Dragonfly";
    auto digit = dragonfly.find_first_of("0123456789");
    service.version = dragonfly.substr(std::min(digit, dragonfly.size()));
  } else if (name == "valkey") {
    service.product = "Valkey";
    service.version = redis_value(info, "valkey_version");
  } else if (name.empty() || name == "redis") {
    service.product = "Redis";
    service.version = redis_value(info, "redis_version");
  }
}

/// PING, then INFO (RESP 2). Both are read-only; a server with a password refuses the first.
class redis_talk final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return "PING\r\n"; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    return known_.service.name.empty() ? pinged(response) : informed(response);
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return known_.service.name.empty() ? talk_step::not_ours() : talk_step::is(known_);
  }

 private:
  talk_step pinged(std::string_view response) {
    constexpr std::size_t longest = 4096;  // -DENIED has a page of advice
    constexpr std::array<std::string_view, 4> starts = {"+PONG\r\n", "-NOAUTH ", "-DENIED Redis",
                                                        "-LOADING Redis"};
    bool ours = std::ranges::any_of(
        starts, [&](auto start) { return response.starts_with(start.substr(0, response.size())); });
    if (!ours || response.size() > longest) return talk_step::not_ours();
    if (response.find('\n') == std::string_view::npos) return talk_step::incomplete();
    auto line = line_of(response);
    known_ = text_service("redis", line);
    known_.service.sure = model::confidence::proven;
    known_.complete = true;
    if (line == "+PONG") return talk_step::send("INFO server\r\n");
    if (line.starts_with("-NOAUTH ")) {
      known_.service.facts.push_back({"authentication", "required"});
    }
    return talk_step::is(known_);
  }

  /// `$<size>`, then that number of bytes.
  talk_step informed(std::string_view response) {
    if (!response.empty() && response.front() != '$') return ended(response);
    auto end = response.find("\r\n");
    if (end == std::string_view::npos) {
      return response.size() < 8 ? talk_step::incomplete() : ended(response);
    }
    std::size_t size = 0;
    auto read = std::from_chars(response.data() + 1, response.data() + end, size);
    bool whole_number = read.ec == std::errc() && read.ptr == response.data() + end;
    if (!whole_number || size > redis_most) return ended(response);
    auto info = response.substr(end + 2);
    if (info.size() < size + 2) return talk_step::incomplete();
    info = info.substr(0, size);
    note_redis_product(info, known_.service);
    for (std::string_view name : {"redis_mode", "os"}) {
      auto value = redis_value(info, name);
      std::string fact = name == "os" ? "os" : "mode";
      if (!value.empty()) known_.service.facts.push_back({std::move(fact), std::string(value)});
    }
    return talk_step::is(known_);
  }

  recognition known_;
};

std::unique_ptr<protocol_talk> talk_redis(const talk_context&) {
  return std::make_unique<redis_talk>();
}

}  // namespace

constinit const protocol_module redis_module{
    .name = "redis", .hinted_ports = redis_ports, .recognise = recognise_redis, .talk = talk_redis};

}  // namespace sonde::scanner::modules
