#pragma once

#include "base/async/event_loop.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/scan_runner.hpp"

#include <memory>
#include <vector>

namespace sonde::scanner {

/// The engines of a process, one per thread, and the assignment of addresses to them.
///
/// All addresses of a /24 or a /48 belong to one engine, so rates hold for all names that resolve
/// to them. Created and stopped by the wiring.
class engine_pool final : public scan_runner {
 public:
  /// `settings.descriptors` is for all engines together.
  engine_pool(std::size_t threads, engine_settings settings, std::shared_ptr<const policy> rules,
              const engine_context& context);
  ~engine_pool() override;

  void start();
  /// Blocks until every engine has stopped.
  void stop();

  [[nodiscard]] engine& for_address(const model::ip_address& address);
  [[nodiscard]] engine& for_name(const std::string& name);
  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name) override;
  awaitable<address_report> scan(address_job job) override;
  /// Ends a task's scans on all engines. Call from any loop.
  void cancel(const model::task_id& task) override;
  [[nodiscard]] executor helper_for(const model::target_key& key) override;
  /// Changes the policy. Call from any loop.
  void set_policy(std::shared_ptr<const policy> rules);
  /// Returns the threads that probe, by name. They do not change.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> threads();
  /// Sets the number of processes that share the rates, including this one. Call from any loop.
  void share_rates(std::size_t processes) override;
  /// Changes the configured rates. Call from any loop.
  void set_rates(const rate_settings& rates);
  /// Changes the `User-Agent` of later requests. Call from any loop.
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
