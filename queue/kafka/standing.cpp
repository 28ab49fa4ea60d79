#include "queue/kafka/standing.hpp"

namespace sonde::queue::kafka {

void standing::note_reason(std::string reason) {
  std::lock_guard lock(mutex_);
  reason_ = std::move(reason);
}

error standing::explained(error what) const {
  std::lock_guard lock(mutex_);
  if (reason_.empty()) return what;
  what.detail = what.message() + " (" + reason_ + ")";
  return what;
}

void standing::note_trouble(error what) {
  what = explained(std::move(what));
  std::lock_guard lock(mutex_);
  bool news = !in_trouble_ || trouble_.code != what.code;
  if (news) log_.error("the brokers cannot be used", {{"reason", what.message()}});
  trouble_ = std::move(what);
  in_trouble_ = true;
}

void standing::recover() {
  std::lock_guard lock(mutex_);
  if (!in_trouble_) return;
  in_trouble_ = false;
  trouble_ = {};
  reason_.clear();
  log_.info("the brokers can be used again");
}

result<> standing::now() const {
  std::lock_guard lock(mutex_);
  if (in_trouble_) return trouble_;
  return {};
}

}  // namespace sonde::queue::kafka
