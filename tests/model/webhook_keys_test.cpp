#include "model/webhook/webhook_keys.hpp"

#include "base/encryption.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

using lines = std::vector<std::string>;

constexpr const char* shared_one = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* shared_other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const std::string key_file =
    "# ours\nwhenc_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\r\n"
    "whsig_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=\n\n";
const std::string newer_file =
    "whenc_enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmF6eXh3dnU=\n"
    "whsig_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n";

webhook_order hook_order(std::string owner = "ada") {
  webhook_order out{
      "https://hooks.example.com/T00/B00?x=1", {{"Authorization", "Bearer x"}}, "", ""};
  out.owner = std::move(owner);
  return out;
}

webhook_keys keys_of(const std::string& text) {
  return webhook_keys::parse(text).value();
}

std::string bytes_of(const std::string& secret) {
  return parse_webhook_secret(secret).value();
}

/// Returns a webhook as a version before key files wrote it.
webhook old_hook(const char* secret, const webhook_order& what) {
  json plain = {{"url", what.url}, {"headers", json::array()}, {"secret", what.secret}};
  for (const auto& [name, value] : what.headers)
    plain["headers"].push_back({{"key", name}, {"value", value}});
  webhook out;
  out.encrypted = encrypt(bytes_of(secret), to_text(plain));
  return out;
}

}  // namespace

TEST_CASE("encrypted data names its key, and every key of the file decrypts") {
  auto keys = keys_of(key_file);
  auto hook = keys.encrypt(hook_order());
  CHECK(hook.endpoint == "https://hooks.example.com:443");
  CHECK(hook == keys.encrypt(hook_order()));
  CHECK(keys.open(hook).value() == hook_order());
  CHECK(to_text(to_json(hook)).find("T00") == std::string::npos);
  auto renewed = keys_of(newer_file + key_file);
  CHECK(renewed.open(hook).value() == hook_order());
  CHECK(renewed.encrypt(hook_order()).encrypted.substr(0, 11) != hook.encrypted.substr(0, 11));
  CHECK(!keys.open(renewed.encrypt(hook_order())));
  auto another = hook_order();
  another.headers[0].second = "Bearer y";
  CHECK(keys.encrypt(another).id != hook.id);
  CHECK(keys.encrypt(hook_order("ben")).id != hook.id);
  auto damaged = hook;
  damaged.encrypted[3] = damaged.encrypted[3] == '0' ? '1' : '0';
  CHECK(!keys.open(damaged));
}

TEST_CASE("every owner and every URL has a separate secret") {
  auto keys = keys_of(key_file);
  auto ada = keys.secrets_of("ada", hook_order().url);
  REQUIRE(ada.size() == 1);
  CHECK(keys.signing(hook_order()) == lines{bytes_of(ada[0])});
  CHECK(keys.secrets_of("ben", hook_order().url) != ada);
  CHECK(keys.secrets_of("ada", hook_order().url + "2") != ada);
  // The two halves cannot run into each other.
  CHECK(keys.secrets_of("a", "b") != keys.secrets_of("ab", ""));
  CHECK(!keys.shares_signatures());
  auto renewed = keys_of(newer_file + key_file);
  CHECK(renewed.secrets_of("ada", hook_order().url).size() == 2);
  CHECK(renewed.secrets_of("ada", hook_order().url)[1] == ada[0]);
  auto own = hook_order();
  own.secret = shared_other;
  CHECK(keys.open(keys.encrypt(own)).value() == own);
  CHECK(keys.signing(own) == lines{bytes_of(shared_other)});
}

TEST_CASE("a shared secret of earlier versions decrypts, and signs beside the derived one") {
  auto old = old_hook(shared_one, hook_order(""));
  auto keys = keys_of(key_file);
  CHECK(!keys.open(old));
  REQUIRE(keys.add_shared(std::string("# theirs\n") + shared_one + "\r\n"));
  CHECK(keys.open(old).value() == hook_order(""));
  CHECK(keys.signing(hook_order("")) == lines{bytes_of(shared_one)});
  CHECK(keys.signing(hook_order()).size() == 2);
  CHECK(keys.signing(hook_order())[1] == bytes_of(shared_one));
  CHECK(keys.shares_signatures());
  CHECK(!keys.shares_encryption());
  CHECK(keys.encrypt(hook_order()) == keys_of(key_file).encrypt(hook_order()));
  // In the key file it signs only webhooks that were written before.
  auto moved = keys_of(key_file + shared_one + "\n");
  CHECK(moved.open(old).value() == hook_order(""));
  CHECK(moved.signing(hook_order("")) == lines{bytes_of(shared_one)});
  CHECK(moved.signing(hook_order()).size() == 1);
  CHECK(!moved.shares_signatures());
}

TEST_CASE("with only shared secrets the behaviour of earlier versions is unchanged") {
  webhook_keys keys;
  REQUIRE(keys.add_shared(std::string(shared_one) + "\n" + shared_other));
  CHECK(keys.shares_encryption());
  CHECK(keys.open(old_hook(shared_other, hook_order(""))).value() == hook_order(""));
  CHECK(keys.open(keys.encrypt(hook_order())).value() == hook_order(""));
  CHECK(keys.encrypt(hook_order()).encrypted == old_hook(shared_one, hook_order("")).encrypted);
  CHECK(keys.signing(hook_order()) == lines{bytes_of(shared_one), bytes_of(shared_other)});
  CHECK(keys.secrets_of("ada", hook_order().url).empty());
}

TEST_CASE("a file of keys is read strictly") {
  for (const char* text : {"", "# nothing\n\n", "hunter2", "whenc_!",
                           "whenc_c2hvcnQ=", "whenc_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                           "whsig_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}) {
    CAPTURE(text);
    CHECK(!webhook_keys::parse(text));
  }
  CHECK(!webhook_keys::parse(key_file + "hunter2"));
  std::string many = key_file;
  for (int i = 0; i < 8; ++i)
    many += "whsig_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n";
  CHECK(!webhook_keys::parse(many));
  auto keys = keys_of(key_file);
  CHECK(!keys.add_shared("hunter2"));
}

}  // namespace sonde::model
