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

TEST_CASE("loops that go on answer, and one that is blocked does not") {
  event_loop free("free");
  event_loop blocked("blocked");
  free.start();
  blocked.start();
  auto both = std::vector<executor>{free.get_executor(), blocked.get_executor()};
  CHECK(ask(both, seconds(20)) == std::vector<bool>{true, true});
  std::promise<void> let_go;
  auto wait = [held = let_go.get_future().share()] { held.wait(); };
  asio::post(blocked.get_executor(), std::move(wait));
  CHECK(ask(both, milliseconds(50)) == std::vector<bool>{true, false});
  let_go.set_value();
  CHECK(ask(both, seconds(20)) == std::vector<bool>{true, true});
  free.join();
  blocked.join();
}

TEST_CASE("a loop whose thread has not been started does not answer, and none at all all do") {
  event_loop never("never");
  CHECK(ask({never.get_executor()}, milliseconds(10)) == std::vector<bool>{false});
  CHECK(ask({}, milliseconds(10)).empty());
}

}  // namespace sonde
