#pragma once

#include <map>
#include <memory>
#include <string>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace sonde {

/// What only grows. A handle: cheap to copy, and as long as its `metrics` lives, thread-safe and
/// without a lock.
class counter {
 public:
  explicit counter(prometheus::Counter& counted) : counted_(&counted) {}
  void add(double amount = 1) const;

 private:
  prometheus::Counter* counted_;
};

/// What goes up and down. A handle like `counter`.
class gauge {
 public:
  explicit gauge(prometheus::Gauge& shown) : shown_(&shown) {}
  void set(double value) const;

 private:
  prometheus::Gauge* shown_;
};

/// How long something took, in seconds: buckets from 100 µs to a minute. A handle like `counter`.
class timing {
 public:
  explicit timing(prometheus::Histogram& seen) : seen_(&seen) {}
  void observe(double seconds) const;

 private:
  prometheus::Histogram* seen_;
};

/// What a process counts, for Prometheus. Thread-safe. Handed to whoever counts; there is no global
/// one.
///
/// A series is found by its name and labels, under a lock: whoever counts often keeps the handle.
/// Labels come from small sets that this program knows, never from what a client sends.
class metrics {
 public:
  using labels = std::map<std::string, std::string>;

  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  [[nodiscard]] counter count(const std::string& name, const std::string& help,
                              const labels& by = {});
  [[nodiscard]] gauge show(const std::string& name, const std::string& help, const labels& by = {});
  [[nodiscard]] timing time(const std::string& name, const std::string& help,
                            const labels& by = {});

  /// Everything, in Prometheus' text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct store;
  std::unique_ptr<store> store_;
};

}  // namespace sonde
