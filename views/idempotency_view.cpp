#include "views/idempotency_view.hpp"

#include "views/idempotency_tables.hpp"
#include "views/run_member_on.hpp"

namespace sonde::views {

idempotency_view::idempotency_view(executor loop, std::unique_ptr<idempotency_tables> tables,
                                   std::unique_ptr<folding_view> view)
    : loop_(std::move(loop)), tables_(std::move(tables)), view_(std::move(view)) {}

idempotency_view::~idempotency_view() = default;

awaitable<result<std::optional<model::cached_response>>> idempotency_view::find(
    std::string id, steady_time deadline) {
  return run_member_on(loop_, *this, &idempotency_view::find_here, std::move(id), deadline);
}

awaitable<std::uint64_t> idempotency_view::rows() {
  return run_member_on(loop_, *tables_, &idempotency_tables::rows);
}

awaitable<void> idempotency_view::stop() {
  return run_member_on(loop_, *view_, &folding_view::stop);
}

/// Returns a stored response at once, because it cannot change. Otherwise it catches up first: a
/// begun request may have been released meanwhile.
awaitable<result<std::optional<model::cached_response>>> idempotency_view::find_here(
    std::string id, steady_time deadline) {
  auto found = tables_->find(id);
  if (found && found->what == model::cached_response::kind::answered) co_return found;
  auto caught_up = co_await view_->catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  co_return tables_->find(id);
}

result<std::unique_ptr<idempotency_view>> open_idempotency_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
    const limits& limits, const clock& clock, logger& log) {
  auto tables = std::make_unique<idempotency_tables>(limits, clock);
  auto view = std::make_unique<folding_view>(loop, queue, *tables, std::move(file), log);
  if (auto started = view->start(); !started) return started.error();
  return std::unique_ptr<idempotency_view>(
      new idempotency_view(std::move(loop), std::move(tables), std::move(view)));
}

}  // namespace sonde::views
