#pragma once

#include "client/errc.hpp"
#include "client/scan_api.hpp"

#include <deque>
#include <map>
#include <vector>

namespace sonde::test {

/// A server that returns the responses that the test has prepared.
class fake_api final : public client::scan_api {
 public:
  awaitable<result<model::json>> schedule(model::json order) override {
    orders.push_back(order);
    if (!refusals.empty()) {
      auto why = refusals.front();
      refusals.pop_front();
      co_return why;
    }
    auto target = order["target"].get<std::string>();
    if (bad_targets.contains(target)) co_return bad_targets.at(target);
    model::json receipt = {{"id", "id of " + target}, {"status", "new"}};
    co_return receipt;
  }

  awaitable<result<model::json>> look_up(std::string id, std::chrono::seconds) override {
    ++look_ups;
    // Yields to other coroutines, as every server does.
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    auto& answers = scans[id];
    if (answers.empty()) co_return fail(client::errc::not_found, "there is no scan " + id);
    auto answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    co_return answer;
  }

  awaitable<result<model::json>> cancel(std::string id) override {
    auto& answers = scans[id];
    if (answers.empty()) co_return fail(client::errc::not_found, "there is no scan " + id);
    co_return answers.front();
  }

  awaitable<result<model::json>> list(std::string target) override {
    model::json out = {{"scans", listed}};
    listed_target = target;
    co_return out;
  }

  awaitable<result<model::json>> entity(std::string id) override {
    asked_entity = id;
    co_return entity_answer;
  }

  std::vector<model::json> orders;
  std::deque<error> refusals;                ///< for the next orders
  std::map<std::string, error> bad_targets;  ///< always refused
  /// Responses by id: returned in this order; the last one is repeated.
  std::map<std::string, std::deque<result<model::json>>> scans;
  int look_ups = 0;
  model::json listed = model::json::array();
  std::string listed_target;
  std::string asked_entity;
  result<model::json> entity_answer = fail(client::errc::not_found, "it does not exist");
};

/// Returns a server's response for a scan that has ended.
inline model::json ended_scan(const std::string& target, const std::string& status = "done") {
  return {
      {"id", "id of " + target},
      {"status", status},
      {"target", target},
      {"outcome", {{"name", status == "done" ? "complete" : "nxdomain"}, {"reason", "as it is"}}},
      {"results", model::json::array()}};
}

}  // namespace sonde::test
