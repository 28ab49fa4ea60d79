#include "ingest/http/built_answer.hpp"

#include "ingest/http/problem.hpp"

#include <utility>

namespace sonde::ingest {

http_response busy_with_readers(const std::string& id) {
  return problem(503, "this server is busy with other requests; try again later", id);
}

awaitable<http_response> built_answer(response_builder* builder,
                                      std::function<awaitable<result<model::json>>()> find,
                                      std::string id) {
  if (builder == nullptr) {
    auto found = co_await find();
    if (!found) co_return problem(found.error(), id);
    co_return json_response(200, model::to_text(*found));
  }
  auto turn = co_await builder->turn();
  if (!turn) co_return busy_with_readers(id);
  auto found = co_await find();
  if (!found) co_return problem(found.error(), id);
  std::function<std::string()> work = [what = std::move(*found)] { return model::to_text(what); };
  auto text = co_await builder->run<std::string>(std::move(work));
  co_return json_response(200, std::move(text));
}

}  // namespace sonde::ingest
