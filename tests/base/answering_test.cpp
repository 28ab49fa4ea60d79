#include "base/async/answering.hpp"

#include "base/async/event_loop.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <future>

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<bool> ask(std::vector<executor> loops, milliseconds patience) {
  return test::run(answering(std::move(loops), std::chrono::steady_clock::now() + patience));
}

}  // namespace

TEST_CASE("a running loop answers, a blocked loop does not") {
  event_loop free("free");
  event_loop blocked("blocked");
  free.start();
  blocked.start();
  auto both = std::vector<executor>{free.get_executor(), blocked.get_executor()};
  CHECK(ask(both, seconds(20)) == std::vector<bool>{true, true});
  std::promise<void> unblock;
  auto wait = [held = unblock.get_future().share()] { held.wait(); };
  asio::post(blocked.get_executor(), std::move(wait));
  CHECK(ask(both, milliseconds(50)) == std::vector<bool>{true, false});
  unblock.set_value();
  CHECK(ask(both, seconds(20)) == std::vector<bool>{true, true});
  free.join();
  blocked.join();
}

TEST_CASE("a loop whose thread has not started does not answer; an empty list has no answers") {
  event_loop never("never");
  CHECK(ask({never.get_executor()}, milliseconds(10)) == std::vector<bool>{false});
  CHECK(ask({}, milliseconds(10)).empty());
}

}  // namespace sonde
