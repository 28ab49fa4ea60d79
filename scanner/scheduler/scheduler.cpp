#include "scanner/scheduler/scheduler.hpp"

#include <utility>

namespace sonde::scanner {

scheduler::scheduler(scheduler_context context, scan_runner& runner,
                     std::shared_ptr<const policy> rules, model::profile_book profiles,
                     const scheduler_settings& settings)
    : context_(std::move(context)),
      runner_(runner),
      ledger_(context_),
      leases_(context_, {settings.process_id, settings.lease_patience}, lease_events()),
      outbox_(context_, ledger_),
      progress_(context_, ledger_),
      recorder_(context_, ledger_, outbox_, profiles),
      ready_(context_, ledger_, profiles),
      dispatcher_(context_, runner, {ledger_, ready_, recorder_, progress_},
                  {std::move(rules), profiles, settings.addresses_per_name}),
      intake_(context_, ledger_, leases_,
              [this](const model::scan_task& task, std::int32_t partition) {
                on_folded(task, partition);
              }),
      loops_(context_.loop, context_.log, "scheduler", context_.failed) {}

scheduler::~scheduler() = default;

lease_listener scheduler::lease_events() {
  lease_listener out;
  out.held = [this](std::int32_t partition, std::uint64_t epoch) {
    return on_held(partition, epoch);
  };
  out.released = [this](std::vector<std::int32_t> partitions) {
    return on_released(std::move(partitions));
  };
  out.overwritten = [this](std::int32_t partition, model::target_key key) {
    return on_overwritten(partition, std::move(key));
  };
  out.counted = [this](std::size_t owners) {
    context_.log.info("number of scanners that share the rates changed",
                      {{"processes", static_cast<std::int64_t>(owners)}});
    runner_.share_rates(owners);
  };
  return out;
}

void scheduler::start() {
  intake_.join_group();
  loops_.spawn(leases_.watch());
  loops_.spawn(consume());
  loops_.spawn(leases_.settle_conflicts());
  loops_.spawn(dispatcher_.dispatch());
  loops_.spawn(progress_.publish());
  loops_.spawn(outbox_.publish());
  loops_.spawn(ledger_.forget_what_is_seen());
}

/// The leases are read until the runs have ended, so that a lost partition ends its runs.
awaitable<void> scheduler::stop(steady_time deadline) {
  intake_.stop();
  leases_.leave();
  dispatcher_.stop_starting();
  progress_.stop();
  outbox_.stop();
  co_await dispatcher_.drain(deadline);
  leases_.stop();
  ledger_.stop();
  loops_.cancel();
  co_await loops_.join();
  co_await leases_.join();
}

void scheduler::set_policy(std::shared_ptr<const policy> rules) {
  asio::post(context_.loop, [this, rules = std::move(rules)] { dispatcher_.set_policy(rules); });
}

awaitable<void> scheduler::consume() {
  request_intake::assigned_function assigned = [this](std::vector<std::int32_t> partitions) {
    return on_assigned(std::move(partitions));
  };
  request_intake::revoked_function revoked = [this](std::vector<std::int32_t> partitions,
                                                    revocation how) {
    return on_revoked(std::move(partitions), how);
  };
  auto ended = co_await intake_.consume(std::move(assigned), std::move(revoked));
  if (!ended && context_.failed) context_.failed(ended.error());
}

awaitable<void> scheduler::on_assigned(std::vector<std::int32_t> partitions) {
  intake_.forget_all_held_back();  // uncommitted requests are read again
  co_await leases_.assigned(std::move(partitions));
}

/// Keeps runs after an announced revocation until the group has reassigned these partitions or
/// another process takes their lease: mostly the partitions come back. Until then no run starts in
/// them.
awaitable<void> scheduler::on_revoked(std::vector<std::int32_t> partitions, revocation how) {
  intake_.forget_held_back(partitions);
  dispatcher_.suspend(partitions);
  co_await leases_.revoked(std::move(partitions), how);
}

awaitable<void> scheduler::on_held(std::int32_t partition, std::uint64_t epoch) {
  ledger_.own(partition, epoch);
  dispatcher_.resume(partition);
  look_around();
  co_await intake_.fold_held_back(partition);
}

/// Publishes nothing more of the released partitions.
awaitable<void> scheduler::on_released(std::vector<std::int32_t> partitions) {
  for (auto partition : partitions)
    ledger_.disown(partition);
  co_await dispatcher_.release(std::move(partitions));
}

awaitable<void> scheduler::on_overwritten(std::int32_t partition, model::target_key key) {
  bool published = co_await recorder_.rewrite(std::move(key), partition);
  // A fenced owner may have folded a request first, so this may be the first news of the task.
  if (published) look_around();
}

void scheduler::on_folded(const model::scan_task& task, std::int32_t partition) {
  dispatcher_.take(task, partition);
  outbox_.note(task, partition);
}

void scheduler::look_around() {
  dispatcher_.look_around();
  outbox_.look_around();
}

}  // namespace sonde::scanner
