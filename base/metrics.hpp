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

/// A value that only grows. A handle: cheap to copy, thread-safe and lock-free. Its `metrics` must
/// outlive it.
class counter {
 public:
  explicit counter(prometheus::Counter& counted) : counted_(&counted) {}
  void add(double amount = 1) const;

 private:
  prometheus::Counter* counted_;
};

/// A value that goes up and down. A handle like `counter`.
class gauge {
 public:
  explicit gauge(prometheus::Gauge& shown) : shown_(&shown) {}
  void set(double value) const;

 private:
  prometheus::Gauge* shown_;
};

/// A histogram of durations in seconds, with buckets from 100 µs to a minute. A handle like
/// `counter`.
class timing {
 public:
  explicit timing(prometheus::Histogram& seen) : seen_(&seen) {}
  void observe(double seconds) const;

 private:
  prometheus::Histogram* seen_;
};

/// The metrics of a process, for Prometheus. Thread-safe. The object is passed to its users; there
/// is no global one.
///
/// A series is looked up by its name and labels, under a lock. Code that counts often keeps the
/// handle. Labels come from small sets that this program defines, never from data that a client
/// sends.
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

  /// All metrics in the text format 0.0.4 of Prometheus.
  [[nodiscard]] std::string text() const;

 private:
  struct store;
  std::unique_ptr<store> store_;
};

}  // namespace sonde
