#include "views/entity_view.hpp"

#include "base/async/hop.hpp"
#include "queue/errc.hpp"
#include "views/entity_tables.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

class sqlite_entity_view final : public entity_view {
 public:
  sqlite_entity_view(executor loop, queue::backend& queue,
                     std::optional<std::filesystem::path> file, logger& log)
      : loop_(loop), view_(loop, queue, tables_, std::move(file), log) {}

  [[nodiscard]] result<> start() { return view_.start(); }

  awaitable<result<std::optional<entity_details>>> find(model::entity_id id,
                                                        model::group_list groups,
                                                        std::size_t related_limit,
                                                        steady_time deadline) override {
    auto work = [this, id = std::move(id), groups = std::move(groups), related_limit, deadline] {
      return find_here(id, groups, related_limit, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<bool> wait_until_passed(std::vector<model::produced_position> positions,
                                    steady_time deadline) override {
    auto work = [this, positions = std::move(positions), deadline] {
      return wait_here(positions, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<bool> ready() override {
    auto work = [this] { return view_.caught_up_once(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<void> stop() override {
    auto work = [this] { return view_.stop(); };
    return spawn_on(loop_, std::move(work));
  }

 private:
  awaitable<bool> wait_here(std::vector<model::produced_position> positions, steady_time deadline) {
    auto passed = [this](const model::produced_position& p) {
      return view_.has_passed(p.topic, p.partition, p.offset);
    };
    while (!std::ranges::all_of(positions, passed)) {
      bool in_time = co_await view_.changed().wait_until(deadline);
      if (!in_time) co_return false;
    }
    co_return true;
  }

  awaitable<result<std::optional<entity_details>>> find_here(model::entity_id id,
                                                             model::group_list groups,
                                                             std::size_t related_limit,
                                                             steady_time deadline) {
    auto found = tables_.find(id, groups, related_limit);
    if (found) co_return found;
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) {
      co_return fail(queue::errc::unavailable,
                     "the entity view is behind its topics; try again later");
    }
    co_return tables_.find(id, groups, related_limit);
  }

  executor loop_;
  entity_tables tables_;
  folding_view view_;
};

}  // namespace

result<std::unique_ptr<entity_view>> open_entity_view(executor loop, queue::backend& queue,
                                                      std::optional<std::filesystem::path> file,
                                                      logger& log) {
  auto view = std::make_unique<sqlite_entity_view>(std::move(loop), queue, std::move(file), log);
  if (auto started = view->start(); !started) return started.error();
  return std::unique_ptr<entity_view>(std::move(view));
}

}  // namespace sonde::views
