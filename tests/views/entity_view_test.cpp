#include "views/entity_view.hpp"

#include "base/async/event_loop.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

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
                                             {.name = model::topics::associations},
                                             {.name = model::topics::comments}};
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
    view = open_entity_view(loop.get_executor(), {reading.get_executor()}, *queue,
                            folder.path() / "entities.db", bounds, log)
               .value();
    loop.start();
    reading.start();
  }
  ~entity_world() {
    test::run(view->stop());
    loop.join();
    reading.join();
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
  /// Waits until every record has been folded.
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
  test::temporary_folder folder;
  event_loop loop{"view"};
  event_loop reading{"reading"};
  std::unique_ptr<entity_view> view;
};

}  // namespace

TEST_CASE("an entity combines the newest assertion of each source") {
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
  CHECK(found->facts.what.type == "ip");
  CHECK(found->facts.what.value == "203.0.113.1");
  CHECK(found->facts.attributes["a"] == 2);
  CHECK(!found->facts.attributes.contains("b"));
  CHECK(found->facts.attributes["c"] == 3);
  CHECK(found->facts.tags == std::vector<std::string>{"seen"});
  CHECK(found->facts.what.first_seen == old.from.time);
  CHECK(found->facts.what.last_seen == renewed.from.time);
}

TEST_CASE("an early bare assertion does not hide attributes, tags or values of an earlier time") {
  entity_world w;
  auto bare = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 9));
  auto tagged = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 7));
  tagged.tags = {"seen"};
  auto said = model::make_entity("ip", "203.0.113.1", {{"a", 1}}, from("x", 5));
  auto older = model::make_entity("ip", "203.0.113.1", {{"a", 0}}, from("x", 4));
  older.tags = {"old"};
  for (const auto& e : {bare, tagged, said, older})
    w.put(e);
  auto found = w.find(bare.id);
  REQUIRE(found);
  CHECK(found->facts.attributes["a"] == 1);
  CHECK(found->facts.tags == std::vector<std::string>{"seen"});
  CHECK(found->facts.what.first_seen == older.from.time);
  CHECK(found->facts.what.last_seen == bare.from.time);
}

TEST_CASE("of two sources the newer attributes count, whichever source asserts the entity last") {
  entity_world w;
  w.put(model::make_entity("ip", "203.0.113.1", {{"a", "old"}}, from("x", 1)));
  w.put(model::make_entity("ip", "203.0.113.1", {{"a", "new"}}, from("y", 2)));
  auto bare = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 3));
  w.put(bare);
  auto found = w.find(bare.id);
  REQUIRE(found);
  CHECK(found->facts.attributes["a"] == "new");
}

TEST_CASE("an assertion without attributes or tags keeps the earlier ones") {
  entity_world w;
  auto said = model::make_entity("ip", "203.0.113.1", {{"a", 1}}, from("x", 0));
  said.tags = {"seen"};
  w.put(said);
  w.put(model::make_entity("ip", "203.0.113.1", json::object(), from("x", 5)));
  auto named = w.find(said.id);
  REQUIRE(named);
  CHECK(named->facts.attributes["a"] == 1);
  CHECK(named->facts.tags == std::vector<std::string>{"seen"});
  CHECK(named->facts.what.last_seen == said.from.time + seconds(5));
  w.put(model::make_entity("ip", "203.0.113.1", {{"b", 2}}, from("x", 6)));
  auto renewed = w.find(said.id);
  REQUIRE(renewed);
  CHECK(!renewed->facts.attributes.contains("a"));
  CHECK(renewed->facts.attributes["b"] == 2);
  CHECK(renewed->facts.tags == std::vector<std::string>{"seen"});
}

TEST_CASE("of two assertions with the same time the later record is the newer one") {
  entity_world w;
  auto word = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 0));
  for (int i = 1; i <= 12; ++i) {
    word.reputation = -i % 4;
    word.attributes["a"] = i;
    w.put(to_record(word, 1, "request-" + std::to_string(i)));
    auto found = w.find(word.id);
    REQUIRE(found);
    CHECK(found->facts.attributes["a"] == i);
    CHECK(found->facts.what.reputation.average == -i % 4);
  }
}

TEST_CASE("an association is visible from both ends once both entities exist") {
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
  CHECK(down->related[0].what.id == port.id);
  CHECK(down->related[0].what.value == "22/tcp");
  CHECK(down->related[0].outgoing);
  CHECK(down->related[0].mode == model::association_mode::aggregation);
  CHECK(down->related[0].evidence["module"] == "greeting");
  auto up = w.find(port.id);
  REQUIRE(up->related.size() == 1);
  CHECK(!up->related[0].outgoing);
}

TEST_CASE("a hidden entity does not exist for the reader") {
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

TEST_CASE("reputation averages the newest assertion of each source and rounds down") {
  entity_world w;
  auto say = [&](std::string source, int second, std::optional<int> word,
                 model::group_list groups = {"public"}) {
    auto e = model::make_entity("ip", "203.0.113.1", json::object(),
                                from(std::move(source), second, std::move(groups)));
    e.reputation = word;
    w.put(e);
    return e.id;
  };
  auto id = say("a", 0, -3);
  CHECK(w.find(id)->facts.what.reputation.accuracy == 1);
  say("a", 10, 1);
  say("a", 20, std::nullopt);  // asserts no reputation, so the earlier assertion remains
  say("b", 5, 0);
  say("c", 5, 3, {"them"});
  auto seen = w.find(id)->facts.what.reputation;
  CHECK(seen.average == 0);  // (1 + 0) / 2, not 1
  CHECK(seen.best == 1);
  CHECK(seen.worst == -3);
  CHECK(seen.accuracy == 2);
  auto theirs = w.find(id, {"public", "them"})->facts.what.reputation;
  CHECK(theirs.average == 1);
  CHECK(theirs.best == 3);
  CHECK(theirs.accuracy == 3);
  say("d", 6, -2);
  CHECK(w.find(id)->facts.what.reputation.average == -1);  // -1 / 3
  auto known = model::make_entity("ip", "203.0.113.1", json::object(), from("e", 7));
  known.well_known = true;
  w.put(known);
  CHECK(w.find(id)->facts.what.reputation.average == 0);
  CHECK(w.find(id)->facts.what.reputation.worst == 0);
}

TEST_CASE("an association that several sources assert is one association") {
  entity_world w;
  auto a = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 0));
  auto b = model::make_entity("ip", "203.0.113.2", json::object(), from("x", 0));
  w.put(a);
  w.put(b);
  for (const char* source : {"x", "y", "z"}) {
    w.put(model::make_association(a.id, model::association_mode::association, b.id, {},
                                  from(source, 1)));
  }
  CHECK(w.find(a.id)->related.size() == 1);
  CHECK(w.find(a.id)->related_total == 1);
}

TEST_CASE("a walk follows the given number of levels, skips hidden entities, and ends at hubs") {
  entity_world w;
  auto node = [&](const char* type, const char* value, model::group_list groups = {"public"}) {
    auto e = model::make_entity(type, value, json::object(), from("x", 0, std::move(groups)));
    w.put(e);
    return e.id;
  };
  auto link = [&](const model::entity_id& a, const model::entity_id& b) {
    w.put(model::make_association(a, model::association_mode::association, b, {}, from("x", 1)));
  };
  auto walk = [&](const model::entity_id& id, std::uint32_t levels, std::size_t limit,
                  model::group_list groups = {"public"}) {
    w.settle();
    auto deadline = std::chrono::steady_clock::now() + seconds(20);
    return test::run(w.view->walk(id, std::move(groups), levels, limit, deadline)).value();
  };
  auto a = node("ip", "203.0.113.1");
  auto b = node("hostname", "b.example");
  auto c = node("ip", "203.0.113.3");
  auto hidden = node("hostname", "h.example", {"them"});
  auto beyond = node("ip", "203.0.113.4");
  auto port = node("port", "443/tcp");
  auto other = node("ip", "203.0.113.5");
  link(a, b);
  link(b, c);
  link(c, a);
  link(a, hidden);
  link(hidden, beyond);
  link(a, port);
  link(other, port);
  auto near = walk(a, 1, 100);
  REQUIRE(near);
  CHECK(near->nodes.size() == 4);  // a, b, c, port
  CHECK(near->nodes[0].what.id == a);
  CHECK(near->edges.size() == 3);
  auto far = walk(a, 5, 100);
  CHECK(far->nodes.size() == 4);
  CHECK(far->edges.size() == 4);
  CHECK(walk(a, 5, 100, {"public", "them"})->nodes.size() == 6);
  CHECK(walk(a, 5, 2)->nodes.size() == 2);
  CHECK(walk(port, 1, 100)->nodes.size() == 3);
  CHECK(!walk(hidden, 5, 100));
}

TEST_CASE("comments are listed once each, for entities and groups that the reader may see") {
  entity_world w;
  auto ip = model::make_entity("ip", "203.0.113.1", json::object(), from("x", 0, {"blue"}));
  w.put(ip);
  auto first = model::make_comment(ip.id, "bad", std::nullopt, from("anna", 1, {"blue"}));
  auto answer = model::make_comment(ip.id, "why?", first.id, from("ben", 2, {"blue", "red"}));
  auto secret = model::make_comment(ip.id, "hm", std::nullopt, from("ben", 3, {"red"}));
  for (const auto& each : {first, answer, first, secret})
    w.put(to_record(each, std::string("r/0"), ""));
  w.put(to_record(model::make_comment(ip.id, "last", std::nullopt, from("x", 4, {"blue"})),
                  std::string("r/1"), ""));
  auto deadline = std::chrono::steady_clock::now() + seconds(20);
  auto ask = [&](model::group_list groups) {
    return test::run(w.view->comments(ip.id, std::move(groups), 100, deadline)).value();
  };
  auto seen = ask({"blue"});
  REQUIRE(seen);
  CHECK(!seen->truncated);
  const auto& comments = seen->comments;
  REQUIRE(comments.size() == 3);
  CHECK(comments[0].text == "bad");
  CHECK(comments[1].parent == first.id);
  CHECK(comments[1].from.visible_by == model::group_list{"blue"});
  CHECK(!ask({"red"}));
  CHECK(test::run(w.view->has_comment(ip.id, first.id, {"blue"}, deadline)).value());
  CHECK(!test::run(w.view->has_comment(ip.id, secret.id, {"blue"}, deadline)).value());
  std::vector<model::entity_id> asked = {ip.id, model::entity_id_of("ip", "none")};
  CHECK(test::run(w.view->first_missing(asked, {"blue"}, deadline)).value() == asked[1]);
  CHECK(test::run(w.view->first_missing(asked, {"red"}, deadline)).value() == asked[0]);
}

}  // namespace sonde::views
