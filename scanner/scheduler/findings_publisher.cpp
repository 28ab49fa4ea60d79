#include "scanner/scheduler/findings_publisher.hpp"

#include "base/async/hop.hpp"
#include "base/async/retry.hpp"
#include "queue/errc.hpp"
#include "queue/record_size.hpp"
#include "views/task_view.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// Endpoints that become records in one go.
constexpr std::size_t endpoints_at_once = 256;
/// Records of one batch, and their bytes: a small part of what the queue holds for everybody.
constexpr std::size_t batch_records = 2'000;
constexpr std::size_t batch_bytes = 2u << 20;
constexpr std::chrono::milliseconds first_pause{200};
constexpr std::chrono::milliseconds longest_pause{2'000};

std::vector<record> part_of(const std::vector<record>& all, std::size_t begin, std::size_t end) {
  return {all.begin() + static_cast<std::ptrdiff_t>(begin),
          all.begin() + static_cast<std::ptrdiff_t>(end)};
}

/// A part cut into observations of so many endpoints. Certificates and the target's addresses stand
/// in the first, as later ones may refer to them.
std::vector<model::scan_observation> slices_of(model::scan_observation seen) {
  auto addresses = std::exchange(seen.addresses, {});
  std::vector<model::scan_observation> out;
  std::size_t taken = 0;
  for (auto& address : addresses) {
    seen.addresses.push_back({address.address, address.how, {}});
    for (auto& endpoint : address.endpoints) {
      if (taken == endpoints_at_once) {
        model::scan_observation next;
        next.target = seen.target;
        next.addresses.push_back({address.address, address.how, {}});
        out.push_back(std::exchange(seen, std::move(next)));
        taken = 0;
      }
      seen.addresses.back().endpoints.push_back(std::move(endpoint));
      ++taken;
    }
  }
  out.push_back(std::move(seen));
  return out;
}

}  // namespace

/// For as long as the publisher works, however that ends.
class findings_publisher::at_work {
 public:
  explicit at_work(findings_publisher& owner) : owner_(owner) {}
  ~at_work() {
    owner_.working_ = false;
    // An exception: what is left is nobody's any more.
    if (!owner_.parts_.empty()) owner_.failed_ = true;
    owner_.idle_.notify_all();
  }
  at_work(const at_work&) = delete;
  at_work& operator=(const at_work&) = delete;

 private:
  findings_publisher& owner_;
};

findings_publisher::findings_publisher(publisher_tools tools, const model::scan_task& task,
                                       publishing_rights rights)
    : tools_(std::move(tools)),
      task_(task),
      groups_(views::scope_text(task.scope)),
      rights_(std::move(rights)),
      found_(task, tools_.bounds),
      never_(tools_.loop),
      idle_(tools_.loop) {}

void findings_publisher::take(model::scan_observation seen, std::function<void()> published) {
  if (!parts_.empty() && !parts_.back().published) {
    auto& last = parts_.back();
    std::ranges::move(seen.addresses, std::back_inserter(last.seen.addresses));
    std::ranges::move(seen.certificates, std::back_inserter(last.seen.certificates));
    last.seen.resolved = std::move(seen.resolved);
    last.seen.how = std::move(seen.how);
    last.published = std::move(published);
  } else {
    parts_.push_back({std::move(seen), std::move(published)});
  }
  if (parts_.back().published) begin_work();
}

awaitable<bool> findings_publisher::finish(model::scan_observation last) {
  take(std::move(last), nullptr);
  begin_work();
  while (working_)
    co_await idle_.wait();
  co_return !failed_;
}

void findings_publisher::begin_work() {
  if (working_) return;
  working_ = true;
  tools_.group.spawn(work(shared_from_this()));
}

awaitable<void> findings_publisher::work(std::shared_ptr<findings_publisher> self) {
  at_work busy(*self);
  while (!parts_.empty()) {
    auto next = std::move(parts_.front());
    parts_.pop_front();
    auto slices = slices_of(std::move(next.seen));
    for (auto& slice : slices) {
      if (failed_) break;
      auto seen = std::make_shared<const model::scan_observation>(std::move(slice));
      co_await publish_part(std::move(seen));
    }
    if (next.published) next.published();
  }
}

awaitable<void> findings_publisher::publish_part(
    std::shared_ptr<const model::scan_observation> seen) {
  // Made on an engine's thread: this one has all tasks to look after.
  auto make_records = [this, seen, now = tools_.time.now()] {
    auto found = found_.add(*seen, now);
    return records_of(found, task_, tools_.bounds);
  };
  auto records = co_await call_on(tools_.helper, std::move(make_records));
  seen.reset();
  tools_.ports.drop_known(records, groups_, tools_.time.steady_now());
  co_await publish(std::move(records));
}

awaitable<void> findings_publisher::publish(std::vector<record> records) {
  std::vector<record> batch;
  std::size_t bytes = 0;
  for (auto& one : records) {
    auto size = queue::size_of(one);
    if (batch.size() >= batch_records || (bytes > 0 && bytes + size > batch_bytes)) {
      auto full = std::exchange(batch, {});
      co_await produce(std::move(full));
      bytes = 0;
    }
    bytes += size;
    batch.push_back(std::move(one));
  }
  if (!batch.empty()) co_await produce(std::move(batch));
}

/// A batch that is too large is cut in two, until the record that does not fit stands alone.
awaitable<void> findings_publisher::produce(std::vector<record> records) {
  if (failed_) co_return;
  auto batch = std::make_shared<const std::vector<record>>(std::move(records));
  std::function<awaitable<result<places>>()> once = [this, batch, attempt = 0]() mutable {
    return produce_once(batch, ++attempt);
  };
  retry_policy policy;
  policy.first_pause = first_pause;
  policy.longest_pause = longest_pause;
  std::string what = "findings could not be published";
  auto written =
      co_await retry<places>(policy, never_, tools_.log, std::move(what), std::move(once));
  if (written) {
    note(*written);
  } else if (written.error().code != make_error_code(queue::errc::too_large)) {
    failed_ = true;
    if (rights_.owned() && !rights_.stopping()) {
      tools_.log.error("findings cannot be published; the scan stays unfinished",
                       {{"task", task_.current.id.str()}, {"reason", written.error().message()}});
    }
  } else if (batch->size() == 1) {
    refuse(batch->front(), written.error());
  } else {
    auto middle = batch->size() / 2;
    auto first = part_of(*batch, 0, middle);
    auto second = part_of(*batch, middle, batch->size());
    co_await produce(std::move(first));
    co_await produce(std::move(second));
  }
}

awaitable<result<findings_publisher::places>> findings_publisher::produce_once(batch_pointer batch,
                                                                               int attempt) {
  if (!rights_.owned()) co_return fail(queue::errc::not_owned);
  if (attempt > 1 && rights_.stopping()) co_return fail(queue::errc::closed);
  auto copy = *batch;
  co_return co_await tools_.queue.produce(std::move(copy));
}

void findings_publisher::note(const places& written) {
  for (const auto& place : written) {
    auto& held = last_[{place.topic, place.partition}];
    held = std::max(held, place.offset);
  }
}

void findings_publisher::refuse(const record& one, const error& why) {
  ++refused_;
  tools_.log.error("a finding is too large for the queue; it is left out",
                   {{"task", task_.current.id.str()},
                    {"topic", one.topic},
                    {"key", one.key},
                    {"reason", why.message()}});
}

std::vector<model::produced_position> findings_publisher::produced() const {
  std::vector<model::produced_position> out;
  for (const auto& [place, offset] : last_)
    out.push_back({place.first, place.second, offset});
  return out;
}

}  // namespace sonde::scanner
