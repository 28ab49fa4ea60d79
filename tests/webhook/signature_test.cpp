#include "webhook/signature.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::webhook {

TEST_CASE("a signature equals the example of Standard Webhooks") {
  auto secret = model::parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
  auto made =
      sign({secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})");
  CHECK(made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  auto both = sign({secret, "another"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                   R"({"test": 2432232314})");
  CHECK(both.starts_with(made + " v1,"));
  CHECK(timestamp_of(wall_time(std::chrono::milliseconds(1'614'265'330'999))) == "1614265330");
}

}  // namespace sonde::webhook
