#include "tests/scanner/scheduler_fixture.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/errc.hpp"
#include "queue/memory/memory_queue.hpp"

#include <stdexcept>

namespace sonde::test {
namespace {

std::vector<queue::topic_spec> scanner_topics(std::int32_t partitions) {
  std::vector<queue::topic_spec> out;
  for (const char* name :
       {model::topics::scan_requests, model::topics::scan_requests_dead, model::topics::scan_tasks,
        model::topics::scan_progress, model::topics::entities, model::topics::associations,
        model::topics::webhook_requests}) {
    queue::topic_spec topic;
    topic.name = name;
    topic.partitions = partitions;
    out.push_back(std::move(topic));
  }
  return out;
}

error refused(queue::errc why) {
  return {make_error_code(why), "the test wants it so"};
}

}  // namespace

awaitable<result<std::vector<queue::position>>> watched_queue::produce(std::vector<record> batch) {
  if (refuses && refuses(batch)) co_return refused(refusal);
  auto copy = batch;
  auto places = co_await inner().produce(std::move(batch));
  if (places) note(copy);
  if (places && before_acknowledgement) co_await before_acknowledgement(copy);
  co_return places;
}

awaitable<result<queue::position>> watched_queue::produce_to(std::int32_t partition, record one) {
  std::vector<record> batch{one};
  if (refuses && refuses(batch)) co_return refused(refusal);
  auto place = co_await inner().produce_to(partition, std::move(one));
  if (place) note(batch);
  co_return place;
}

void watched_queue::note(const std::vector<record>& batch) {
  accepted.insert(accepted.end(), batch.begin(), batch.end());
  news.notify_all();
}

task_world::task_world(std::int32_t partitions) {
  bounds_.connect_timeout_ms = 300;
  bounds_.greeting_timeout_ms = 1'000;
  bounds_.answer_timeout_ms = 400;
  bounds_.dns_timeout_ms = 200;
  auto inner = queue::make_memory_queue(scanner_topics(partitions), "test", time_, bounds_, log_);
  queue_ = std::make_unique<watched_queue>(std::move(inner.value()), loop_.get_executor());
  view_loop_ = std::make_unique<event_loop>("view");
  view_ = views::open_task_view(view_loop_->get_executor(), *queue_, std::nullopt, bounds_, log_)
              .value();
  view_loop_->start();
}

task_world::~task_world() {
  auto stop_view = [this] { asio::co_spawn(view_loop_->context(), view_->stop(), asio::detached); };
  asio::post(view_loop_->context(), stop_view);
  view_loop_->join();
  view_.reset();
  queue_->close();
}

awaitable<queue::position> task_world::put(record one) {
  std::vector<record> batch;
  batch.push_back(std::move(one));
  auto places = co_await queue_->produce(std::move(batch));
  co_return places.value().front();
}

awaitable<queue::position> task_world::put(model::scan_request request) {
  return put(to_record(request, "request"));
}

awaitable<queue::position> task_world::put(model::scan_task snapshot) {
  return put(to_record(snapshot, time_.now()));
}

awaitable<queue::position> task_world::put_lease(std::string owner, std::int32_t partition) {
  model::lease lease{std::move(owner), partition, time_.now()};
  auto place = co_await queue_->produce_to(partition, to_record(lease));
  co_return place.value();
}

awaitable<std::optional<model::scan_task>> task_world::shown(model::target_key key) {
  auto found = co_await view_->find(std::move(key), in(20'000));
  co_return found.value();
}

awaitable<model::scan_task> task_world::once(model::target_key key,
                                             std::function<bool(const model::scan_task&)> is_so) {
  while (true) {
    auto seen = queue_->accepted.size();
    auto task = co_await shown(key);
    if (task && is_so(*task)) co_return *task;
    if (queue_->accepted.size() != seen) continue;
    bool news = co_await queue_->news.wait_until(in(20'000));
    if (!news) throw std::runtime_error("the task did not become what the test waits for");
  }
}

awaitable<std::vector<queue::stored_record>> task_world::all_of(std::string topic) {
  std::vector<std::string> topics{topic};
  auto ends = co_await queue_->ends(topics);
  std::int64_t count = 0;
  for (const auto& end : ends.value())
    count += end.offset;
  auto reader = queue_->read_from(topics, {});
  std::vector<queue::stored_record> out;
  while (static_cast<std::int64_t>(out.size()) < count) {
    auto batch = co_await reader->read();
    for (auto& each : batch.value())
      out.push_back(std::move(each));
  }
  co_return out;
}

model::scan_request scan_of(const std::string& target, const std::string& ports,
                            model::group_list visibility, std::uint64_t generation) {
  model::scan_request out;
  out.target = model::target::parse(target).value();
  out.profile = ports;
  out.visibility = std::move(visibility);
  out.key = model::key_of(out.target, out.profile, out.visibility);
  out.generation = generation;
  out.requested = wall_time(std::chrono::seconds(1'767'323'045));
  return out;
}

model::scan_task task_of(const model::scan_request& request, std::int64_t offset) {
  return model::fold(std::nullopt, request, offset, 16);
}

awaitable<model::scan_task> left_by_former_owner(task_world& world,
                                                 const model::scan_request& request) {
  auto out = task_of(request);
  out.version = {3, 7};
  co_await world.put(out);
  co_await world.shown(request.key);
  co_return out;
}

std::shared_ptr<const scanner::policy> test_rules(std::vector<std::string> deny) {
  model::scope_rules rules;
  rules.allow = {"127.0.0.0/8", "::1", "10.0.0.0/8", "240.0.0.0/4", "2001:db8::/32", "fd00::/8"};
  rules.deny = std::move(deny);
  return std::make_shared<scanner::policy>(model::address_scope::from_rules(rules).value(),
                                           std::set<model::ip_address>{});
}

bool has_ended(const model::scan_task& task) {
  return model::is_terminal(task.current.state);
}

std::string state_of(const model::scan_task& task) {
  std::string out(name_of(task.current.state));
  if (task.current.outcome) out += " " + std::string(name_of(task.current.outcome->kind));
  return out;
}

std::vector<model::scan_task> snapshots_of(task_world& world, const model::target_key& key,
                                           std::size_t from) {
  std::vector<model::scan_task> out;
  const auto& all = world.queue().accepted;
  for (auto i = from; i < all.size(); ++i) {
    if (all[i].topic != model::topics::scan_tasks || all[i].key != key.str()) continue;
    out.push_back(model::parse_scan_task(all[i].value).value());
  }
  return out;
}

}  // namespace sonde::test
