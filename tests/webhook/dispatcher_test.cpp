#include "webhook/dispatcher.hpp"

#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/limits.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "webhook/errc.hpp"

#include <algorithm>
#include <deque>

namespace sonde::webhook {
namespace {

using std::chrono::seconds;

constexpr const char* dispatcher_keys =
    "whenc_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"
    "whsig_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=\n";

std::string header_of(const post_order& order, const std::string& name) {
  auto found = std::ranges::find(order.headers, name, &std::pair<std::string, std::string>::first);
  return found == order.headers.end() ? std::string() : found->second;
}

/// A dispatcher on a memory queue, with a webhook client that responds from a script.
class bench {
 public:
  explicit bench(std::vector<seconds> pauses = {seconds(0), seconds(0), seconds(0)})
      : pauses_(std::move(pauses)) {
    namespace topics = model::topics;
    std::vector<queue::topic_spec> specs;
    for (const char* name :
         {topics::webhook_requests, topics::webhook_requests_dead, topics::webhook_deliveries}) {
      queue::topic_spec topic;
      topic.name = name;
      topic.partitions = 2;
      specs.push_back(std::move(topic));
    }
    queue_ = queue::make_memory_queue(std::move(specs), "test", clock_, bounds_, log_).value();
    restart();
  }
  ~bench() {
    dispatcher_.reset();
    queue_->close();
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;

  /// Replaces the dispatcher by a new one, as a restart of the process does.
  void restart() {
    receiver_access access;
    access.keys = std::make_shared<const model::webhook_keys>(keys_);
    access.guard = model::webhook_guard::from_rules(allowed).value();
    access.look_up = [this](std::string) { return look_up(); };
    access.post = [this](post_order order, steady_time) { return post(std::move(order)); };
    context around{loop_.get_executor(), *queue_, bounds_, bounds_, clock_, log_, counts_};
    dispatcher_ = std::make_unique<dispatcher>(around, std::move(access), retry_plan(pauses_));
  }

  [[nodiscard]] model::webhook_message message(const std::string& task) const {
    model::webhook_order order;
    order.url = "http://hooks.example.com:8080/x";
    order.headers.emplace_back("X-Team", "red");
    order.owner = "ada";
    model::webhook_message out;
    out.task = model::task_id(task);
    out.hook = keys_.encrypt(order);
    out.id = model::delivery_id_of(out.task, out.hook.id);
    out.created = clock_.now();
    out.body = "{\"task\":\"" + task + "\"}";
    return out;
  }
  void produce(record one) {
    std::vector<record> batch{std::move(one)};
    REQUIRE(test::run(queue_->produce(std::move(batch))));
  }

  /// Runs the dispatcher until `count` records are on a topic. Returns these.
  std::vector<record> run_until(const char* topic, std::size_t count) {
    return test::run_on(loop_, serve(topic, count));
  }
  /// Returns the states on `webhook.deliveries` after `count` of them, without the dispatcher.
  std::string states(std::size_t count) {
    std::string out;
    for (const auto& each : run_until(model::topics::webhook_deliveries, count)) {
      auto state = model::parse_webhook_delivery(each.value).value();
      out += std::string(model::name_of(state.state)) + "/" + std::to_string(state.attempts) + " ";
    }
    return out;
  }

  /// The responses of the receiver, in order. After the last one it responds 200.
  std::deque<result<post_answer>> script;
  std::vector<post_order> posts;
  std::vector<std::string> allowed{"10.0.0.0/8"};
  metrics counts_;

 private:
  awaitable<std::vector<record>> serve(std::string topic, std::size_t count) {
    dispatcher_->start();
    std::vector<std::string> names{topic};
    auto from = queue_->read_from(std::move(names), {});
    std::vector<record> out;
    while (out.size() < count) {
      auto batch = co_await from->read();
      for (auto& each : batch.value())
        out.push_back(std::move(each.what));
    }
    co_await dispatcher_->stop(clock_.steady_now() + seconds(30));
    co_return out;
  }
  awaitable<result<std::vector<model::ip_address>>> look_up() {
    std::vector<model::ip_address> out{model::ip_address::parse("10.1.2.3").value()};
    co_return out;
  }
  awaitable<result<post_answer>> post(post_order order) {
    posts.push_back(std::move(order));
    post_answer fine;
    fine.status = 200;
    if (script.empty()) co_return fine;
    auto out = std::move(script.front());
    script.pop_front();
    co_return out;
  }

  std::vector<seconds> pauses_;
  test::limits bounds_;
  test::manual_clock clock_;
  logger log_{log_level::error};
  model::webhook_keys keys_ = model::webhook_keys::parse(dispatcher_keys).value();
  std::unique_ptr<queue::backend> queue_;
  asio::io_context loop_{1};
  std::unique_ptr<dispatcher> dispatcher_;
};

post_answer status_only(unsigned status) {
  return {status, {}};
}

}  // namespace

TEST_CASE("a message is sent, and its states are recorded") {
  bench b;
  auto message = b.message("t1");
  b.produce(to_record(message, ""));
  CHECK(b.states(2) == "pending/0 delivered/1 ");
  REQUIRE(b.posts.size() == 1);
  CHECK(b.posts[0].body == message.body);
  CHECK(b.posts[0].url.path == "/x");
  CHECK(b.posts[0].addresses.at(0).text() == "10.1.2.3");
  CHECK(header_of(b.posts[0], "X-Team") == "red");
  CHECK(header_of(b.posts[0], "webhook-id") == message.id.str());
  CHECK(header_of(b.posts[0], "webhook-signature").starts_with("v1,"));
  CHECK(b.counts_.text().find("sonde_webhook_deliveries_total{state=\"delivered\"} 1") !=
        std::string::npos);
}

TEST_CASE("every attempt to send a message has the same id and body") {
  bench b;
  b.script.push_back(status_only(503));
  b.script.push_back(fail(errc::unreachable, "no connection"));
  auto message = b.message("t1");
  b.produce(to_record(message, ""));
  CHECK(b.states(4) == "pending/0 pending/1 pending/2 delivered/3 ");
  REQUIRE(b.posts.size() == 3);
  for (const auto& each : b.posts) {
    CHECK(header_of(each, "webhook-id") == message.id.str());
    CHECK(each.body == message.body);
  }
}

TEST_CASE("a message that was never accepted becomes a dead letter with the reason") {
  bench b({seconds(0)});
  b.script.push_back(status_only(500));
  auto source = to_record(b.message("t1"), "");
  b.produce(source);
  auto letters = b.run_until(model::topics::webhook_requests_dead, 1);
  CHECK(letters[0].value == source.value);
  auto why = model::parse_dead_letter(letters[0]).value();
  CHECK(why.stage == "send");
  CHECK(why.error == "the receiver answered 500");
}

TEST_CASE("a dead letter that an operator sends again is delivered") {
  bench b({seconds(0)});
  b.script.push_back(status_only(500));
  b.produce(to_record(b.message("t1"), ""));
  auto letters = b.run_until(model::topics::webhook_requests_dead, 1);
  auto why = model::parse_dead_letter(letters[0]).value();
  b.restart();
  model::record_place stood{model::topics::webhook_requests_dead, 0, 0};
  b.produce(model::to_redriven(letters[0], why, stood));
  CHECK(b.states(4) == "pending/0 dead/1 pending/0 delivered/1 ");
  CHECK(b.posts.size() == 2);
}

TEST_CASE("a message that cannot be parsed becomes a dead letter") {
  bench b;
  b.produce({model::topics::webhook_requests, "key", "nonsense", {}});
  auto letters = b.run_until(model::topics::webhook_requests_dead, 1);
  CHECK(letters[0].value == "nonsense");
  CHECK(model::parse_dead_letter(letters[0]).value().stage == "parse");
  CHECK(b.posts.empty());
}

TEST_CASE("nothing is sent to an address that is not allowed") {
  bench b({seconds(0)});
  b.allowed.clear();
  b.restart();
  b.produce(to_record(b.message("t1"), ""));
  CHECK(b.states(2) == "pending/0 dead/1 ");
  CHECK(b.posts.empty());
}

TEST_CASE("a message that is produced again is sent once") {
  bench b;
  for (const char* task : {"t1", "t1", "t2"})
    b.produce(to_record(b.message(task), ""));
  CHECK(b.states(4).size() == std::string("pending/0 pending/0 delivered/1 delivered/1 ").size());
  b.restart();
  b.produce(to_record(b.message("t1"), ""));
  b.produce(to_record(b.message("t3"), ""));
  b.states(6);
  CHECK(b.posts.size() == 3);
}

TEST_CASE("a new process continues an open message from its state") {
  bench b;
  auto message = b.message("t1");
  model::webhook_delivery state;
  state.id = message.id;
  state.task = message.task;
  state.endpoint = message.hook.endpoint;
  state.created = wall_time(seconds(1'000'000'000));
  state.attempts = 1;
  b.produce(to_record(message, ""));
  b.produce(to_record(state, state.created));
  CHECK(b.states(2) == "pending/1 delivered/2 ");
  CHECK(b.posts.size() == 1);
}

}  // namespace sonde::webhook
