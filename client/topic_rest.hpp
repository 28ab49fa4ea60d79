#pragma once

#include "base/async/asio.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace sonde::client {

/// What is left to read of a topic from its start, up to where it ended when it was asked.
class topic_rest {
 public:
  [[nodiscard]] static awaitable<result<topic_rest>> of(queue::backend& queue, std::string topic);

  [[nodiscard]] bool over() const { return ends_.empty(); }
  /// A record has been read. False: it was written since.
  bool take(const queue::stored_record& one);

 private:
  std::map<std::int32_t, std::int64_t> ends_;  ///< of partitions that are not read to it yet
};

using record_function = std::function<void(const queue::stored_record&)>;

/// Hands over every record of a topic up to its end as it is now.
[[nodiscard]] awaitable<result<>> read_all(queue::backend& queue, std::string topic,
                                           record_function take);

/// The record at this place. `errc::not_found` where its topic no longer keeps it.
[[nodiscard]] awaitable<result<queue::stored_record>> read_one(queue::backend& queue,
                                                               queue::position place);

}  // namespace sonde::client
