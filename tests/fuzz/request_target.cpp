// Parses any bytes as the target of a request, and sends them to the existing routes.

#include "ingest/http/http_message.hpp"
#include "ingest/http/problem.hpp"
#include "ingest/http/router.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

awaitable<ingest::http_response> found(ingest::http_request, ingest::path_parameters parameters) {
  for (const auto& each : parameters)
    require(!each.empty() && each.find('/') == std::string::npos);
  co_return ingest::json_response(200, "{}");
}

ingest::router make_routes() {
  ingest::router out;
  for (const char* path : {"/", "/a/{id}", "/a/{id}/b/{other}", "/c"})
    out.add("GET", path, ingest::access::everybody, found);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ingest::router routes = make_routes();
  auto text = fuzz::text_of(data, size);
  ingest::http_request request;
  if (!ingest::parse_request_target(text, request)) return 0;
  require(request.path.starts_with('/') && request.path.size() <= size);
  request.method = size % 2 == 0 ? "GET" : "PUT";
  asio::io_context loop(1);
  ingest::http_response answer;
  auto ask = [&]() -> awaitable<void> { answer = co_await routes.handle(request); };
  asio::co_spawn(loop, ask, asio::detached);
  loop.run();
  require(answer.status == 200 || answer.status == 404 || answer.status == 405);
  for (const auto& [name, value] : answer.headers) {
    for (char c : value)
      require(c >= ' ' && c <= '~');
  }
  return 0;
}
