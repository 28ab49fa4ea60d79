#include "queue/kafka/broker_health.hpp"

namespace sonde::queue::kafka {

void broker_health::note_reason(int kind, std::string reason) {
  std::lock_guard lock(mutex_);
  bool news = failing_ && kind != kind_;
  kind_ = kind;
  reason_ = std::move(reason);
  if (news) complain();
}

error broker_health::explained(error what) const {
  std::lock_guard lock(mutex_);
  return with_reason(std::move(what));
}

error broker_health::with_reason(error what) const {
  if (reason_.empty()) return what;
  what.detail = what.message() + " (" + reason_ + ")";
  return what;
}

void broker_health::note_error(error what, std::string topic) {
  std::lock_guard lock(mutex_);
  topic_ = std::move(topic);
  bool news = !failing_ || error_.code != what.code;
  error_ = std::move(what);
  failed_at_ = std::chrono::steady_clock::now();
  failing_ = true;
  if (news) complain();
}

void broker_health::complain() const {
  log_.error("brokers not available", {{"reason", with_reason(error_).message()}});
}

void broker_health::recover(std::string_view topic) {
  std::lock_guard lock(mutex_);
  bool of_another = !topic_.empty() && topic != topic_;
  if (failing_ && !of_another) clear();
}

void broker_health::note_checked(steady_time now) {
  std::lock_guard lock(mutex_);
  bool too_early = !topic_.empty() && now < failed_at_ + retest_after;
  if (failing_ && !too_early) clear();
}

void broker_health::clear() {
  failing_ = false;
  error_ = {};
  topic_.clear();
  reason_.clear();
  log_.info("brokers available again");
}

result<> broker_health::now() const {
  std::lock_guard lock(mutex_);
  if (failing_) return with_reason(error_);
  return {};
}

}  // namespace sonde::queue::kafka
