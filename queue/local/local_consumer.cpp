#include "base/async/run_on.hpp"
#include "queue/errc.hpp"
#include "queue/local/local_reader.hpp"

#include <fmt/core.h>

#include <atomic>

namespace sonde::queue::local {
namespace {

/// The state of a group member. Lives on the reading loop.
struct member_state {
  std::shared_ptr<read_side> side;
  std::string group;
  std::string topic;
  commit_function commit;
  group_coordinator::member_id id = 0;  ///< zero until the first `next`
  log_cursor cursor;
  std::atomic<bool> closed = false;

  [[nodiscard]] group_coordinator& coordinator() { return side->group(group, topic); }
  [[nodiscard]] std::vector<partition_ref> owned_partitions() {
    std::vector<partition_ref> out;
    for (auto log : coordinator().owned(id)) {
      out.push_back({topic, side->layout().partition(log)});
    }
    return out;
  }
};

void leave(const std::shared_ptr<member_state>& member) {
  member->side->announce_group(member->group, member->topic);  // wakes also this member's `next`
  if (member->id == 0) return;
  member->coordinator().leave(member->id);
  member->side->drop_group_if_empty(member->group, member->topic);
  member->id = 0;
}

/// Returns a pending change of the assignment, if there is one.
std::optional<delivery> news_for(const std::shared_ptr<member_state>& member) {
  switch (member->coordinator().poll(member->id)) {
    case group_coordinator::news::assigned: {
      member->cursor = {};
      for (auto log : member->coordinator().owned(member->id)) {
        member->side->add_committed(member->cursor, member->group, log);
      }
      return assigned{member->owned_partitions()};
    }
    case group_coordinator::news::revoked: {
      auto partitions = member->owned_partitions();
      member->cursor = {};
      return revoked{std::move(partitions)};
    }
    case group_coordinator::news::nothing:
    case group_coordinator::news::wait: return std::nullopt;
  }
  return std::nullopt;
}

awaitable<result<delivery>> next_delivery(std::shared_ptr<member_state> member) {
  while (!member->closed && !member->side->closed()) {
    auto& group = member->coordinator();
    auto changes = group.changes();
    if (member->id == 0) member->id = group.join();
    auto news = news_for(member);
    // Joining or polling may have released logs that other members wait for.
    if (group.changes() != changes) member->side->announce_group(member->group, member->topic);
    if (news) co_return std::move(*news);
    auto records = member->side->read(member->cursor);
    if (!records) co_return records.error();
    if (!records->empty()) co_return delivery(std::move(*records));
    co_await member->side->wait_for_change(member->cursor, &group);
  }
  co_return fail(errc::closed);
}

/// Returns the offsets of a commit if this member still owns every partition.
result<std::vector<group_offset>> check_commit(const std::shared_ptr<member_state>& member,
                                               const std::vector<position>& next) {
  std::vector<group_offset> offsets;
  for (const auto& place : next) {
    auto log = member->side->layout().find(place.topic, place.partition);
    if (!log) return log.error();
    if (member->id == 0 || !member->coordinator().owns(member->id, *log)) {
      return fail(errc::not_owned, fmt::format("partition {} of {} belongs to another consumer",
                                               place.partition, place.topic));
    }
    offsets.push_back({member->group, *log, place.offset});
  }
  return offsets;
}

class local_consumer final : public consumer {
 public:
  explicit local_consumer(std::shared_ptr<member_state> member) : member_(std::move(member)) {}
  ~local_consumer() override { close(); }

  awaitable<result<delivery>> next() override {
    auto next_there = [member = member_] { return next_delivery(member); };
    return run_coroutine_on(member_->side->loop(), std::move(next_there));
  }

  awaitable<result<>> commit(std::vector<position> next) override {
    auto member = member_;
    auto check = [member, next = std::move(next)] { return check_commit(member, next); };
    auto offsets = co_await run_on(member->side->loop(), std::move(check));
    if (!offsets) co_return offsets.error();
    auto written = co_await member->commit(*offsets);
    if (!written) co_return written;
    auto remember = [member, offsets = std::move(*offsets)] {
      for (const auto& offset : offsets)
        member->side->set_committed(offset);
    };
    co_await run_on(member->side->loop(), std::move(remember));
    co_return result<>();
  }

  void close() override {
    if (member_->closed.exchange(true)) return;
    asio::post(member_->side->loop(), [member = member_] { leave(member); });
  }

 private:
  std::shared_ptr<member_state> member_;
};

}  // namespace

std::unique_ptr<consumer> make_local_consumer(std::shared_ptr<read_side> side, std::string group,
                                              std::string topic, commit_function commit) {
  auto member = std::make_shared<member_state>();
  member->side = std::move(side);
  member->group = std::move(group);
  member->topic = std::move(topic);
  member->commit = std::move(commit);
  return std::make_unique<local_consumer>(std::move(member));
}

}  // namespace sonde::queue::local
