#include "queue/kafka/standing.hpp"

namespace sonde::queue::kafka {

void standing::note_reason(int kind, std::string reason) {
  std::lock_guard lock(mutex_);
  bool news = in_trouble_ && kind != kind_;
  kind_ = kind;
  reason_ = std::move(reason);
  if (news) complain();
}

error standing::explained(error what) const {
  std::lock_guard lock(mutex_);
  return with_reason(std::move(what));
}

error standing::with_reason(error what) const {
  if (reason_.empty()) return what;
  what.detail = what.message() + " (" + reason_ + ")";
  return what;
}

void standing::note_trouble(error what, std::string topic) {
  std::lock_guard lock(mutex_);
  topic_ = std::move(topic);
  bool news = !in_trouble_ || trouble_.code != what.code;
  trouble_ = std::move(what);
  in_trouble_ = true;
  if (news) complain();
}

void standing::complain() const {
  log_.error("the brokers cannot be used", {{"reason", with_reason(trouble_).message()}});
}

void standing::recover(std::string_view topic) {
  std::lock_guard lock(mutex_);
  bool of_another = !topic.empty() && !topic_.empty() && topic != topic_;
  if (!in_trouble_ || of_another) return;
  in_trouble_ = false;
  trouble_ = {};
  reason_.clear();
  log_.info("the brokers can be used again");
}

result<> standing::now() const {
  std::lock_guard lock(mutex_);
  if (in_trouble_) return with_reason(trouble_);
  return {};
}

}  // namespace sonde::queue::kafka
