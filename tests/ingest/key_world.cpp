#include "tests/ingest/key_world.hpp"

#include "ingest/facts/definition_handlers.hpp"
#include "ingest/facts/entity_handlers.hpp"
#include "ingest/http/health_handlers.hpp"
#include "ingest/scans/scan_handlers.hpp"
#include "model/events.hpp"

namespace sonde::test {

using ingest::http_request;

key_world::key_world() {
  world.scope.allow = {"192.0.2.0/24"};
  auto& scans = world.service();
  auto loop = world.loop.get_executor();
  auto set_up = [this, &scans, loop] {
    view = std::make_unique<views::credential_view>(loop, *world.queue, world.bounds, world.clock,
                                                    world.log);
    door = std::make_unique<ingest::authenticator>(*view, world.bounds, world.clock, counts);
    auto random = [this](std::span<std::byte> into) {
      std::ranges::fill(into, std::byte{0});
      into[0] = static_cast<std::byte>(++made_);
    };
    admin::context around{loop, *world.queue, world.bounds, world.clock, world.log};
    changes = std::make_unique<admin::key_changes>(around, *view, random);
    keys = std::make_unique<ingest::keypair_service>(*changes, *view, world.bounds, world.clock,
                                                     world.log);
    routes.set_authentication(*door);
    add_scheduling_routes(routes, scans, world.bounds);
    add_scan_routes(routes, scans, world.bounds);
    add_entity_routes(routes, world.facts());
    add_definition_routes(routes);
    add_keypair_routes(routes, *keys);
    add_health_routes(routes, []() -> awaitable<std::vector<ingest::component>> {
      co_return std::vector<ingest::component>();
    });
    add_metrics_route(routes, ingest::access::everybody,
                      []() -> awaitable<std::string> { co_return ""; });
    view->start();
  };
  run(sonde::run_on(loop, set_up));
}

key_world::~key_world() {
  auto loop = world.loop.get_executor();
  run(run_coroutine_on(loop, [this] { return changes->stop(); }));
  run(run_coroutine_on(loop, [this] { return view->stop(); }));
  run(sonde::run_on(loop, [this] {
    keys.reset();
    changes.reset();
    view.reset();
  }));
}

void key_world::put(const model::credential& key) {
  world.put(to_record(key));
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  REQUIRE(run(run_coroutine_on(world.loop.get_executor(),
                               [this, until] { return view->catch_up(until); })));
}

model::new_key key_world::make(std::vector<std::string> roles, std::string user,
                               std::chrono::hours age, std::uint32_t days) {
  model::key_order order;
  order.name = "a key";
  order.user_id = std::move(user);
  order.roles = std::move(roles);
  order.days = days;
  model::key_bytes bytes{};
  bytes[0] = static_cast<std::byte>(++made_);
  bytes[model::key_id_bytes] = static_cast<std::byte>(made_);
  auto made = model::make_key(std::move(order), bytes, world.clock.now() - age);
  put(made.what);
  return made;
}

void key_world::revoke(const model::new_key& key) {
  auto changed = key.what;
  changed.revoked = world.clock.now();
  put(changed);
}

ingest::http_response key_world::ask(http_request request) {
  auto work = [this, request] { return routes.handle(request); };
  return run(run_coroutine_on(world.loop.get_executor(), work));
}

ingest::http_response key_world::ask(http_request request, const model::new_key& key, form how) {
  if (how == form::pair) {
    request.headers["api-key"] = key.what.id.str();
    request.headers["api-secret"] = key.secret;
  } else {
    request.headers["authorization"] = "Bearer " + model::token_of({key.what.id.str(), key.secret});
  }
  return ask(std::move(request));
}

ingest::authenticator::work_done key_world::work() {
  return run(sonde::run_on(world.loop.get_executor(), [this] { return door->work(); }));
}

http_request request_of(const std::string& method, const std::string& target,
                        const std::string& body) {
  http_request out;
  out.id = "id-1";
  out.method = method;
  REQUIRE(parse_request_target(target, out));
  out.body = body;
  if (!body.empty()) out.headers.emplace("content-type", "application/json");
  return out;
}

}  // namespace sonde::test
