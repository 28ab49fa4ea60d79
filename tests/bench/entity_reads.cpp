// Reads entities while more arrive: the latency of details and relations, on a view in a file.
//
// entity_reads FOLDER ENTITIES ASSOCIATIONS READS RECORDS_PER_S
//
// Every second entity belongs to another tenant, and so do its edges. `near` is an ordinary entity.
// `hub` is the entity that a thousandth of all edges lead to. During the reads, the view folds
// RECORDS_PER_S records a second. Prints one JSON object.

#include "base/async/event_loop.hpp"
#include "daemon/topics.hpp"
#include "model/events.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "views/entity_view.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace sonde::bench {
namespace {

using model::json;
using std::chrono::seconds;
using milliseconds_f = std::chrono::duration<double, std::milli>;
constexpr std::size_t batch_records = 500;

template <class T>
T run(event_loop& loop, awaitable<T> work) {
  return asio::co_spawn(loop.get_executor(), std::move(work), asio::use_future).get();
}

/// The graph of entities and edges. The same seed gives the same graph.
class graph {
 public:
  graph(std::uint32_t entities, std::uint64_t seed) : entities_(entities), random_(seed) {}

  [[nodiscard]] model::entity_id id(std::uint32_t number) const {
    return model::entity_id_of("hostname", name(number));
  }
  [[nodiscard]] record entity(std::uint32_t number) const {
    json attributes = {{"comment", "a comment on host " + std::to_string(number)}};
    attributes["hostname"] = name(number);
    return to_record(
        model::make_entity("hostname", name(number), std::move(attributes), from(number)), number,
        "");
  }
  record edge(std::uint32_t number) {
    auto one = any();
    auto other = number % 1000 == 0 ? 0 : any();
    return to_record(model::make_association(id(one), model::association_mode::association,
                                             id(other), {}, from(one)),
                     number, "");
  }
  std::uint32_t any() { return static_cast<std::uint32_t>(random_() % entities_); }
  /// An entity that the reader may see.
  std::uint32_t any_seen() { return any() / 2 * 2; }

 private:
  static std::string name(std::uint32_t number) {
    return "host-" + std::to_string(number) + ".example.com";
  }
  [[nodiscard]] static model::provenance from(std::uint32_t number) {
    model::provenance out;
    out.source = "bench-" + std::to_string(number % 7);
    out.visible_by = {number % 2 == 0 ? "ours" : "theirs"};
    out.time = wall_time(seconds(1'767'323'045) + std::chrono::milliseconds(number));
    return out;
  }

  std::uint32_t entities_;
  std::mt19937_64 random_;
};

struct bench_world {
  explicit bench_world(const std::filesystem::path& folder)
      : queue(queue::open_embedded_queue(folder, daemon::all_topics(1), "bench", clock, bounds, log)
                  .value()) {
    view = views::open_entity_view(loop.get_executor(), {reading.get_executor()}, *queue,
                                   folder / "entities.db", bounds, log)
               .value();
    loop.start();
    reading.start();
    asking.start();
  }
  ~bench_world() {
    run(loop, view->stop());
    loop.join();
    reading.join();
    asking.join();
    queue->close();
  }

  void put(std::vector<record>& batch) {
    auto written = run(asking, queue->produce(std::exchange(batch, {})));
    if (!written) throw std::runtime_error(written.error().message());
    last = written->back();
  }
  void wait_until_folded() {
    auto until = clock.steady_now() + seconds(3600);
    run(asking, view->wait_until_passed({{last.topic, last.partition, last.offset}}, until));
  }

  system_clock clock;
  views::limits bounds;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  event_loop loop{"view"};
  event_loop reading{"reading"};
  event_loop asking{"asking"};
  std::unique_ptr<views::entity_view> view;
  queue::position last;
};

/// Writes edges at a fixed rate per second until it is stopped.
class writer {
 public:
  writer(bench_world& world, const graph& shape, std::uint32_t first, std::uint32_t per_s)
      : world_(world), shape_(shape), first_(first), per_s_(per_s) {}

  awaitable<void> write() {
    constexpr std::uint32_t ticks_per_s = 20;
    asio::steady_timer tick(co_await asio::this_coro::executor, world_.clock.steady_now());
    while (!enough_) {
      std::vector<record> some;
      for (std::uint32_t i = 0; i < per_s_ / ticks_per_s; ++i)
        some.push_back(shape_.edge(first_ + written_++));
      auto kept = co_await world_.queue->produce(std::move(some));
      if (!kept) throw std::runtime_error(kept.error().message());
      tick.expires_at(tick.expiry() + std::chrono::milliseconds(1000 / ticks_per_s));
      co_await tick.async_wait(asio::use_awaitable);
    }
  }
  void stop() { enough_ = true; }
  [[nodiscard]] std::uint32_t written() const { return written_; }

 private:
  bench_world& world_;
  graph shape_;
  std::uint32_t first_;
  std::uint32_t per_s_;
  std::uint32_t written_ = 0;
  std::atomic<bool> enough_ = false;
};

json quantiles(std::vector<double> latencies) {
  std::ranges::sort(latencies);
  auto at = [&](double part) {
    return latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))];
  };
  return {{"p50_ms", at(0.5)}, {"p99_ms", at(0.99)}, {"max_ms", at(1)}};
}

template <class Question>
json timed(bench_world& world, std::uint32_t reads, Question question) {
  std::vector<double> latencies;
  std::uint64_t found = 0;
  for (std::uint32_t i = 0; i < reads; ++i) {
    auto begun = world.clock.steady_now();
    found += question();
    latencies.push_back(milliseconds_f(world.clock.steady_now() - begun).count());
  }
  auto out = quantiles(std::move(latencies));
  out["seen"] = static_cast<double>(found) / reads;
  return out;
}

json measure_reads(bench_world& world, graph& shape, std::uint32_t reads) {
  model::group_list groups = {"ours"};
  auto details = [&](std::uint32_t number) {
    auto until = world.clock.steady_now() + seconds(60);
    auto found = run(world.asking, world.view->find(shape.id(number), groups, 100, until));
    return found.value() ? (*found)->related.size() : 0;
  };
  auto relations = [&](std::uint32_t number) {
    auto until = world.clock.steady_now() + seconds(60);
    auto found = run(world.asking, world.view->walk(shape.id(number), groups, 2, 100, until));
    return found.value() ? (*found)->nodes.size() : 0;
  };
  json out;
  out["details"] = timed(world, reads, [&] { return details(shape.any_seen()); });
  out["relations"] = timed(world, reads, [&] { return relations(shape.any_seen()); });
  out["details_of_hub"] = timed(world, reads / 20, [&] { return details(0); });
  out["relations_of_hub"] = timed(world, reads / 20, [&] { return relations(0); });
  return out;
}

json measure(const std::filesystem::path& folder, std::uint32_t entities, std::uint32_t edges,
             std::uint32_t reads, std::uint32_t records_per_s) {
  bench_world world(folder);
  graph shape(entities, 1);
  auto begun = world.clock.steady_now();
  std::vector<record> batch;
  auto add = [&](record one) {
    batch.push_back(std::move(one));
    if (batch.size() == batch_records) world.put(batch);
  };
  for (std::uint32_t i = 0; i < entities; ++i)
    add(shape.entity(i));
  for (std::uint32_t i = 0; i < edges; ++i)
    add(shape.edge(i));
  if (!batch.empty()) world.put(batch);
  world.wait_until_folded();
  auto folded_s = std::chrono::duration<double>(world.clock.steady_now() - begun).count();

  json out = {{"entities", entities},
              {"associations", edges},
              {"folded_per_s", (entities + edges) / folded_s}};
  out["view_mib"] = std::filesystem::file_size(folder / "entities.db") >> 20;
  out["idle"] = measure_reads(world, shape, reads);
  writer more(world, graph(entities, 2), edges, records_per_s);
  event_loop writing("writing");
  auto ended = asio::co_spawn(writing.get_executor(), more.write(), asio::use_future);
  writing.start();
  out["while_folding"] = measure_reads(world, shape, reads);
  more.stop();
  ended.get();
  writing.join();
  out["while_folding"]["records"] = more.written();
  return out;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "entity_reads FOLDER ENTITIES ASSOCIATIONS READS RECORDS_PER_S\n";
    return 64;
  }
  auto number = [&](int place) { return static_cast<std::uint32_t>(std::stoul(argv[place])); };
  std::cout << sonde::bench::measure(argv[1], number(2), number(3), number(4), number(5)) << '\n';
}
