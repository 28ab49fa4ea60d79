#include "scanner/scheduler/known_ports.hpp"

#include "model/events.hpp"

namespace sonde::scanner {
namespace {

constexpr std::chrono::hours silence{1};
constexpr std::size_t most_known = 200'000;

}  // namespace

void known_ports::drop_known(std::vector<record>& records, const std::string& groups,
                             steady_time now) {
  if (published_.size() > most_known) published_.clear();
  std::erase_if(records, [&](const record& r) {
    if (r.topic != model::topics::entities || !r.key.starts_with("port-")) return false;
    auto& last = published_[groups + r.key];
    bool fresh = last != steady_time{} && now - last < silence;
    if (!fresh) last = now;
    return fresh;
  });
}

}  // namespace sonde::scanner
