#include "views/entity_view.hpp"

#include "views/entity_store.hpp"
#include "views/task_view.hpp"

namespace sonde::views {

entity_view::entity_view(std::unique_ptr<entity_store> store) : store_(std::move(store)) {}

entity_view::~entity_view() = default;

awaitable<result<std::optional<entity_details>>> entity_view::find(model::entity_id id,
                                                                   model::group_list groups,
                                                                   std::size_t related_limit,
                                                                   steady_time deadline) {
  auto caller = visibility_text(groups);
  return store_->query<std::optional<entity_details>>(
      std::move(caller),
      [id = std::move(id), groups = std::move(groups), related_limit](entity_reader& tables) {
        return tables.find(id, groups, related_limit);
      },
      [](const auto& found) { return found.has_value(); }, deadline);
}

awaitable<result<std::optional<entity_graph>>> entity_view::walk(model::entity_id id,
                                                                 model::group_list groups,
                                                                 std::uint32_t levels,
                                                                 std::size_t node_limit,
                                                                 steady_time deadline) {
  auto caller = visibility_text(groups);
  return store_->query<std::optional<entity_graph>>(
      std::move(caller),
      [id = std::move(id), groups = std::move(groups), levels, node_limit](entity_reader& tables) {
        return tables.walk(id, groups, levels, node_limit);
      },
      [](const auto& found) { return found.has_value(); }, deadline);
}

/// Catches up first: a list that grows while it is read is returned as of the time of the call.
awaitable<result<std::optional<entity_comments>>> entity_view::comments(model::entity_id id,
                                                                        model::group_list groups,
                                                                        std::size_t limit,
                                                                        steady_time deadline) {
  auto caller = visibility_text(groups);
  return store_->query<std::optional<entity_comments>>(
      std::move(caller),
      [id = std::move(id), groups = std::move(groups), limit](entity_reader& tables) {
        return tables.comments(id, groups, limit);
      },
      nullptr, deadline);
}

awaitable<result<std::optional<model::entity_id>>> entity_view::first_missing(
    std::vector<model::entity_id> ids, model::group_list groups, steady_time deadline) {
  auto caller = visibility_text(groups);
  return store_->query<std::optional<model::entity_id>>(
      std::move(caller),
      [ids = std::move(ids), groups = std::move(groups)](entity_reader& tables) {
        return tables.first_missing(ids, groups);
      },
      [](const auto& missing) { return !missing; }, deadline);
}

awaitable<result<bool>> entity_view::has_comment(model::entity_id entity, model::comment_id comment,
                                                 model::group_list groups, steady_time deadline) {
  auto caller = visibility_text(groups);
  return store_->query<bool>(
      std::move(caller),
      [entity = std::move(entity), comment = std::move(comment), groups = std::move(groups)](
          entity_reader& tables) { return tables.has_comment(entity, comment, groups); },
      [](bool found) { return found; }, deadline);
}

awaitable<bool> entity_view::wait_until_passed(std::vector<model::produced_position> positions,
                                               steady_time deadline) {
  return store_->wait_until_passed(std::move(positions), deadline);
}

awaitable<view_health> entity_view::health() {
  return store_->health();
}

awaitable<void> entity_view::stop() {
  return store_->stop();
}

result<std::unique_ptr<entity_view>> open_entity_view(executor loop,
                                                      const std::vector<executor>& reading,
                                                      queue::backend& queue,
                                                      std::optional<std::filesystem::path> file,
                                                      const limits& limits, logger& log) {
  entity_store::context from{std::move(loop), reading, queue, limits, log};
  auto store = std::make_unique<entity_store>(from, std::move(file));
  if (auto started = store->start(); !started) return started.error();
  return std::unique_ptr<entity_view>(new entity_view(std::move(store)));
}

}  // namespace sonde::views
