#include "ingest/http/refusal_log.hpp"

#include "tests/support/doctest.hpp"

#include <boost/asio/io_context.hpp>

namespace sonde::ingest {

TEST_CASE("the first refusals in each time window have separate log lines") {
  asio::io_context loop(1);
  logger log(log_level::error);
  refusal_log refusals(loop.get_executor(), log, 2, std::chrono::milliseconds(1));
  CHECK(refusals.note(404));
  CHECK(refusals.note(401));
  for (int i = 0; i < 1000; ++i)
    CHECK(!refusals.note(429));
  loop.run();  // until the end of the window, which is the only pending work
  CHECK(refusals.note(400));
  CHECK(refusals.note(400));
  CHECK(!refusals.note(400));
}

TEST_CASE("a loop whose server stops does not wait for the end of the minute") {
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
