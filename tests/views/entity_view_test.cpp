#include "views/entity_view.hpp"

#include "base/async/event_loop.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::views {
namespace {

using model::json;
using std::chrono::seconds;

model::provenance from(std::string source, int second, model::group_list groups = {"public"}) {
  return {std::move(source), std::move(groups), wall_time(seconds(1'767'323'045 + second)),
          std::nullopt};
}

struct entity_world {
  entity_world() {
    std::vector<queue::topic_spec> topics = {{.name = model::topics::entities},
                                             {.name = model::topics::associations}};
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
    view = open_entity_view(loop.get_executor(), *queue, std::nullopt, log).value();
    loop.start();
  }
  ~entity_world() {
    test::run(view->stop());
    loop.join();
    queue->close();
  }

  queue::position put(record r) {
    std::vector<record> batch;
    batch.push_back(std::move(r));
    return test::run(queue->produce(std::move(batch))).value().front();
  }
  queue::position put(const model::entity& e) { return put(to_record(e, 1, "")); }
  queue::position put(const model::association& a) { return put(to_record(a, 1, "")); }
  std::optional<entity_details> find(const model::entity_id& id,
                                     model::group_list groups = {"public"}) {
    settle();
    auto deadline = std::chrono::steady_clock::now() + seconds(20);
    return test::run(view->find(id, std::move(groups), 100, deadline)).value();
  }
  /// Until everything that was put has been folded.
  void settle() {
    auto last = put(model::make_entity("ip", "192.0.2.99", json::object(), from("settle", 0)));
    auto edge = put(model::make_association(model::entity_id_of("ip", "a"),
                                            model::association_mode::association,
                                            model::entity_id_of("ip", "b"), {}, from("settle", 0)));
    auto deadline = std::chrono::steady_clock::now() + seconds(20);
    CHECK(test::run(view->wait_until_passed(
        {{last.topic, last.partition, last.offset}, {edge.topic, edge.partition, edge.offset}},
        deadline)));
  }

  system_clock clock;
  limits bounds;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  event_loop loop{"view"};
  std::unique_ptr<entity_view> view;
};

}  // namespace

TEST_CASE("an entity is what its sources say, the newest word of each") {
  entity_world w;
  auto old = model::make_entity("ip", "203.0.113.1", {{"a", 1}, {"b", 1}}, from("x", 0));
  auto renewed = model::make_entity("ip", "203.0.113.1", {{"a", 2}}, from("x", 10));
  auto other = model::make_entity("ip", "203.0.113.1", {{"c", 3}}, from("y", 5));
  other.tags = {"seen"};
  CHECK(!w.find(old.id));
  for (const auto& e : {renewed, old, other, old})
    w.put(e);  // late, and replayed
  auto found = w.find(old.id);
  REQUIRE(found);
  CHECK(found->type == "ip");
  CHECK(found->value == "203.0.113.1");
  CHECK(found->attributes["a"] == 2);
  CHECK(!found->attributes.contains("b"));
  CHECK(found->attributes["c"] == 3);
  CHECK(found->tags == std::vector<std::string>{"seen"});
  CHECK(found->first_seen == old.from.time);
  CHECK(found->last_seen == renewed.from.time);
}

TEST_CASE("an association shows from both ends, once both are there") {
  entity_world w;
  auto ip = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 0));
  auto port = model::make_entity("port", "22/tcp", json::object(), from("x", 0));
  auto edge = model::make_association(ip.id, model::association_mode::aggregation, port.id,
                                      {{"module", "greeting"}}, from("x", 0));
  w.put(edge);
  w.put(ip);
  CHECK(w.find(ip.id)->related.empty());
  w.put(port);
  auto down = w.find(ip.id);
  REQUIRE(down->related.size() == 1);
  CHECK(down->related[0].id == port.id);
  CHECK(down->related[0].value == "22/tcp");
  CHECK(down->related[0].outgoing);
  CHECK(down->related[0].mode == model::association_mode::aggregation);
  CHECK(down->related[0].evidence["module"] == "greeting");
  auto up = w.find(port.id);
  REQUIRE(up->related.size() == 1);
  CHECK(!up->related[0].outgoing);
}

TEST_CASE("what is hidden from a reader is not there for them") {
  entity_world w;
  auto hidden = model::make_entity("ip", "203.0.113.1", {{"secret", 1}}, from("x", 0, {"them"}));
  auto open = model::make_entity("ip", "203.0.113.2", json::object(), from("x", 0));
  auto edge = model::make_association(open.id, model::association_mode::association, hidden.id, {},
                                      from("x", 0));
  w.put(hidden);
  w.put(open);
  w.put(edge);
  CHECK(!w.find(hidden.id));
  CHECK(w.find(hidden.id, {"them"}));
  CHECK(w.find(open.id)->related.empty());
  CHECK(w.find(open.id)->related_total == 0);
  CHECK(w.find(open.id, {"public", "them"})->related.size() == 1);
}

}  // namespace sonde::views
