#include "model/webhook/webhook.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

constexpr const char* one_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Returns the parts of a URL, or the error message.
std::string read(const std::string& url) {
  auto parsed = parse_webhook_url(url);
  if (!parsed) return parsed.error().message();
  return parsed->endpoint() + " " + parsed->authority() + " " + parsed->path;
}

}  // namespace

TEST_CASE("a URL is parsed, or refused with the remedy") {
  CHECK(read("https://hooks.example.com/a?b=c") ==
        "https://hooks.example.com:443 hooks.example.com /a?b=c");
  CHECK(read("HTTP://Hooks.Example.COM:8080") ==
        "http://hooks.example.com:8080 hooks.example.com:8080 /");
  CHECK(read("http://[2001:DB8::1]:81/") == "http://[2001:db8::1]:81 [2001:db8::1]:81 /");
  CHECK(read("https://192.0.2.1?x") == "https://192.0.2.1:443 192.0.2.1 /?x");
  CHECK(read("http://[::ffff:192.0.2.1]/") == "http://192.0.2.1:80 192.0.2.1 /");
  struct {
    const char* url;
    const char* words;
  } const refused[] = {
      {"", "is not an absolute http or https URL"},
      {"https:/example.com", "is not an absolute"},
      {"javascript://example.com", "is not an absolute"},
      {"https://", "has no host"},
      {"https:///path", "has no host"},
      {"https://:443/", "has no host"},
      {"https://localhost/", "has no host"},
      {"https://127.1/", "has no host"},
      {"https://0177.0.0.1/", "has no host"},
      {"https://3232235521/", "has no host"},
      {"https://example.com:65536/", "has a port"},
      {"https://example.com:/", "has a port"},
      {"http://example.com:9100/", "has a port of printers"},
      {"http://example.com:515/", "has a port of printers"},
      {"http://example.com:502/", "or of industrial devices"},
      {"https://example.com:+80/", "has a port"},
      {"https://a@example.com/", "has a user name"},
      {"https://example.com#/", "has a fragment"},
      {"https://example.com\\@10.0.0.1/", "has a character"},
      {"https://ex\xc3\xa4mple.com/", "has a character"},
      {"https://example.com/\r\nX: y", "has a character"},
      {"https://[example.com]/", "brackets"},
      {"https://[::1]x/", "has no host"},
      {"https://[127.0.0.1]/", "brackets"},
      {"https://[fe80::1%25eth0]/", "brackets"},
  };
  for (const auto& each : refused) {
    CAPTURE(each.url);
    auto said = read(each.url);
    CAPTURE(said);
    CHECK(said.find(each.words) != std::string::npos);
  }
}

TEST_CASE("headers are tokens and visible text, and reserved names are refused") {
  CHECK(check_webhook_header("Authorization", "Bearer a b"));
  CHECK(check_webhook_header("X-Api_Key.1", ""));
  for (const char* name : {"", "a b", "a:b", "a\n", "HOST", "content-LENGTH", "TE", "Trailer",
                           "Transfer-Encoding", "Connection", "Upgrade", "Expect", "Content-Type",
                           "Proxy-Authorization", "webhook-id", "Webhook-Anything"}) {
    CAPTURE(name);
    CHECK(!check_webhook_header(name, "x"));
  }
  for (const char* value : {"a\r\nb", "a\nb", "a\tb", "\x7f", "\xc3\xa4"})
    CHECK(!check_webhook_header("X", value));
  CHECK(!check_webhook_header(std::string(129, 'x'), "x"));
}

TEST_CASE("secrets have one form") {
  CHECK(parse_webhook_secret(one_secret)->size() == 24);
  for (const char* text : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=",
                           "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=", "whsec_!"}) {
    CHECK(!parse_webhook_secret(text));
  }
}

TEST_CASE("a delivery id follows from the scan and the webhook") {
  task_id first("01234567-89ab-8def-8123-456789abcdef");
  CHECK(is_task_id(delivery_id_of(first, "a").str()));
  CHECK(delivery_id_of(first, "a") == delivery_id_of(first, "a"));
  CHECK(delivery_id_of(first, "a") != delivery_id_of(first, "b"));
}

}  // namespace sonde::model
