#pragma once

#include "views/task_view.hpp"

#include <memory>
#include <utility>

namespace sonde::test {

/// A view that counts the rows of waiting tasks that it gives. On the loop of whoever asks.
class counted_view final : public views::task_view {
 public:
  explicit counted_view(std::unique_ptr<views::task_view> inner) : inner_(std::move(inner)) {}

  /// The rows, of all calls together.
  std::size_t waiting_rows = 0;

  awaitable<std::vector<views::waiting_task>> waiting(std::vector<std::int32_t> partitions,
                                                      std::string scope,
                                                      std::size_t limit) override {
    auto out = co_await inner_->waiting(std::move(partitions), std::move(scope), limit);
    waiting_rows += out.size();
    co_return out;
  }

  awaitable<result<std::optional<model::scan_task>>> find(model::target_key key,
                                                          steady_time deadline) override {
    return inner_->find(std::move(key), deadline);
  }
  awaitable<result<views::task_and_counts>> find_with_counts(model::target_key key,
                                                             std::string scope,
                                                             steady_time deadline) override {
    return inner_->find_with_counts(std::move(key), std::move(scope), deadline);
  }
  awaitable<result<std::optional<views::found_task>>> find(model::task_id id,
                                                           model::group_list groups,
                                                           steady_time deadline) override {
    return inner_->find(std::move(id), std::move(groups), deadline);
  }
  awaitable<result<std::optional<views::found_task>>> wait_for_change(
      model::task_id id, model::group_list groups, views::task_mark since,
      steady_time deadline) override {
    return inner_->wait_for_change(std::move(id), std::move(groups), since, deadline);
  }
  void end_waits() override { inner_->end_waits(); }
  awaitable<result<views::task_list>> list(views::list_query query, steady_time deadline) override {
    return inner_->list(std::move(query), deadline);
  }
  awaitable<result<views::queued_counts>> catch_up_and_count(std::string scope,
                                                             steady_time deadline) override {
    return inner_->catch_up_and_count(std::move(scope), deadline);
  }
  awaitable<std::vector<std::optional<views::task_standing>>> standings(
      std::vector<views::sought_task> sought) override {
    return inner_->standings(std::move(sought));
  }
  awaitable<views::queued_counts> count_queued(std::string scope) override {
    return inner_->count_queued(std::move(scope));
  }
  awaitable<views::queue_summary> summarise_queue() override { return inner_->summarise_queue(); }
  awaitable<views::view_standing> standing() override { return inner_->standing(); }
  awaitable<std::optional<model::scan_task>> snapshot(model::target_key key) override {
    return inner_->snapshot(std::move(key));
  }
  awaitable<std::vector<std::string>> waiting_scopes(std::vector<std::int32_t> partitions,
                                                     std::string after,
                                                     std::size_t limit) override {
    return inner_->waiting_scopes(std::move(partitions), std::move(after), limit);
  }
  awaitable<std::vector<views::owing_task>> owing(std::vector<std::int32_t> partitions,
                                                  std::size_t limit) override {
    return inner_->owing(std::move(partitions), limit);
  }
  awaitable<bool> wait_until_folded(queue::position place, steady_time deadline) override {
    return inner_->wait_until_folded(std::move(place), deadline);
  }
  awaitable<void> stop() override { return inner_->stop(); }

 private:
  std::unique_ptr<views::task_view> inner_;
};

}  // namespace sonde::test
