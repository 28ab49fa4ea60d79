#include "tests/engine/network_namespace.hpp"

#include "tests/engine/child_process.hpp"

#include <exception>
#include <sched.h>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace sonde::test {
namespace {

void run_command(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> command;
  // nft takes braces and semicolons as separate words.
  for (std::string word; words >> word;)
    command.push_back(word);
  child_process child(command);
  if (child.wait() != 0) throw std::runtime_error("failed: " + line + ": " + child.output());
}

void set_up(const std::vector<std::string>& commands) {
  if (unshare(CLONE_NEWNET) != 0) throw std::runtime_error("no new network namespace");
  run_command("ip link set lo up");
  for (const auto& command : commands)
    run_command(command);
}

}  // namespace

void in_empty_network(const std::vector<std::string>& commands, const std::function<void()>& body) {
  std::exception_ptr thrown;
  std::thread inside([&] {
    try {
      set_up(commands);
      body();
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  inside.join();
  if (thrown) std::rethrow_exception(thrown);
}

bool can_make_networks() {
  static const bool can = [] {
    bool made = false;
    std::thread trial([&] { made = unshare(CLONE_NEWNET) == 0; });
    trial.join();
    return made;
  }();
  return can;
}

}  // namespace sonde::test
