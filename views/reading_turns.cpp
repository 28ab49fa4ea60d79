#include "views/reading_turns.hpp"

#include <utility>

namespace sonde::views {

void reading_turns::add(const std::string& caller, job one) {
  auto& its = jobs_[caller];
  if (its.empty()) turns_.push_back(caller);
  its.push_back(std::move(one));
}

reading_turns::job reading_turns::next() {
  if (turns_.empty()) return {};
  auto caller = std::move(turns_.front());
  turns_.pop_front();
  auto its = jobs_.find(caller);
  auto out = std::move(its->second.front());
  its->second.pop_front();
  if (its->second.empty()) {
    jobs_.erase(its);
  } else {
    turns_.push_back(std::move(caller));
  }
  return out;
}

}  // namespace sonde::views
