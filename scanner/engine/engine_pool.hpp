#pragma once

#include "base/async/event_loop.hpp"
#include "scanner/engine/engine.hpp"

#include <memory>
#include <vector>

namespace sonde::scanner {

/// The engines of a process, one a thread, and which of them an address belongs to.
///
/// All addresses of a /24 or a /48 are one engine's, so that rates hold whatever names lead there.
/// Made and stopped by the wiring.
class engine_pool {
 public:
  /// `settings.descriptors` is for all of them together.
  engine_pool(std::size_t threads, engine_settings settings, std::shared_ptr<const policy> rules,
              const limits& limits, const clock& clock, logger& log);
  ~engine_pool();

  void start();
  /// Blocks until every engine has stopped.
  void stop();

  [[nodiscard]] engine& for_address(const model::ip_address& address);
  [[nodiscard]] engine& for_name(const std::string& name);
  /// Ends a task's scans, wherever they are. From any loop.
  void cancel(const model::task_id& task);
  /// From any loop.
  void set_policy(std::shared_ptr<const policy> rules);
  /// The threads that probe, by name. They stay the same.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> threads();
  /// So many processes share the rates, this one included. From any loop.
  void share_rates(std::size_t processes);
  /// Other configured rates. From any loop.
  void set_rates(const rate_settings& rates);
  /// Changes the `User-Agent` of later requests. From any loop.
  void set_user_agent(const std::string& user_agent);

 private:
  struct member {
    std::unique_ptr<event_loop> loop;
    std::unique_ptr<engine> probes;
  };
  std::vector<member> members_;
  bool started_ = false;
};

}  // namespace sonde::scanner
