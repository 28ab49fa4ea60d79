#include "views/topic_follower.hpp"

#include "queue/errc.hpp"

#include <algorithm>

namespace sonde::views {

topic_follower::topic_follower(executor loop, queue::backend& queue,
                               std::vector<std::string> topics, logger& log)
    : queue_(queue), topics_(std::move(topics)), log_(log), changed_(loop), stop_(loop) {}

void topic_follower::restart(const std::vector<queue::position>& from) {
  {
    std::lock_guard lock(next_mutex_);
    next_.clear();
    for (const auto& place : from)
      next_[{place.topic, place.partition}] = place.offset;
  }
  reader_ = queue_.read_from(topics_, from);
}

void topic_follower::read_on() {
  std::vector<queue::position> from;
  from.reserve(next_.size());
  for (const auto& [place, next] : next_)
    from.push_back({place.first, place.second, next});
  reader_ = queue_.read_from(topics_, std::move(from));
}

awaitable<result<>> topic_follower::skip_deleted() {
  auto starts = co_await queue_.starts(topics_);
  if (!starts) co_return starts.error();
  for (const auto& start : *starts) {
    std::lock_guard lock(next_mutex_);
    auto& next = next_[{start.topic, start.partition}];
    if (next >= start.offset) continue;
    log_.warning(
        "records expired before the view read them; continuing at the first record that is left",
        {{"topic", start.topic}, {"from", next}, {"to", start.offset}});
    next = start.offset;
  }
  read_on();
  co_return result<>();
}

awaitable<result<>> topic_follower::run(callbacks view) {
  while (!stop_.requested()) {
    auto ended = co_await queue::follow(*reader_, view.fold, stop_, log_, view.unreadable);
    if (ended || ended.error().code != make_error_code(queue::errc::out_of_range)) co_return ended;
    co_await view.overtaken();
  }
  co_return result<>();
}

void topic_follower::stop() {
  stop_.request();
  if (reader_) reader_->close();
}

void topic_follower::advance(const std::vector<queue::position>& reached) {
  std::lock_guard lock(next_mutex_);
  for (const auto& place : reached)
    next_[{place.topic, place.partition}] = place.offset;
}

bool topic_follower::has_passed(const std::string& topic, std::int32_t partition,
                                std::int64_t offset) const {
  std::lock_guard lock(next_mutex_);
  auto place = next_.find({topic, partition});
  return place != next_.end() && place->second > offset;
}

bool topic_follower::is_ahead_of(const std::vector<queue::position>& ends) const {
  return std::ranges::any_of(ends, [this](const queue::position& end) {
    return has_passed(end.topic, end.partition, end.offset);
  });
}

awaitable<bool> topic_follower::catch_up(steady_time deadline) {
  auto ends = co_await queue_.ends(topics_);
  if (!ends) co_return false;
  std::function<bool()> reached = [this, &ends] {
    return std::ranges::all_of(*ends, [this](const queue::position& end) {
      return end.offset == 0 || has_passed(end.topic, end.partition, end.offset - 1);
    });
  };
  if (reached()) co_return true;
  auto starts = co_await queue_.starts(topics_);
  if (!starts) co_return false;
  // A partition whose records have all expired needs no waiting.
  std::erase_if(*ends, [&](const queue::position& end) {
    return std::ranges::find(*starts, end) != starts->end();
  });
  bool in_time = co_await wait_until(std::move(reached), deadline);
  co_return in_time;
}

awaitable<bool> topic_follower::wait_until(std::function<bool()> reached, steady_time deadline) {
  struct count_in {
    explicit count_in(std::size_t& waiting) : waiting_(waiting) { ++waiting_; }
    ~count_in() { --waiting_; }
    count_in(const count_in&) = delete;
    count_in& operator=(const count_in&) = delete;
    std::size_t& waiting_;
  };
  count_in self(waiting_);
  while (!reached()) {
    bool in_time = co_await changed_.wait_until(deadline);
    if (!in_time || stop_.requested()) co_return reached();
  }
  co_return true;
}

}  // namespace sonde::views
