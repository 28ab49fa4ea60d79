#include "views/entity_view.hpp"

#include "base/async/hop.hpp"
#include "views/entity_tables.hpp"

#include <algorithm>
#include <functional>

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
    return ask<entity_details>([this, id = std::move(id), groups = std::move(groups),
                                related_limit] { return tables_.find(id, groups, related_limit); },
                               deadline);
  }

  awaitable<result<std::optional<entity_graph>>> walk(model::entity_id id, model::group_list groups,
                                                      std::uint32_t levels, std::size_t node_limit,
                                                      steady_time deadline) override {
    return ask<entity_graph>([this, id = std::move(id), groups = std::move(groups), levels,
                              node_limit] { return tables_.walk(id, groups, levels, node_limit); },
                             deadline);
  }

  awaitable<result<std::optional<std::vector<model::comment>>>> comments(
      model::entity_id id, model::group_list groups, std::size_t limit,
      steady_time deadline) override {
    return caught_up<std::optional<std::vector<model::comment>>>(
        [this, id = std::move(id), groups = std::move(groups), limit] {
          return tables_.comments(id, groups, limit);
        },
        deadline);
  }

  awaitable<result<std::optional<model::entity_id>>> first_missing(
      std::vector<model::entity_id> ids, model::group_list groups, steady_time deadline) override {
    auto missing = [this, ids = std::move(ids), groups = std::move(groups)] {
      for (const auto& id : ids) {
        if (!tables_.sees(id, groups)) return std::optional(id);
      }
      return std::optional<model::entity_id>();
    };
    auto work = [this, missing, deadline] {
      return once_more<std::optional<model::entity_id>>(
          missing, [](const auto& found) { return !found; }, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<result<bool>> has_comment(model::entity_id entity, model::comment_id comment,
                                      model::group_list groups, steady_time deadline) override {
    auto there = [this, entity = std::move(entity), comment = std::move(comment),
                  groups = std::move(groups)] {
      return tables_.has_comment(entity, comment, groups);
    };
    auto work = [this, there, deadline] {
      return once_more<bool>(
          there, [](bool found) { return found; }, deadline);
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

  /// Asks, and where the answer is not final yet, once more when the view has caught up: with what
  /// stood on the topics when the question came.
  template <class T>
  awaitable<result<T>> once_more(std::function<T()> question, std::function<bool(const T&)> final,
                                 steady_time deadline) {
    auto answer = question();
    if (final(answer)) co_return answer;
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("entity");
    co_return question();
  }

  /// Of what is not there, after it has been looked for twice.
  template <class T>
  awaitable<result<std::optional<T>>> ask(std::function<std::optional<T>()> question,
                                          steady_time deadline) {
    auto work = [this, question = std::move(question), deadline] {
      return once_more<std::optional<T>>(
          question, [](const std::optional<T>& found) { return found.has_value(); }, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  /// What grows while one looks at it is answered as of the question's time.
  template <class T>
  awaitable<result<T>> caught_up(std::function<T()> question, steady_time deadline) {
    auto work = [this, question = std::move(question), deadline] {
      return once_more<T>(
          question, [](const T&) { return false; }, deadline);
    };
    return spawn_on(loop_, std::move(work));
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
