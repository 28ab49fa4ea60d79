#include "ingest/scans/scan_writer.hpp"

#include "ingest/http/durable_write.hpp"
#include "model/events.hpp"

#include <utility>

namespace sonde::ingest {

scan_writer::scan_writer(const scan_context& context)
    : context_(context), writes_(context.workers.loop(), context.log, "scan service") {}

awaitable<result<queue::position>> scan_writer::write(model::scan_request request,
                                                      std::string request_id, steady_time until) {
  std::vector<record> batch;
  batch.push_back(to_record(request, request_id));
  auto written = co_await write_all(std::move(batch), std::move(request.visibility), until);
  if (!written) co_return written.error();
  co_return std::move(written->front());
}

awaitable<result<std::vector<queue::position>>> scan_writer::write_all(std::vector<record> batch,
                                                                       model::group_list groups,
                                                                       steady_time until) {
  auto bytes = bytes_of(batch);
  auto written = co_await write_durably(writes_, context_.queue, std::move(batch), until);
  if (written && quota_ != nullptr) quota_->charge(groups, bytes);
  co_return written;
}

awaitable<void> scan_writer::stop() {
  co_await writes_.join();
}

}  // namespace sonde::ingest
