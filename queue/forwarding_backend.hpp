#pragma once

#include "queue/io.hpp"

#include <memory>

namespace sonde::queue {

/// A backend that forwards every call to another backend. Base class for backends that change only
/// some calls.
class forwarding_backend : public backend {
 public:
  explicit forwarding_backend(std::unique_ptr<backend> inner) : inner_(std::move(inner)) {}

  awaitable<result<std::vector<position>>> produce(std::vector<record> batch) override {
    return inner_->produce(std::move(batch));
  }
  awaitable<result<position>> produce_to(std::int32_t partition, record one) override {
    return inner_->produce_to(partition, std::move(one));
  }
  void abandon(partition_ref where) override { inner_->abandon(std::move(where)); }
  std::unique_ptr<reader> read_from(std::vector<std::string> topics,
                                    std::vector<position> from) override {
    return inner_->read_from(std::move(topics), std::move(from));
  }
  std::unique_ptr<consumer> join(std::string group, std::string topic) override {
    return inner_->join(std::move(group), std::move(topic));
  }
  awaitable<result<std::vector<position>>> ends(std::vector<std::string> topics) override {
    return inner_->ends(std::move(topics));
  }
  awaitable<result<std::vector<position>>> starts(std::vector<std::string> topics) override {
    return inner_->starts(std::move(topics));
  }
  awaitable<result<std::vector<position>>> committed(std::string group,
                                                     std::string topic) override {
    return inner_->committed(std::move(group), std::move(topic));
  }
  [[nodiscard]] std::vector<topic_size> sizes() const override { return inner_->sizes(); }
  [[nodiscard]] const std::vector<topic_spec>& topics() const override { return inner_->topics(); }
  [[nodiscard]] std::string full_name(const std::string& topic) const override {
    return inner_->full_name(topic);
  }
  [[nodiscard]] std::string full_group(const std::string& group) const override {
    return inner_->full_group(group);
  }
  [[nodiscard]] const std::string& identity() const override { return inner_->identity(); }
  [[nodiscard]] result<> health() const override { return inner_->health(); }
  [[nodiscard]] result<> availability() const override { return inner_->availability(); }
  void close() override { inner_->close(); }

 protected:
  [[nodiscard]] backend& inner() const { return *inner_; }

 private:
  std::unique_ptr<backend> inner_;
};

}  // namespace sonde::queue
