#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/http/response_builder.hpp"
#include "model/text/json.hpp"

#include <functional>
#include <string>

namespace sonde::ingest {

/// Returns the result of `find` as JSON. With a builder, `find` waits for its turn and the text is
/// built on the builder's thread. `builder` may be null.
awaitable<http_response> built_answer(response_builder* builder,
                                      std::function<awaitable<result<model::json>>()> find,
                                      std::string id);

/// The response to a read while other readers use all turns.
[[nodiscard]] http_response busy_with_readers(const std::string& id);

}  // namespace sonde::ingest
