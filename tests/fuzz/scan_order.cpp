// Any bytes at all, taken for the body of a request for a scan.

#include "ingest/scan_service.hpp"
#include "model/json.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::uint32_t depth = 32;

/// A service of which only the judging of orders is used: nothing runs.
struct idle_service {
  idle_service() {
    std::vector<queue::topic_spec> topics = {{.name = "scan.requests"}, {.name = "scan.tasks"},
                                             {.name = "scan.progress"}, {.name = "entities"},
                                             {.name = "associations"},  {.name = "comments"}};
    queue = queue::make_memory_queue(topics, "fuzz", clock, bounds, log).value();
    tasks = views::open_task_view(loop.get_executor(), *queue, std::nullopt, bounds, log).value();
    entities =
        views::open_entity_view(loop.get_executor(), {}, *queue, std::nullopt, bounds, log).value();
    scans = std::make_unique<ingest::scan_service>(
        loop.get_executor(), *queue, *tasks, *entities, model::profile_book(),
        std::make_shared<model::address_scope>(), bounds, clock, log);
  }
  asio::io_context loop{1};
  limits bounds;
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::unique_ptr<views::task_view> tasks;
  std::unique_ptr<views::entity_view> entities;
  std::unique_ptr<ingest::scan_service> scans;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* service = new idle_service;  // lives as long as the process
  auto text = fuzz::text_of(data, size);
  auto body = model::parse_json(text, depth);
  if (!body) {
    require(!body.error().message().empty() && body.error().message().size() < 2'000);
    return 0;
  }
  auto written = model::to_text(*body);
  auto again = model::parse_json(written, depth);
  require(again && model::to_text(*again) == written);
  auto order = service->scans->parse_order(*body, "ada");
  if (!order) {
    require(!order.error().message().empty() && order.error().message().size() < 4'000);
    return 0;
  }
  require(!order->target.text().empty() && !order->profile.empty());
  require(order->max_age.count() >= 0 && order->priority >= -9 && order->priority <= 9);
  return 0;
}
