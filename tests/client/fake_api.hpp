#pragma once

#include "client/errc.hpp"
#include "client/scan_api.hpp"

#include <deque>
#include <map>
#include <vector>

namespace sonde::test {

/// A server that answers what the test has laid out.
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
    // As every server it lets others run meanwhile.
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

  awaitable<result<model::json>> entity(std::string) override { co_return entity_answer; }

  std::vector<model::json> orders;
  std::deque<error> refusals;                ///< of the next orders
  std::map<std::string, error> bad_targets;  ///< always refused
  /// By id: what is answered, one after the other, the last one again and again.
  std::map<std::string, std::deque<result<model::json>>> scans;
  int look_ups = 0;
  model::json listed = model::json::array();
  std::string listed_target;
  result<model::json> entity_answer = fail(client::errc::not_found, "there is no such thing");
};

/// The answer of a server for a scan that has ended.
inline model::json ended_scan(const std::string& target, const std::string& status = "done") {
  return {
      {"id", "id of " + target},
      {"status", status},
      {"target", target},
      {"outcome", {{"name", status == "done" ? "complete" : "nxdomain"}, {"reason", "as it is"}}},
      {"results", model::json::array()}};
}

}  // namespace sonde::test
