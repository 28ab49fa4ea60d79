#include "ingest/auth/keypair_handlers.hpp"

#include "model/events.hpp"
#include "queue/errc.hpp"
#include "tests/ingest/key_world.hpp"
#include "tests/support/manual_clock.hpp"

#include <set>

namespace sonde::ingest {
namespace {

using test::key_world;
using test::request_of;

const std::string pair_path = "/api/auth/v2/keypair";

model::json json_of(const http_response& answer) {
  return model::parse_own(answer.body);
}

std::set<std::string> fields_of(const model::json& object) {
  std::set<std::string> out;
  for (const auto& [name, value] : object.items())
    out.insert(name);
  return out;
}

http_request order(const std::string& body = R"({"name":"mine","days":30})") {
  return request_of("POST", pair_path, body);
}

/// Returns the key in a response, as its owner would send it.
model::new_key told(const model::json& made) {
  model::new_key out;
  out.what.id = model::key_id(made["apiKey"].get<std::string>());
  out.secret = made["apiSecret"].get<std::string>();
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(key_world,
                  "a caller creates a key pair with the same rights, valid immediately") {
  auto ada = make({"reporter", "user"}, "ada");
  auto answer = ask(order(), ada);
  REQUIRE(answer.status == 200);
  auto made = json_of(answer);
  CHECK(fields_of(made) == std::set<std::string>{"apiKey", "apiSecret", "token", "keyID", "keyName",
                                                 "expireAt", "expires", "verified",
                                                 "verificationCodeID"});
  CHECK(made["keyName"] == "mine");
  wall_time expires{std::chrono::seconds(made["expireAt"].get<std::int64_t>())};
  CHECK(expires <= world.clock.now() + std::chrono::days(30));
  CHECK(expires > world.clock.now() + std::chrono::days(29));
  auto own = json_of(ask(request_of("GET", pair_path), told(made)));
  CHECK(own["keyID"] == made["keyID"]);
  CHECK(own["userID"] == "ada");
  CHECK(own["roles"] == model::json({"reporter", "user"}));
  CHECK(own["groups"] == model::json({"user:ada"}));
  CHECK(own.contains("last_used"));
  CHECK(!own.contains("apiSecret"));
}

TEST_CASE_FIXTURE(key_world, "callers see their own keys, an admin sees all keys") {
  auto ada = make({"user"}, "ada");
  auto ben = make({"user"}, "ben");
  auto root = make({"admin"}, "root");
  REQUIRE(ask(order(), ada).status == 200);
  auto count = [&](const model::new_key& key) {
    return json_of(ask(request_of("GET", "/api/auth/v2/keypairs"), key))["keys"].size();
  };
  CHECK(count(ada) == 2);
  CHECK(count(ben) == 1);
  CHECK(count(root) == 4);
}

TEST_CASE_FIXTURE(key_world, "callers can revoke their own keys; other keys are not found") {
  auto ada = make({"user"}, "ada");
  auto ben = make({"user"}, "ben");
  auto root = make({"admin"}, "root");
  auto remove = [&](const model::new_key& which, const model::new_key& by) {
    return ask(request_of("DELETE", pair_path + "/" + which.what.id.str()), by).status;
  };
  CHECK(remove(ada, ben) == 404);
  CHECK(ask(request_of("GET", pair_path), ada).status == 200);
  auto second = told(json_of(ask(order(), ada)));
  auto gone = ask(request_of("DELETE", pair_path + "/" + second.what.id.str()), ada);
  CHECK(gone.status == 200);
  CHECK(json_of(gone) == model::json({{"message", "acknowledged"}}));
  CHECK(ask(request_of("GET", pair_path), second).status == 401);
  CHECK(remove(second, ada) == 404);
  CHECK(remove(ben, root) == 200);
  CHECK(ask(request_of("GET", pair_path), ben).status == 401);
  CHECK(json_of(ask(request_of("GET", "/api/auth/v2/keypairs"), root))["keys"].size() == 2);
}

TEST_CASE_FIXTURE(key_world, "an invalid order for a key pair is refused with the reason") {
  auto ada = make({"user"}, "ada");
  auto says = [&](const std::string& body, const char* what) {
    auto answer = ask(order(body), ada);
    CAPTURE(body);
    CAPTURE(answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(what) != std::string::npos);
  };
  says("{", "malformed JSON");
  says("[]", "not an object");
  says(R"({"days":1})", "name: is missing");
  says(R"({"name":"","days":1})", "name: must be a string that is not empty");
  says(R"({"name":1,"days":1})", "name: must be a string that is not empty");
  says(R"({"name":"a\nb","days":1})", "control characters");
  says(R"({"name":"a"})", "days: must be");
  for (const char* days : {"0", "-1", "1.5", "3651", "\"1\"", "18446744073709551615"})
    says(std::string(R"({"name":"a","days":)") + days + "}", "days: must be");
  says(R"({"name":"a","days":1,"roles":["admin"]})", "unknown field");
  auto untyped = order();
  untyped.headers.erase("content-type");
  CHECK(ask(untyped, ada).status == 415);
}

TEST_CASE("the number of keys is limited, per user and in total") {
  key_world keys;
  keys.world.bounds.keys_per_user = 2;
  keys.world.bounds.keys = 4;
  auto ada = keys.make({"user"}, "ada");
  auto ben = keys.make({"user"}, "ben");
  CHECK(keys.ask(order(), ada).status == 200);
  CHECK(keys.ask(order(), ada).status == 429);
  CHECK(keys.ask(order(), ben).status == 200);
  keys.world.bounds.keys_per_user = 9;
  CHECK(keys.ask(order(), ben).status == 503);
}

TEST_CASE_FIXTURE(key_world, "a key that expires in a day creates only keys that expire with it") {
  auto day = make({"user"}, "ada", std::chrono::hours(0), 1);
  auto answer = ask(order(R"({"name":"long","days":3650})"), day);
  REQUIRE(answer.status == 200);
  auto made = json_of(answer);
  auto ends = std::chrono::floor<std::chrono::seconds>(*day.what.expires).time_since_epoch();
  CHECK(made["expireAt"] == ends.count());
  CHECK(json_of(ask(request_of("GET", pair_path), told(made)))["derivedFrom"] == day.what.id.str());
  revoke(day);
  CHECK(ask(request_of("GET", pair_path), told(made)).status == 401);
}

TEST_CASE_FIXTURE(key_world, "all keys derived from a key share the rate limit of that key") {
  auto ada = make({"user"}, "ada");
  auto first = told(json_of(ask(order(), ada)));
  auto second = told(json_of(ask(order(), first)));
  auto other = make({"user"}, "ada");
  world.bounds.requests_per_key_per_s = 1;
  world.bounds.requests_per_key_burst = 5;
  test::manual_clock still;
  still.advance(world.clock.now() - still.now());
  authenticator strict(*view, world.bounds, still, counts);
  routes.set_authentication(strict);
  auto look = request_of("GET", pair_path);
  for (int i = 0; i < 5; ++i)
    CHECK(ask(look, second).status == 200);
  for (const auto& key : {second, first, ada})
    CHECK(ask(look, key).status == 429);
  CHECK(ask(look, other).status == 200);
  routes.set_authentication(*door);
}

TEST_CASE_FIXTURE(key_world,
                  "while the queue refuses writes, no key is created and none is revoked") {
  auto ada = make({"user"}, "ada");
  world.queue->refuse_with(fail(queue::errc::busy));
  CHECK(ask(order(), ada).status == 503);
  CHECK(ask(request_of("DELETE", pair_path + "/" + ada.what.id.str()), ada).status == 503);
  world.queue->refuse_with(std::nullopt);
  CHECK(ask(request_of("GET", pair_path), ada).status == 200);
}

TEST_CASE_FIXTURE(key_world, "a key of the reserved user of scan results is refused") {
  auto key = make({"admin"}, "sonde");
  CHECK(ask(test::request_of("GET", "/api/auth/v2/keypair"), key).status == 401);
}

}  // namespace sonde::ingest
