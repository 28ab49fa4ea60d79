#include "ingest/refusal_log.hpp"

#include "tests/support/doctest.hpp"

#include <boost/asio/io_context.hpp>

namespace sonde::ingest {

TEST_CASE("the first few have lines of their own, and after a while the next few") {
  asio::io_context loop(1);
  logger log(log_level::error);
  refusal_log refusals(loop.get_executor(), log, 2, std::chrono::milliseconds(1));
  CHECK(refusals.note(404));
  CHECK(refusals.note(401));
  for (int i = 0; i < 1000; ++i)
    CHECK(!refusals.note(429));
  loop.run();  // to the end of the window, which is all that there is to do
  CHECK(refusals.note(400));
  CHECK(refusals.note(400));
  CHECK(!refusals.note(400));
}

TEST_CASE("a loop whose server stops does not wait for the minute's end") {
  asio::io_context loop(1);
  logger log(log_level::error);
  refusal_log refusals(loop.get_executor(), log, 1);
  CHECK(refusals.note(404));
  CHECK(!refusals.note(404));
  refusals.finish();
  loop.run();
  CHECK(refusals.note(404));
  refusals.finish();
}

}  // namespace sonde::ingest
