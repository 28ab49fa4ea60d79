#include "views/entity_view.hpp"

#include "base/async/hop.hpp"
#include "queue/errc.hpp"
#include "views/entity_tables.hpp"

#include <algorithm>
#include <atomic>
#include <functional>

namespace sonde::views {
namespace {

/// Of the file, so much is read where it lies in the page cache.
constexpr std::int64_t mapped_bytes = std::int64_t{1} << 30;

bool is_late(steady_time deadline) {
  return std::chrono::steady_clock::now() > deadline;
}

error busy() {
  return fail(queue::errc::unavailable,
              "so much is asked of the entity view that it was not this question's turn in time; "
              "try again later");
}

template <class T>
using question = std::function<T(entity_reader&)>;

/// A connection of its own to the view's file, on a loop of its own.
class side_reader {
 public:
  side_reader(executor loop, const limits& limits) : loop_(std::move(loop)), limits_(limits) {}

  [[nodiscard]] const executor& loop() const { return loop_; }

  /// Nothing where the file cannot be read now: it may be about to be rebuilt.
  template <class T>
  std::optional<T> answer(const question<T>& ask, const std::filesystem::path& file,
                          std::uint64_t opened) {
    try {
      if (!reader_ || opened_ != opened) open(file, opened);
      return ask(*reader_);
    } catch (const SQLite::Exception&) {
      close();
      return std::nullopt;
    }
  }

  void close() {
    reader_.reset();
    db_.reset();
  }

 private:
  void open(const std::filesystem::path& file, std::uint64_t opened) {
    close();
    db_ = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, busy_timeout_ms);
    db_->exec("PRAGMA temp_store=MEMORY");
    db_->exec("PRAGMA mmap_size=" + std::to_string(mapped_bytes));
    reader_ = std::make_unique<entity_reader>(*db_, limits_);
    opened_ = opened;
  }

  executor loop_;
  const limits& limits_;
  std::unique_ptr<SQLite::Database> db_;
  std::unique_ptr<entity_reader> reader_;
  std::uint64_t opened_ = 0;
};

class sqlite_entity_view final : public entity_view {
 public:
  sqlite_entity_view(executor loop, const std::vector<executor>& reading, queue::backend& queue,
                     std::optional<std::filesystem::path> file, const limits& limits, logger& log)
      : loop_(loop),
        file_(file),
        tables_(limits),
        view_(loop, queue, tables_, std::move(file), log) {
    if (!file_) return;
    for (const auto& each : reading)
      readers_.push_back(std::make_unique<side_reader>(each, limits));
  }

  [[nodiscard]] result<> start() { return view_.start(); }

  awaitable<result<std::optional<entity_details>>> find(model::entity_id id,
                                                        model::group_list groups,
                                                        std::size_t related_limit,
                                                        steady_time deadline) override {
    return ask<std::optional<entity_details>>(
        [id = std::move(id), groups = std::move(groups), related_limit](entity_reader& tables) {
          return tables.find(id, groups, related_limit);
        },
        [](const auto& found) { return found.has_value(); }, deadline);
  }

  awaitable<result<std::optional<entity_graph>>> walk(model::entity_id id, model::group_list groups,
                                                      std::uint32_t levels, std::size_t node_limit,
                                                      steady_time deadline) override {
    return ask<std::optional<entity_graph>>(
        [id = std::move(id), groups = std::move(groups), levels,
         node_limit](entity_reader& tables) { return tables.walk(id, groups, levels, node_limit); },
        [](const auto& found) { return found.has_value(); }, deadline);
  }

  /// What grows while one looks at it is answered as of the question's time.
  awaitable<result<std::optional<std::vector<model::comment>>>> comments(
      model::entity_id id, model::group_list groups, std::size_t limit,
      steady_time deadline) override {
    return ask<std::optional<std::vector<model::comment>>>(
        [id = std::move(id), groups = std::move(groups), limit](entity_reader& tables) {
          return tables.comments(id, groups, limit);
        },
        nullptr, deadline);
  }

  awaitable<result<std::optional<model::entity_id>>> first_missing(
      std::vector<model::entity_id> ids, model::group_list groups, steady_time deadline) override {
    return ask<std::optional<model::entity_id>>(
        [ids = std::move(ids), groups = std::move(groups)](entity_reader& tables) {
          return tables.first_missing(ids, groups);
        },
        [](const auto& missing) { return !missing; }, deadline);
  }

  awaitable<result<bool>> has_comment(model::entity_id entity, model::comment_id comment,
                                      model::group_list groups, steady_time deadline) override {
    return ask<bool>(
        [entity = std::move(entity), comment = std::move(comment), groups = std::move(groups)](
            entity_reader& tables) { return tables.has_comment(entity, comment, groups); },
        [](bool found) { return found; }, deadline);
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
    for (auto& each : readers_) {
      auto close = [&reader = *each] { reader.close(); };
      co_await call_on(each->loop(), std::move(close));
    }
    auto work = [this] { return view_.stop(); };
    co_await spawn_on(loop_, std::move(work));
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

  awaitable<result<>> catch_up_here(steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("entity");
    co_return result<>();
  }

  /// By the readers in turn; by the view's own connection where there is none, or it cannot.
  /// Nothing where it was not this question's turn before the deadline.
  template <class T>
  awaitable<std::optional<T>> answer(question<T> asked, steady_time deadline) {
    if (!readers_.empty()) {
      auto& reader = *readers_[next_reader_++ % readers_.size()];
      auto there = [this, &reader, asked, deadline] {
        if (is_late(deadline)) return std::optional<T>();
        return reader.answer<T>(asked, *file_, view_.opened());
      };
      auto told = co_await call_on(reader.loop(), std::move(there));
      if (told) co_return std::move(told);
    }
    auto here = [this, asked = std::move(asked), deadline] {
      return is_late(deadline) ? std::optional<T>() : std::optional<T>(asked(tables_.reader()));
    };
    auto told = co_await call_on(loop_, std::move(here));
    co_return std::move(told);
  }

  /// Asks, and where the answer is not final yet, once more when the view has caught up: with what
  /// stood on the topics when the question came. Without `is_final`: only then.
  template <class T>
  awaitable<result<T>> ask(question<T> asked, std::function<bool(const T&)> is_final,
                           steady_time deadline) {
    if (is_final) {
      auto first = co_await answer<T>(asked, deadline);
      if (!first) co_return busy();
      if (is_final(*first)) co_return std::move(*first);
    }
    auto wait = [this, deadline] { return catch_up_here(deadline); };
    auto caught_up = co_await spawn_on(loop_, std::move(wait));
    if (!caught_up) co_return caught_up.error();
    auto last = co_await answer<T>(std::move(asked), deadline);
    if (!last) co_return busy();
    co_return std::move(*last);
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
