#include "ingest/http/idempotent_requests.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/durable_write.hpp"
#include "ingest/http/idempotency_key.hpp"
#include "ingest/http/problem.hpp"
#include "model/events.hpp"

#include <chrono>

namespace sonde::ingest {
namespace {

constexpr const char* repeat_header = "idempotency-key";
constexpr const char* content_type = "Content-Type";

constexpr const char* another_request =
    "Idempotency-Key: this key belongs to another request; send a new key with each new request";
constexpr const char* still_under_way =
    "Idempotency-Key: the first request with this key is still in progress; wait for its response";
constexpr const char* told_once =
    "Idempotency-Key: this key has already created a key pair, and a secret is shown once; GET "
    "/api/auth/v2/keypairs lists the key pairs; send a new Idempotency-Key to create another one";

bool is_success(const http_response& answer) {
  return answer.status >= 200 && answer.status <= 299 && !answer.partial;
}

std::string header_of(const http_response& answer, std::string_view wanted) {
  for (const auto& [name, value] : answer.headers) {
    if (name == wanted) return value;
  }
  return {};
}

/// Marks a request as running while this object lives.
class underway {
 public:
  underway(std::map<std::string, std::string>& all, std::string id, std::string asked) : all_(all) {
    auto entered = all.emplace(std::move(id), std::move(asked));
    place_ = entered.first;
    first_ = entered.second;
  }
  ~underway() {
    if (first_) all_.erase(place_);
  }
  underway(const underway&) = delete;
  underway& operator=(const underway&) = delete;

  [[nodiscard]] bool first() const { return first_; }
  [[nodiscard]] const std::string& asked() const { return place_->second; }

 private:
  std::map<std::string, std::string>& all_;
  std::map<std::string, std::string>::iterator place_;
  bool first_ = false;
};

}  // namespace

idempotent_requests::idempotent_requests(const context& around, views::idempotency_view& answers)
    : queue_(around.queue),
      answers_(answers),
      limits_(around.bounds),
      clock_(around.time),
      log_(around.log),
      writes_(around.loop, around.log, "cached responses") {
  for (const char* each : {"first", "invalid", "mismatch", "replayed", "told_once", "under_way"}) {
    results_.emplace(each, around.counts.count("sonde_idempotent_requests_total",
                                               "Requests with an Idempotency-Key, by result.",
                                               {{"result", each}}));
  }
}

steady_time idempotent_requests::deadline() const {
  return clock_.steady_now() + std::chrono::milliseconds(limits_.http_answer_timeout_ms);
}

/// Other methods are idempotent by definition.
bool idempotent_requests::concerns(const http_request& request) const {
  if (request.method != "POST" && request.method != "DELETE") return false;
  return request.header(repeat_header) != nullptr;
}

awaitable<http_response> idempotent_requests::pass(http_request request, path_parameters parameters,
                                                   request_handler handler, secrecy what) {
  auto key = idempotency_key_of(request);
  if (!key) {
    count("invalid");
    co_return problem(key.error(), request.id);
  }
  cached_response kept;
  kept.id = idempotency_id(request.who, *key);
  kept.request = hash_of(request);
  kept.by = request.id;
  underway mine(under_way_, kept.id, kept.request);
  if (!mine.first()) {
    bool same = mine.asked() == kept.request;
    count(same ? "under_way" : "mismatch");
    if (same) co_return problem(409, still_under_way, request.id);
    co_return problem(422, another_request, request.id);
  }
  auto answer = co_await look_up(std::move(request), std::move(parameters), std::move(handler),
                                 what, std::move(kept));
  co_return answer;
}

awaitable<http_response> idempotent_requests::look_up(http_request request,
                                                      path_parameters parameters,
                                                      request_handler handler, secrecy what,
                                                      cached_response kept) {
  auto known = co_await answers_.find(kept.id, deadline());
  if (!known) co_return problem(as_answer(known.error()), request.id);
  if (*known) co_return again(**known, kept);
  count("first");
  if (what == secrecy::told_once) {
    auto answer = co_await carry_out_secretly(std::move(request), std::move(parameters),
                                              std::move(handler), std::move(kept));
    co_return answer;
  }
  auto answer = co_await carry_out(std::move(request), std::move(parameters), std::move(handler),
                                   std::move(kept));
  co_return answer;
}

/// After a crash between the two writes the request is executed again with the same result: the id
/// of what a POST creates is derived from the submitted data.
awaitable<http_response> idempotent_requests::carry_out(http_request request,
                                                        path_parameters parameters,
                                                        request_handler handler,
                                                        cached_response kept) {
  // Revocations and cancellations are accepted on a disk that is nearly full, and so is this
  // record.
  auto how = request.method == "DELETE" ? importance::urgent : importance::usual;
  auto answer = co_await handler(std::move(request), std::move(parameters));
  if (!is_success(answer) || answer.body.size() > limits_.idempotency_body_bytes) co_return answer;
  auto id = kept.by;
  kept.status = answer.status;
  kept.content_type = header_of(answer, content_type);
  kept.body = answer.body;
  auto written = co_await write(std::move(kept), cached_response::kind::answered, how);
  if (written || written.error().code == make_error_code(errc::too_large)) co_return answer;
  auto lost = problem(written.error(), id);
  lost.about = std::move(answer.about);
  co_return lost;
}

/// Writes the begin record first and then reads which request is the first one: of several
/// processes that begin at the same time, exactly one executes the request.
awaitable<http_response> idempotent_requests::carry_out_secretly(http_request request,
                                                                 path_parameters parameters,
                                                                 request_handler handler,
                                                                 cached_response kept) {
  constexpr unsigned perhaps_done = 500;
  auto id = request.id;
  auto begun = co_await write(kept, cached_response::kind::begun);
  if (!begun) co_return problem(begun.error(), id);
  auto known = co_await answers_.find(kept.id, deadline());
  if (known && *known && (*known)->by != kept.by) co_return again(**known, kept);
  http_response answer;
  if (known) {
    answer = co_await handler(std::move(request), std::move(parameters));
    if (is_success(answer) || answer.status >= perhaps_done) co_return answer;
  } else {
    answer = problem(as_answer(known.error()), id);
  }
  auto released = co_await write(std::move(kept), cached_response::kind::released);
  if (!released) {
    log_.warning(
        "releasing an Idempotency-Key failed; it stays reserved although its request failed",
        {{"id", id}, {"reason", released.error().message()}});
  }
  co_return answer;
}

awaitable<result<>> idempotent_requests::write(cached_response kept, cached_response::kind what,
                                               importance how) {
  kept.what = what;
  kept.time = clock_.now();
  std::vector<record> batch;
  batch.push_back(model::to_record(kept));
  batch.back().urgent = how == importance::urgent;
  auto written = co_await write_durably(writes_, queue_, std::move(batch), deadline());
  if (!written) co_return written.error();
  co_return result<>();
}

http_response idempotent_requests::again(const cached_response& known,
                                         const cached_response& asked) {
  if (known.request != asked.request) {
    count("mismatch");
    return problem(422, another_request, asked.by);
  }
  if (known.what != cached_response::kind::answered) {
    count("told_once");
    return problem(409, told_once, asked.by);
  }
  count("replayed");
  http_response out;
  out.status = known.status;
  if (!known.content_type.empty()) out.headers.emplace_back(content_type, known.content_type);
  out.headers.emplace_back("Idempotency-Replayed", "true");
  out.body = known.body;
  out.about.unchanged = true;
  return out;
}

awaitable<void> idempotent_requests::stop() {
  co_await writes_.join();
}

}  // namespace sonde::ingest
