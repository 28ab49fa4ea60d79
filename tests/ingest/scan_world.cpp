#include "tests/ingest/scan_world.hpp"

#include "ingest/auth/authenticate.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"

namespace sonde::test {

awaitable<result<std::vector<queue::position>>> moody_queue::produce(std::vector<record> batch) {
  if (refusal_ && good_ == 0) co_return *refusal_;
  if (refusal_) --good_;
  auto places = co_await inner().produce(std::move(batch));
  auto loop = co_await asio::this_coro::executor;
  while (silent_)
    co_await asio::post(loop, asio::use_awaitable);
  co_return places;
}

ingest::caller an_admin() {
  return ingest::make_caller("admin", "admin", {"admin"}, {"public"});
}

scan_world::scan_world() {
  std::vector<queue::topic_spec> topics = {
      {.name = model::topics::scan_requests},
      {.name = model::topics::scan_tasks, .policy = queue::cleanup::compact},
      {.name = model::topics::scan_progress},
      {.name = model::topics::entities},
      {.name = model::topics::associations},
      {.name = model::topics::comments},
      {.name = model::topics::credentials, .policy = queue::cleanup::compact}};
  bounds.read_ms = 10'000;  // a sanitizer makes a read that much slower
  queue = std::make_unique<moody_queue>(
      queue::make_memory_queue(topics, "test", clock, bounds, log).value());
}

scan_world::~scan_world() {
  queue->keep_silent(false);
  if (service_) {
    run(run_coroutine_on(loop.get_executor(), [this] { return service_->stop(); }));
    run(run_coroutine_on(loop.get_executor(), [this] { return facts_->stop(); }));
    run(tasks_->stop());
    run(entities_->stop());
  }
  loop.join();
  if (workers_) workers_->stop();
  task_loop_.join();
  entity_loop_.join();
  queue->close();
}

ingest::scan_service& scan_world::service() {
  if (service_) return *service_;
  tasks_ =
      views::open_task_view(task_loop_.get_executor(), *queue, std::nullopt, bounds, log).value();
  entities_ =
      views::open_entity_view(entity_loop_.get_executor(), {}, *queue, std::nullopt, bounds, log)
          .value();
  auto rules =
      std::make_shared<const model::address_scope>(model::address_scope::from_rules(scope).value());
  workers_ = std::make_unique<ingest::body_workers>(loop.get_executor(), bounds, clock);
  ingest::scan_context parts{*workers_, *queue, *tasks_, *entities_, bounds,
                             bounds,    bounds, clock,   log};
  service_ = std::make_unique<ingest::scan_service>(
      parts, ingest::order_rules{profiles, rules, {}, {}, bounds.record_max_bytes});
  ingest::entity_service::context around{*workers_, *queue, *entities_, bounds, clock, log};
  facts_ = std::make_unique<ingest::entity_service>(around, rules);
  facts_->compare_with(*tasks_);
  task_loop_.start();
  entity_loop_.start();
  loop.start();
  return *service_;
}

ingest::entity_service& scan_world::facts() {
  static_cast<void>(service());
  return *facts_;
}

ingest::scan_order scan_world::order(const std::string& json) {
  auto parsed = service().orders().parse(model::parse_own(json), "ada");
  REQUIRE(parsed);
  return std::move(*parsed);
}

std::string scan_world::refusal(const std::string& json) {
  auto parsed = service().orders().parse(model::parse_own(json), "ada");
  REQUIRE(!parsed);
  return parsed.error().message();
}

result<ingest::scan_receipt> scan_world::schedule(ingest::scan_order order,
                                                  model::group_list groups) {
  auto& scans = service();
  auto work = [&scans, order, groups] { return scans.schedule(order, groups, "request-1"); };
  return run(run_coroutine_on(loop.get_executor(), work));
}

result<ingest::scan_receipt> scan_world::cancel(const std::string& id, model::group_list groups) {
  auto& changes = service().changes();
  auto work = [&changes, id, groups = std::move(groups)] {
    return changes.cancel(id, groups, "ada", "request-2");
  };
  return test::run(run_coroutine_on(loop.get_executor(), work));
}

result<model::json> scan_world::look_up(const model::task_id& id, model::group_list groups,
                                        std::chrono::milliseconds wait) {
  auto& scans = service();
  auto work = [&scans, id, groups, wait] { return scans.look_up(id.str(), groups, wait); };
  return run(run_coroutine_on(loop.get_executor(), work));
}

model::scan_request scan_world::request_of(const std::string& json, std::uint64_t generation) {
  auto asked = order(json);
  model::scan_request out;
  out.target = asked.target;
  out.profile = asked.profile;
  out.ports = asked.ports;
  out.visibility = {"public"};
  out.key = model::key_of(out.target, out.profile, out.visibility);
  out.generation = generation;
  out.requested = clock.now();
  return out;
}

queue::position scan_world::put(record one) {
  std::vector<record> batch;
  batch.push_back(std::move(one));
  return run(queue->produce(std::move(batch))).value().front();
}

void scan_world::publish(model::scan_task task) {
  task.version = {1, ++revision_};
  auto place = put(to_record(task, clock.now()));
  auto soon = clock.steady_now() + std::chrono::seconds(20);
  REQUIRE(run(tasks_->wait_until_folded(place, soon)));
}

}  // namespace sonde::test
