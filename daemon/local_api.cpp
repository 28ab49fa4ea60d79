#include "daemon/local_api.hpp"

#include "base/async/run_on.hpp"
#include "client/errc.hpp"
#include "ingest/errc.hpp"

#include <fmt/core.h>

namespace sonde::daemon {
namespace {

using model::json;

const model::group_list& everybody() {
  static const model::group_list groups{"public"};
  return groups;
}

/// Returns the caller that stands for the user of this process. It has no key.
ingest::caller this_machine() {
  ingest::caller out;
  out.groups = out.sees = everybody();
  out.roles = {"admin"};
  return out;
}

/// Converts an error of the service to the one that an HTTP client would see.
error as_client(const error& why) {
  auto is = [&](ingest::errc code) { return why.code == make_error_code(code); };
  if (is(ingest::errc::not_found)) return fail(client::errc::not_found, why.message());
  if (is(ingest::errc::gone)) return fail(client::errc::gone, why.message());
  if (is(ingest::errc::too_many) || is(ingest::errc::unavailable)) {
    return fail(client::errc::try_later, why.message());
  }
  return fail(client::errc::refused, why.message());
}

/// Replaces `localhost` with the loopback address for `--local` (RFC 6761, section 6.3). A daemon
/// refuses names with a single label, because their meaning depends on the client's machine.
void resolve_own_name(json& order) {
  auto target = order.find("target");
  if (target != order.end() && *target == "localhost") *target = "127.0.0.1";
}

awaitable<result<json>> schedule_there(ingest::scan_service& scans, json order, std::string id) {
  resolve_own_name(order);
  auto parsed = scans.orders().parse(order, "local");
  if (!parsed) co_return as_client(parsed.error());
  auto receipt = co_await scans.schedule(std::move(*parsed), everybody(), std::move(id));
  if (!receipt) co_return as_client(receipt.error());
  json answer = {{"id", receipt->id.str()}, {"status", receipt->status}};
  co_return answer;
}

awaitable<result<json>> cancel_there(ingest::scan_service& scans, std::string id,
                                     std::string call) {
  auto receipt =
      co_await scans.changes().cancel(std::move(id), everybody(), "local", std::move(call));
  if (!receipt) co_return as_client(receipt.error());
  json answer = {{"id", receipt->id.str()}, {"status", receipt->status}};
  co_return answer;
}

awaitable<result<json>> translated(awaitable<result<json>> call) {
  auto answer = co_await std::move(call);
  if (!answer) co_return as_client(answer.error());
  co_return answer;
}

awaitable<result<json>> list_there(ingest::scan_service& scans, views::list_query query) {
  auto listed = co_await scans.list(std::move(query));
  if (!listed) co_return as_client(listed.error());
  co_return model::parse_own(*listed);
}

class local_api final : public client::scan_api {
 public:
  local_api(executor loop, ingest::scan_service& scans, ingest::entity_service& facts,
            std::string process_id)
      : loop_(std::move(loop)), scans_(scans), facts_(facts), process_id_(std::move(process_id)) {}

  awaitable<result<json>> schedule(json order) override {
    auto id = fmt::format("{}-{}", process_id_, ++calls_);
    auto there = [this, order = std::move(order), id = std::move(id)] {
      return schedule_there(scans_, order, id);
    };
    return run_coroutine_on(loop_, std::move(there));
  }

  awaitable<result<json>> look_up(std::string id, std::chrono::seconds wait) override {
    auto there = [this, id = std::move(id), wait] {
      return translated(scans_.look_up(id, everybody(), wait));
    };
    return run_coroutine_on(loop_, std::move(there));
  }

  awaitable<result<json>> cancel(std::string id) override {
    auto call = fmt::format("{}-{}", process_id_, ++calls_);
    auto there = [this, id = std::move(id), call = std::move(call)] {
      return cancel_there(scans_, id, call);
    };
    return run_coroutine_on(loop_, std::move(there));
  }

  awaitable<result<json>> list(std::string target) override {
    views::list_query query;
    query.groups = everybody();
    query.target = model::target::parse(target).value();
    query.limit = 1;
    auto there = [this, query = std::move(query)] { return list_there(scans_, query); };
    return run_coroutine_on(loop_, std::move(there));
  }

  awaitable<result<json>> entity(std::string id) override {
    auto there = [this, id = std::move(id)] {
      return translated(facts_.details(id, this_machine()));
    };
    return run_coroutine_on(loop_, std::move(there));
  }

 private:
  executor loop_;
  ingest::scan_service& scans_;
  ingest::entity_service& facts_;
  std::string process_id_;
  std::uint64_t calls_ = 0;
};

}  // namespace

std::unique_ptr<client::scan_api> make_local_api(executor loop, ingest::scan_service& scans,
                                                 ingest::entity_service& facts,
                                                 std::string process_id) {
  return std::make_unique<local_api>(std::move(loop), scans, facts, std::move(process_id));
}

}  // namespace sonde::daemon
