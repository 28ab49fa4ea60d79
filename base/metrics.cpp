#include "base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace sonde {
namespace {

const prometheus::Histogram::BucketBoundaries buckets = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1,    0.25,    0.5,    1,     2.5,    5,     10,   25,    60};

}  // namespace

void counter::add(double amount) const {
  counted_->Increment(amount);
}

void gauge::set(double value) const {
  shown_->Set(value);
}

void timing::observe(double seconds) const {
  seen_->Observe(seconds);
}

struct metrics::store {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

metrics::metrics() : store_(std::make_unique<store>()) {}

metrics::~metrics() = default;

counter metrics::count(const std::string& name, const std::string& help, const labels& by) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(store_->registry);
  return counter(family.Add(by));
}

gauge metrics::show(const std::string& name, const std::string& help, const labels& by) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(store_->registry);
  return gauge(family.Add(by));
}

timing metrics::time(const std::string& name, const std::string& help, const labels& by) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(store_->registry);
  return timing(family.Add(by, buckets));
}

std::string metrics::text() const {
  return prometheus::TextSerializer().Serialize(store_->registry.Collect());
}

}  // namespace sonde
