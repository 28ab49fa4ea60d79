#include "views/entity_store.hpp"

#include "queue/errc.hpp"
#include "views/run_member_on.hpp"

#include <algorithm>
#include <chrono>

namespace sonde::views {

entity_store::entity_store(const context& from, std::optional<std::filesystem::path> file)
    : loop_(from.loop),
      file_(file),
      tables_(from.limits),
      view_(from.loop, from.queue, tables_, std::move(file), from.log) {
  if (!file_) return;
  if (!from.reading.empty()) view_.give_way();
  for (const auto& each : from.reading)
    readers_.push_back(std::make_unique<side_reader>(each, from.limits));
}

awaitable<void> entity_store::stop() {
  for (auto& each : readers_)
    co_await run_member_on(each->loop(), *each, &side_reader::close);
  co_await run_member_on(loop_, view_, &folding_view::stop);
}

awaitable<view_health> entity_store::health() {
  auto work = [this] { return view_.health(); };
  return run_on(loop_, std::move(work));
}

awaitable<bool> entity_store::wait_until_passed(std::vector<model::produced_position> positions,
                                                steady_time deadline) {
  if (passed(positions)) co_return true;
  bool in_time = co_await run_member_on(loop_, *this, &entity_store::wait_here,
                                        std::move(positions), deadline);
  co_return in_time;
}

bool entity_store::is_late(steady_time deadline) {
  return std::chrono::steady_clock::now() > deadline;
}

error entity_store::overloaded() {
  return fail(queue::errc::unavailable,
              "the entity view is overloaded, and the query did not run in time; try again later");
}

bool entity_store::passed(const std::vector<model::produced_position>& positions) {
  return std::ranges::all_of(positions, [this](const model::produced_position& p) {
    return view_.follower().has_passed(p.topic, p.partition, p.offset);
  });
}

awaitable<bool> entity_store::wait_here(std::vector<model::produced_position> positions,
                                        steady_time deadline) {
  std::function<bool()> all_passed = [this, &positions] { return passed(positions); };
  bool in_time = co_await view_.follower().wait_until(std::move(all_passed), deadline);
  co_return in_time;
}

}  // namespace sonde::views
