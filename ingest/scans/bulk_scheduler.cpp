#include "ingest/scans/bulk_scheduler.hpp"

#include "ingest/errc.hpp"
#include "ingest/scans/body_lines.hpp"
#include "ingest/scans/bulk_run.hpp"

#include <fmt/core.h>

#include <utility>

namespace sonde::ingest {
namespace {

/// Occupies one of the places for bodies being processed.
class taken_place {
 public:
  taken_place(std::uint32_t& taken, condition& given_back)
      : taken_(taken), given_back_(given_back) {
    ++taken_;
  }
  ~taken_place() {
    --taken_;
    given_back_.notify_all();
  }
  taken_place(const taken_place&) = delete;
  taken_place& operator=(const taken_place&) = delete;

 private:
  std::uint32_t& taken_;
  condition& given_back_;
};

}  // namespace

bulk_scheduler::bulk_scheduler(const scan_context& context, const order_reader& orders,
                               scan_writer& writer)
    : context_(context), orders_(orders), writer_(writer), place_free_(context.workers.loop()) {}

awaitable<result<bulk_receipts>> bulk_scheduler::schedule(bulk_order order) {
  auto until = context_.deadline();
  auto lines = count_lines(order.body);
  if (lines == 0) {
    co_return fail(errc::invalid,
                   "the body has no scan in it; send a JSON object on each line, as "
                   "{\"target\":\"example.com\"}");
  }
  if (lines > context_.bounds.bulk_lines) {
    co_return fail(
        errc::too_large,
        fmt::format("{} scans in one body; the limit is {}; send the rest in further requests",
                    lines, context_.bounds.bulk_lines));
  }
  while (bodies_ >= context_.bounds.bulk_bodies) {
    bool in_time = co_await place_free_.wait_until(until);
    if (!in_time) {
      co_return fail(errc::unavailable,
                     "too many bodies with several scans are in progress; try again later");
    }
  }
  taken_place place(bodies_, place_free_);
  bulk_run run(context_, writer_, orders_.rules(), std::move(order), until);
  co_return co_await run.run();
}

}  // namespace sonde::ingest
