#include "ingest/auth/authenticate.hpp"

#include "model/events.hpp"
#include "tests/ingest/key_world.hpp"
#include "tests/support/manual_clock.hpp"

namespace sonde::ingest {
namespace {

using test::key_world;
using test::request_of;
using form = test::key_world::form;

struct endpoint {
  const char* method;
  const char* target;
  const char* body;
  const char* role;  ///< empty: every caller with a key; null: every caller
  unsigned answer;   ///< to a caller who has the role
};

const endpoint endpoints[] = {
    {"POST", "/api/ingest/v1/scan", R"({"target":"192.0.2.7","max_age":0})", "reporter", 0},
    {"GET", "/api/ingest/v1/scan/nonsense", "", "reporter", 404},
    {"GET", "/api/ingest/v1/scans?target=192.0.2.99", "", "reporter", 200},
    {"POST", "/api/ingest/v1/webhook/secret", R"({"url":"https://example.com/"})", "reporter", 404},
    {"GET", "/api/ingest/v1/definitions", "", "trusted", 200},
    {"GET", "/api/analytics/v1/entity/nonsense/details", "", "user", 204},
    {"POST", "/api/auth/v2/keypair", R"({"name":"mine","days":1})", "", 200},
    {"GET", "/api/auth/v2/keypair", "", "", 200},
    {"GET", "/api/auth/v2/keypairs", "", "", 200},
    {"DELETE", "/api/auth/v2/keypair/nonsense", "", "", 404},
    {"GET", "/livez", "", nullptr, 200},
    {"GET", "/readyz", "", nullptr, 200},
    {"GET", "/metrics", "", nullptr, 200},
};

http_request request_for(const endpoint& where) {
  return request_of(where.method, where.target, where.body);
}

bool is_let_in(const endpoint& where, unsigned status) {
  return where.answer == 0 ? status == 202 || status == 200 : status == where.answer;
}

std::string sent_header(const http_response& answer, const std::string& name) {
  for (const auto& [header, value] : answer.headers) {
    if (header == name) return value;
  }
  return {};
}

/// Returns requests with every kind of missing or invalid key.
std::vector<http_request> invalid(key_world& keys, const endpoint& where) {
  auto good = keys.make({"admin"});
  auto expired = keys.make({"admin"}, "ada", std::chrono::hours(48), 1);
  auto revoked = keys.make({"admin"});
  keys.revoke(revoked);
  const std::string nobody(2 * model::key_id_bytes, 'a');
  std::vector<http_request> out;
  auto with = [&](std::vector<std::pair<const char*, std::string>> headers) {
    auto request = request_for(where);
    for (auto& [name, value] : headers)
      request.headers[name] = value;
    out.push_back(std::move(request));
  };
  auto both = [&](const std::string& id, const std::string& secret) {
    with({{"api-key", id}, {"api-secret", secret}});
    with({{"authorization", "Bearer " + model::token_of({id, secret})}});
  };
  with({});
  both(nobody, good.secret);
  both(good.what.id.str(), expired.secret);
  both(expired.what.id.str(), expired.secret);
  both(revoked.what.id.str(), revoked.secret);
  with({{"api-key", good.what.id.str()}});
  with({{"api-secret", good.secret}});
  with({{"api-key", ""}, {"api-secret", ""}});
  for (const char* value : {"", "Bearer", "Bearer ", "Basic YTpi", "Bearer sonde__", "bearerx y"})
    with({{"authorization", value}});
  with({{"authorization", model::token_of({good.what.id.str(), good.secret})}});
  with({{"authorization", "Bearer " + good.secret}});
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(key_world, "every kind of invalid key gets the same answer at the same cost") {
  for (const auto& where : endpoints) {
    CAPTURE(where.target);
    std::optional<http_response> first;
    for (auto& request : invalid(*this, where)) {
      CAPTURE(request.headers.size());
      auto before = work();
      auto answer = ask(std::move(request));
      auto after = work();
      if (where.role == nullptr) {
        CHECK(answer.status == where.answer);
        CHECK(after == before);
        continue;
      }
      CHECK(answer.status == 401);
      CHECK(sent_header(answer, "WWW-Authenticate") == "Bearer");
      if (!first) first = answer;
      CHECK(answer.body == first->body);
      CHECK(answer.headers == first->headers);
      CHECK(after.look_ups == before.look_ups + 1);
      CHECK(after.hashes == before.hashes + 1);
    }
  }
}

TEST_CASE_FIXTURE(key_world, "each endpoint admits only its role, with either form of the key") {
  for (const char* role : {"admin", "reporter", "trusted", "user", "unheard-of"}) {
    auto key = make({role});
    for (const auto& where : endpoints) {
      CAPTURE(role);
      CAPTURE(where.method);
      CAPTURE(where.target);
      bool may = where.role == nullptr || *where.role == '\0' || std::string("admin") == role ||
                 std::string(where.role) == role;
      for (auto how : {form::bearer, form::pair}) {
        auto before = work();
        auto answer = ask(request_for(where), key, how);
        auto after = work();
        CHECK(after.hashes == before.hashes + (where.role == nullptr ? 0 : 1));
        // A caller whose roles are all unknown can show and revoke keys, but create none.
        bool makes_nothing = std::string("unheard-of") == role && where.answer == 200 &&
                             std::string("POST") == where.method;
        if (makes_nothing) {
          CHECK(answer.status == 400);
        } else if (may) {
          CHECK(is_let_in(where, answer.status));
        } else {
          CHECK(answer.status == 403);
          CHECK(answer.body.find(where.role) != std::string::npos);
        }
      }
    }
  }
}

TEST_CASE_FIXTURE(key_world, "the name of a scheme is case-insensitive, and spaces may follow it") {
  auto key = make({"user"});
  auto token = model::token_of({key.what.id.str(), key.secret});
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER   "}) {
    auto request = request_of("GET", "/api/auth/v2/keypair");
    request.headers["authorization"] = scheme + token + " ";
    CHECK(ask(request).status == 200);
  }
}

TEST_CASE_FIXTURE(key_world, "two kinds of credentials at once, or a repeated one, get 400") {
  auto key = make({"admin"});
  auto token = "Bearer " + model::token_of({key.what.id.str(), key.secret});
  auto request = request_of("GET", "/api/auth/v2/keypair");
  request.headers["authorization"] = token;
  request.headers["api-key"] = key.what.id.str();
  CHECK(ask(request).status == 400);
  request.headers["api-secret"] = key.secret;
  CHECK(ask(request).status == 400);
  for (const char* twice : {"authorization", "api-key", "api-secret"}) {
    auto repeated = request_of("GET", "/api/auth/v2/keypair");
    repeated.repeated = {twice};
    CHECK(ask(repeated, key, form::pair).status == 400);
  }
}

TEST_CASE_FIXTURE(key_world, "identity headers from a caller that is not a gateway get 400") {
  auto key = make({"admin"});
  for (const char* header : {"user-id", "user_id", "groups", "roles"}) {
    CAPTURE(header);
    for (const char* path : {"/livez", "/api/auth/v2/keypair"}) {
      auto request = request_of("GET", path);
      request.headers[header] = "admin";
      auto answer = ask(request, key);
      CHECK(answer.status == 400);
      CHECK(answer.body.find("gateway") != std::string::npos);
    }
    auto unknown = request_of("GET", "/nothing");
    unknown.headers[header] = "admin";
    CHECK(ask(unknown).status == 404);
  }
}

TEST_CASE_FIXTURE(key_world, "with outdated credentials the server answers 503 to every caller") {
  auto key = make({"admin"});
  auto request = request_of("GET", "/api/auth/v2/keypair");
  world.bounds.credentials_lag_ms = 0;
  auto later = world.clock.steady_now() + std::chrono::milliseconds(2);
  while (world.clock.steady_now() < later) {
  }
  auto before = work();
  for (const auto& answer : {ask(request, key), ask(request)}) {
    CHECK(answer.status == 503);
    CHECK(!sent_header(answer, "Retry-After").empty());
  }
  CHECK(work() == before);
  CHECK(ask(request_of("GET", "/livez")).status == 200);
}

TEST_CASE_FIXTURE(key_world, "too many invalid keys from an address get 429, at equal cost") {
  world.bounds.refused_per_address_per_s = 1;
  world.bounds.refused_per_address_burst = 2;
  test::manual_clock still;
  still.advance(world.clock.now() - still.now());  // expired keys have expired by it, too
  authenticator strict(*view, world.bounds, still, counts);
  auto check = [&](http_request request) {
    return test::run(run_on(world.loop.get_executor(), [&strict, request]() mutable {
      return strict.check(request, access::any_caller);
    }));
  };
  auto good = make({"admin"});
  auto from = [&](const std::string& address, const std::string& secret) {
    auto request = request_of("GET", "/api/auth/v2/keypair");
    request.peer = address;
    request.headers["api-key"] = good.what.id.str();
    request.headers["api-secret"] = secret;
    return request;
  };
  CHECK(check(from("192.0.2.1", "wrong"))->status == 401);
  CHECK(check(from("192.0.2.1", "wrong"))->status == 401);
  std::optional<http_response> first;
  for (auto& request : invalid(*this, endpoints[6])) {
    request.peer = "192.0.2.1";
    auto before = strict.work();
    auto answer = check(std::move(request));
    REQUIRE(answer);
    CHECK(answer->status == 429);
    CHECK(sent_header(*answer, "Retry-After") == "1");
    CHECK(answer->close);
    if (!first) first = answer;
    CHECK(answer->headers == first->headers);
    CHECK(answer->body == first->body);
    CHECK(strict.work().look_ups == before.look_ups + 1);
    CHECK(strict.work().hashes == before.hashes + 1);
  }
  CHECK(!check(from("192.0.2.1", good.secret)));
  CHECK(check(from("192.0.2.2", "wrong"))->status == 401);
  CHECK(check(from("", "wrong"))->status == 401);
  still.advance(std::chrono::seconds(1));
  CHECK(check(from("192.0.2.1", "wrong"))->status == 401);
  CHECK(check(from("192.0.2.1", "wrong"))->status == 429);
}

TEST_CASE_FIXTURE(key_world,
                  "a key has its rate limit, whatever its role, and open endpoints have none") {
  world.bounds.requests_per_key_per_s = 1;
  world.bounds.requests_per_key_burst = 3;
  test::manual_clock still;
  authenticator strict(*view, world.bounds, still, counts);
  routes.set_authentication(strict);
  auto ada = make({"user"}, "ada");
  auto other_of_hers = make({"user"}, "ada");
  auto own = request_of("GET", "/api/auth/v2/keypair");
  CHECK(ask(own, ada).status == 200);
  CHECK(ask(request_of("GET", "/api/ingest/v1/definitions"), ada).status == 403);
  CHECK(ask(request_of("PATCH", "/api/auth/v2/keypair"), ada).status == 405);
  auto refused = ask(own, ada);
  CHECK(refused.status == 429);
  CHECK(sent_header(refused, "Retry-After") == "1");
  CHECK(sent_header(refused, "x-error").find("limits.requests_per_key_per_s, 1 a second") !=
        std::string::npos);
  CHECK(!refused.close);
  CHECK(ask(request_of("GET", "/api/ingest/v1/definitions"), ada).status == 429);
  CHECK(ask(own, other_of_hers).status == 200);
  for (const char* open : {"/livez", "/readyz", "/metrics"})
    CHECK(ask(request_of("GET", open), ada).status == 200);
  still.advance(std::chrono::seconds(1));
  CHECK(ask(own, ada).status == 200);
  CHECK(ask(own, ada).status == 429);
  routes.set_authentication(*door);
}

TEST_CASE_FIXTURE(key_world, "an unknown path counts against the request's key, or its address") {
  world.bounds.refused_per_address_per_s = 1;
  world.bounds.refused_per_address_burst = 2;
  test::manual_clock still;
  still.advance(world.clock.now() - still.now());
  authenticator strict(*view, world.bounds, still, counts);
  routes.set_authentication(strict);
  auto ada = make({"user"}, "ada");
  auto stray = request_of("GET", "/nothing");
  stray.peer = "192.0.2.1";
  auto wrong = stray;
  wrong.headers["api-key"] = ada.what.id.str();
  wrong.headers["api-secret"] = "wrong";
  CHECK(ask(stray).status == 404);
  CHECK(ask(wrong).status == 404);
  auto refused = ask(stray);
  CHECK(refused.status == 429);
  CHECK(refused.close);
  CHECK(ask(wrong).status == 429);
  CHECK(ask(stray, ada).status == 404);
  auto put = request_of("PUT", "/livez");
  put.peer = "192.0.2.1";
  CHECK(ask(put).status == 429);
  auto live = request_of("GET", "/livez");
  live.peer = "192.0.2.1";
  CHECK(ask(live).status == 200);
  routes.set_authentication(*door);
}

TEST_CASE_FIXTURE(key_world, "the caller is the owner of the key, and also sees what is public") {
  auto key = make({"reporter", "user"}, "ada");
  auto request = request_of("GET", "/api/auth/v2/keypair");
  request.headers["api-key"] = key.what.id.str();
  request.headers["api-secret"] = key.secret;
  auto who = test::run(run_on(world.loop.get_executor(), [this, request]() mutable {
    CHECK(!door->check(request, access::user));
    return request.who;
  }));
  CHECK(who.user_id == "ada");
  CHECK(who.key_id == key.what.id.str());
  CHECK(who.roles == std::set<std::string>{"reporter", "user"});
  CHECK(who.groups == std::vector<std::string>{"user:ada"});
  CHECK(who.sees == std::vector<std::string>{"public", "user:ada"});
}

TEST_CASE_FIXTURE(key_world, "a scan is visible only to its groups") {
  auto ada = make({"reporter"}, "ada");
  auto ben = make({"reporter"}, "ben");
  auto all_powerful = make({"admin"}, "root");
  auto post = request_of("POST", "/api/ingest/v1/scan", R"({"target":"192.0.2.9"})");
  auto hers = model::parse_own(ask(post, ada).body)["id"].get<std::string>();
  auto his = model::parse_own(ask(post, ben).body)["id"].get<std::string>();
  CHECK(hers != his);
  auto look = [&](const std::string& id, const model::new_key& key) {
    return ask(request_of("GET", "/api/ingest/v1/scan/" + id), key).status;
  };
  CHECK(look(hers, ada) == 200);
  CHECK(look(hers, ben) == 404);
  // An admin may do everything, but sees only what their groups see.
  CHECK(look(hers, all_powerful) == 404);
  CHECK(look(his, ben) == 200);
}

TEST_CASE("a gateway names the caller in three headers") {
  auto read = [](std::map<std::string, std::string> headers) {
    http_request request;
    request.by_gateway = true;
    request.headers = std::move(headers);
    return read_gateway_headers(request);
  };
  auto whole = read({{"user-id", "ada"}, {"groups", " b , a,,b"}, {"roles", "trusted"}}).value();
  CHECK(whole.user_id == "ada");
  CHECK(whole.groups == std::vector<std::string>{"a", "b"});
  CHECK(whole.roles == std::set<std::string>{"trusted"});
  auto least = read({{"user-id", "ada"}}).value();
  CHECK(least.groups == std::vector<std::string>{"user:ada"});
  CHECK(least.roles == std::set<std::string>{"reporter", "user"});
  CHECK(least.key_id.empty());
  CHECK(read({{"user-id", "ada"}, {"roles", ""}}).value().roles.empty());
  const std::string nobody = "user-id: the header is missing; a gateway names the caller in it";
  CHECK(read({}).error().message() == nobody);
  CHECK(read({{"user-id", ""}}).error().message() == nobody);
  CHECK(!read({{"user-id", "a,b"}}));
  CHECK(!read({{"user-id", "\xC3\xA4"}}));
  CHECK(!read({{"user_id", "ada"}}));
  for (const char* reserved : {"sonde", "admin", "Admin", "SONDE"}) {
    CAPTURE(reserved);
    CHECK(read({{"user-id", reserved}}).error().message().find("reserved") != std::string::npos);
  }
  CHECK(read({{"user-id", "administrator"}}));
  CHECK(!read({{"user-id", "ada"}, {"user_id", "root"}}));
  CHECK(!read({{"user-id", "ada"}, {"groups", "\x01"}}));
  CHECK(!read({{"user-id", "ada"}, {"groups", std::string(201, 'x')}}));
  std::string many;
  for (int i = 0; i < 257; ++i)
    many += "g" + std::to_string(i) + ",";
  CHECK(!read({{"user-id", "ada"}, {"groups", many}}));
  http_request twice;
  twice.headers = {{"user-id", "root"}};
  twice.repeated = {"user-id"};
  CHECK(!read_gateway_headers(twice));
}

TEST_CASE_FIXTURE(key_world, "on a gateway's socket the headers count, and credentials do not") {
  auto key = make({"admin"});
  auto request = request_of("GET", "/api/ingest/v1/scans?target=192.0.2.99");
  request.by_gateway = true;
  CHECK(ask(request).status == 400);
  CHECK(ask(request, key).status == 400);
  request.headers["user-id"] = "ada";
  auto before = work();
  CHECK(ask(request).status == 200);
  CHECK(work() == before);
  request.headers["roles"] = "user";
  CHECK(ask(request).status == 403);
  auto own = request_of("GET", "/api/auth/v2/keypair");
  own.by_gateway = true;
  own.headers["user-id"] = "ada";
  CHECK(ask(own).status == 404);
}

}  // namespace sonde::ingest
