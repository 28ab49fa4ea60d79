#include "views/idempotency_view.hpp"

#include "base/async/hop.hpp"
#include "views/idempotency_tables.hpp"

namespace sonde::views {
namespace {

class sqlite_idempotency_view final : public idempotency_view {
 public:
  using found_answer = std::optional<model::kept_answer>;

  sqlite_idempotency_view(executor loop, queue::backend& queue,
                          std::optional<std::filesystem::path> file, const limits& limits,
                          const clock& clock, logger& log)
      : loop_(loop), tables_(limits, clock), view_(loop, queue, tables_, std::move(file), log) {}

  [[nodiscard]] result<> start() { return view_.start(); }

  awaitable<result<found_answer>> find(std::string id, steady_time deadline) override {
    auto work = [this, id = std::move(id), deadline] { return find_here(id, deadline); };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<std::uint64_t> rows() override {
    auto work = [this] { return tables_.rows(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<void> stop() override {
    auto work = [this] { return view_.stop(); };
    return spawn_on(loop_, std::move(work));
  }

 private:
  /// An answer stays what it is. What was begun may have been released meanwhile.
  awaitable<result<found_answer>> find_here(std::string id, steady_time deadline) {
    auto found = tables_.find(id);
    if (found && found->what == model::kept_answer::kind::answered) co_return found;
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("idempotency");
    co_return tables_.find(id);
  }

  executor loop_;
  idempotency_tables tables_;
  folding_view view_;
};

}  // namespace

result<std::unique_ptr<idempotency_view>> open_idempotency_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
    const limits& limits, const clock& clock, logger& log) {
  auto view = std::make_unique<sqlite_idempotency_view>(std::move(loop), queue, std::move(file),
                                                        limits, clock, log);
  if (auto started = view->start(); !started) return started.error();
  return std::unique_ptr<idempotency_view>(std::move(view));
}

}  // namespace sonde::views
