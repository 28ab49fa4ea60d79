#include "tests/support/kafka_broker.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <unistd.h>

namespace sonde::test {

std::string run_broker_script(const std::string& words) {
  auto command = std::string(SONDE_SOURCE_DIR "/tests/support/kafka/broker ") + words;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string out;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), part.size(), pipe) != nullptr)
    out += part.data();
  if (pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  while (!out.empty() && out.back() == '\n')
    out.pop_back();
  return out;
}

const std::optional<std::string>& kafka_brokers() {
  static const std::optional<std::string> brokers = []() -> std::optional<std::string> {
    const char* folder = std::getenv("TEST_BROKER_DIR");
    if (folder == nullptr) return std::nullopt;
    return run_broker_script("start '" + std::string(folder) + "'");
  }();
  return brokers;
}

std::string unique_prefix() {
  static std::atomic<int> count = 0;
  auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return "test-" + std::to_string(now) + "-" + std::to_string(getpid()) + "-" +
         std::to_string(++count);
}

}  // namespace sonde::test
