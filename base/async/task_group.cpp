#include "base/async/task_group.hpp"

#include <boost/system/system_error.hpp>

namespace sonde {

task_group::task_group(executor loop, logger& log, std::string name,
                       std::function<void(error)> failed)
    : loop_(loop),
      log_(log),
      name_(std::move(name)),
      failed_(std::move(failed)),
      member_ended_(loop) {}

void task_group::spawn(awaitable<void> work) {
  auto member = members_.emplace(members_.end());
  auto ended = [this, member](std::exception_ptr thrown) { this->ended(member, thrown); };
  asio::co_spawn(loop_, std::move(work), asio::bind_cancellation_slot(member->slot(), ended));
}

void task_group::cancel() {
  cancelled_ = true;
  // A member may end and leave the list while its own signal is emitted.
  for (auto member = members_.begin(); member != members_.end();) {
    (member++)->emit(asio::cancellation_type::terminal);
  }
}

awaitable<void> task_group::join() {
  while (!members_.empty())
    co_await member_ended_.wait();
}

void task_group::ended(std::list<asio::cancellation_signal>::iterator member,
                       std::exception_ptr thrown) {
  members_.erase(member);
  member_ended_.notify_all();
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    if (cancelled_ && e.code() == asio::error::operation_aborted) return;
    tell(e.what());
  } catch (const std::exception& e) {
    tell(e.what());
  }
}

void task_group::tell(const std::string& what) {
  log_.error("coroutine ended by an exception", {{"group", name_}, {"what", what}});
  if (!failed_) return;
  auto code = boost::system::errc::make_error_code(boost::system::errc::state_not_recoverable);
  failed_({code, name_ + " ended by an exception: " + what});
}

}  // namespace sonde
