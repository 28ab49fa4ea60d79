#include "scanner/engine/response_choice.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

kept_response sent_to(std::string asked, std::string bytes) {
  return {std::move(asked), recognise(bytes)};
}

constexpr const char* page = "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n";
constexpr const char* refusal = "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n";

}  // namespace

TEST_CASE("a greeting and a response with a name stand for the service") {
  response_choice choice(8006);
  CHECK(choice.take(sent_to("greeting", "who goes there?"), {}).has_value());
  CHECK(choice.take(sent_to("http", page), {}).has_value());
  CHECK(choice.take(sent_to("tls", "220 mail.example.com ESMTP Postfix\r\n"), {}).has_value());
  CHECK(!choice.best());
}

TEST_CASE("of responses without a name the one to HTTP is the best") {
  response_choice choice(8006);
  CHECK(!choice.take(sent_to("tls", "what?"), {}));
  CHECK(!choice.take(sent_to("http", "what now?"), {}));
  CHECK(choice.nameless() == 2);
  CHECK(choice.best().value().asked == "http");
}

TEST_CASE("a web server's error page stands for it only where its page does not come") {
  response_choice choice(8006);
  CHECK(!choice.take(sent_to("tls", refusal), {}));
  CHECK(choice.has_page());
  CHECK(choice.take(sent_to("http", page), {.tls = true})
            .value()
            .known.raw.starts_with("HTTP/1.1 200"));
  CHECK(choice.take(sent_to("docker", refusal), {.http = true}).value().asked == "tls");
}

TEST_CASE("a response 400 of a web server counts only after a request for TLS") {
  response_choice choice(8006);
  CHECK(!choice.take(sent_to("http", refusal), {}));
  CHECK(choice.take(sent_to("tls", refusal), {.http = true}).value().asked == "http");
  CHECK(choice.take(sent_to("http", refusal), {.tls = true}).value().asked == "http");
}

TEST_CASE("a redirect to HTTPS on the same port is no page before TLS has been heard") {
  struct redirect {
    const char* location;
    bool leads_to_tls;
  };
  const std::vector<redirect> all = {{"https://pve.example:8006/", true},
                                     {"HTTPS://[2001:db8::1]:8006/x", true},
                                     {"https://pve.example:8006?a=1", true},
                                     {"https://pve.example/", false},
                                     {"https://[2001:db8::1]/", false},
                                     {"http://pve.example:8006/", false},
                                     {"/login", false}};
  for (const auto& one : all) {
    CAPTURE(one.location);
    response_choice choice(8006);
    auto bytes = "HTTP/1.1 301 Moved\r\nLocation: " + std::string(one.location) + "\r\n\r\n";
    CHECK(choice.take(sent_to("http", bytes), {}).has_value() != one.leads_to_tls);
    CHECK(choice.has_page() == one.leads_to_tls);
  }
}

}  // namespace sonde::scanner
