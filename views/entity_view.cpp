#include "views/entity_view.hpp"

#include "base/async/hop.hpp"
#include "queue/errc.hpp"
#include "views/entity_tables.hpp"
#include "views/side_reader.hpp"
#include "views/task_view.hpp"

#include <algorithm>
#include <atomic>
#include <functional>

namespace sonde::views {
namespace {

bool is_late(steady_time deadline) {
  return std::chrono::steady_clock::now() > deadline;
}

error busy() {
  return fail(queue::errc::unavailable,
              "so much is asked of the entity view that it was not this question's turn in time; "
              "try again later");
}

class sqlite_entity_view final : public entity_view {
 public:
  sqlite_entity_view(executor loop, const std::vector<executor>& reading, queue::backend& queue,
                     std::optional<std::filesystem::path> file, const limits& limits, logger& log)
      : loop_(loop),
        file_(file),
        tables_(limits),
        view_(loop, queue, tables_, std::move(file), log) {
    if (!file_) return;
    if (!reading.empty()) view_.give_way();
    for (const auto& each : reading)
      readers_.push_back(std::make_unique<side_reader>(each, limits));
  }

  [[nodiscard]] result<> start() { return view_.start(); }

  awaitable<result<std::optional<entity_details>>> find(model::entity_id id,
                                                        model::group_list groups,
                                                        std::size_t related_limit,
                                                        steady_time deadline) override {
    auto caller = scope_text(groups);
    return ask<std::optional<entity_details>>(
        std::move(caller),
        [id = std::move(id), groups = std::move(groups), related_limit](entity_reader& tables) {
          return tables.find(id, groups, related_limit);
        },
        [](const auto& found) { return found.has_value(); }, deadline);
  }

  awaitable<result<std::optional<entity_graph>>> walk(model::entity_id id, model::group_list groups,
                                                      std::uint32_t levels, std::size_t node_limit,
                                                      steady_time deadline) override {
    auto caller = scope_text(groups);
    return ask<std::optional<entity_graph>>(
        std::move(caller),
        [id = std::move(id), groups = std::move(groups), levels,
         node_limit](entity_reader& tables) { return tables.walk(id, groups, levels, node_limit); },
        [](const auto& found) { return found.has_value(); }, deadline);
  }

  /// What grows while one looks at it is answered as of the question's time.
  awaitable<result<std::optional<entity_comments>>> comments(model::entity_id id,
                                                             model::group_list groups,
                                                             std::size_t limit,
                                                             steady_time deadline) override {
    auto caller = scope_text(groups);
    return ask<std::optional<entity_comments>>(
        std::move(caller),
        [id = std::move(id), groups = std::move(groups), limit](entity_reader& tables) {
          return tables.comments(id, groups, limit);
        },
        nullptr, deadline);
  }

  awaitable<result<std::optional<model::entity_id>>> first_missing(
      std::vector<model::entity_id> ids, model::group_list groups, steady_time deadline) override {
    auto caller = scope_text(groups);
    return ask<std::optional<model::entity_id>>(
        std::move(caller),
        [ids = std::move(ids), groups = std::move(groups)](entity_reader& tables) {
          return tables.first_missing(ids, groups);
        },
        [](const auto& missing) { return !missing; }, deadline);
  }

  awaitable<result<bool>> has_comment(model::entity_id entity, model::comment_id comment,
                                      model::group_list groups, steady_time deadline) override {
    auto caller = scope_text(groups);
    return ask<bool>(
        std::move(caller),
        [entity = std::move(entity), comment = std::move(comment), groups = std::move(groups)](
            entity_reader& tables) { return tables.has_comment(entity, comment, groups); },
        [](bool found) { return found; }, deadline);
  }

  awaitable<bool> wait_until_passed(std::vector<model::produced_position> positions,
                                    steady_time deadline) override {
    if (passed(positions)) co_return true;
    auto work = [this, positions = std::move(positions), deadline] {
      return wait_here(positions, deadline);
    };
    bool in_time = co_await spawn_on(loop_, std::move(work));
    co_return in_time;
  }

  awaitable<view_standing> standing() override {
    auto work = [this] { return view_.standing(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<void> stop() override {
    for (auto& each : readers_) {
      auto close = [&reader = *each] { reader.close(); };
      co_await call_on(each->loop(), std::move(close));
    }
    auto work = [this] { return view_.stop(); };
    co_await spawn_on(loop_, std::move(work));
  }

 private:
  [[nodiscard]] bool passed(const std::vector<model::produced_position>& positions) const {
    return std::ranges::all_of(positions, [this](const model::produced_position& p) {
      return view_.has_passed(p.topic, p.partition, p.offset);
    });
  }

  awaitable<bool> wait_here(std::vector<model::produced_position> positions, steady_time deadline) {
    while (!passed(positions)) {
      bool in_time = co_await view_.wait_for_fold(deadline);
      if (!in_time) co_return false;
    }
    co_return true;
  }

  awaitable<result<>> catch_up_here(steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("entity");
    co_return result<>();
  }

  /// By the readers in turn; by the view's own connection where there is none, or it cannot.
  template <class T>
  awaitable<result<T>> answer(std::string caller, question<T> asked, steady_time deadline) {
    using answered = std::optional<result<T>>;
    if (!readers_.empty()) {
      auto& reader = *readers_[next_reader_++ % readers_.size()];
      std::function<answered()> there = [this, &reader, asked, deadline] {
        if (is_late(deadline)) return answered(busy());
        return reader.answer<T>(asked, *file_, view_.opened(), deadline);
      };
      auto told = co_await reader.in_turn<answered>(std::move(caller), std::move(there));
      if (told) co_return std::move(*told);
    }
    auto here = [this, asked = std::move(asked), deadline] {
      return is_late(deadline) ? result<T>(busy()) : result<T>(asked(tables_.reader()));
    };
    auto told = co_await call_on(loop_, std::move(here));
    co_return std::move(told);
  }

  /// Asks, and where the answer is not final yet, once more when the view has caught up: with what
  /// stood on the topics when the question came. Without `is_final`: only then.
  template <class T>
  awaitable<result<T>> ask(std::string caller, question<T> asked,
                           std::function<bool(const T&)> is_final, steady_time deadline) {
    if (is_final) {
      auto first = co_await answer<T>(caller, asked, deadline);
      if (!first || is_final(*first)) co_return std::move(first);
    }
    auto wait = [this, deadline] { return catch_up_here(deadline); };
    auto caught_up = co_await spawn_on(loop_, std::move(wait));
    if (!caught_up) co_return caught_up.error();
    auto last = co_await answer<T>(std::move(caller), std::move(asked), deadline);
    co_return std::move(last);
  }

  executor loop_;
  std::optional<std::filesystem::path> file_;
  std::vector<std::unique_ptr<side_reader>> readers_;
  std::atomic<std::size_t> next_reader_ = 0;
  entity_tables tables_;
  folding_view view_;
};

}  // namespace

result<std::unique_ptr<entity_view>> open_entity_view(executor loop,
                                                      const std::vector<executor>& reading,
                                                      queue::backend& queue,
                                                      std::optional<std::filesystem::path> file,
                                                      const limits& limits, logger& log) {
  auto view = std::make_unique<sqlite_entity_view>(std::move(loop), reading, queue, std::move(file),
                                                   limits, log);
  if (auto started = view->start(); !started) return started.error();
  return std::unique_ptr<entity_view>(std::move(view));
}

}  // namespace sonde::views
