#include "model/auth/credential.hpp"

#include "base/hash.hpp"
#include "model/events.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

const wall_time then{std::chrono::seconds(1'767'323'045)};

key_bytes some_bytes() {
  key_bytes out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::byte>(i);
  return out;
}

key_order an_order() {
  key_order out;
  out.name = "scanner of the night shift";
  out.user_id = "u-1";
  out.user_name = "Ada";
  out.roles = {"user", "reporter", "user"};
  out.groups = {"b", "a", "b"};
  out.days = 2;
  return out;
}

std::string refusal(const key_order& order) {
  auto fine = check_order(order, 365);
  return fine ? std::string() : fine.error().message();
}

bool mentions(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a key is created from its order and unpredictable bytes") {
  auto made = make_key(an_order(), some_bytes(), then);
  CHECK(made.what.id.str() == "000102030405060708090a0b");
  CHECK(made.secret == "0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b");
  CHECK(made.what.hash == to_hex(sha256(made.what.id.str() + ":" + made.secret)));
  CHECK(made.what.roles == std::vector<std::string>{"reporter", "user"});
  CHECK(made.what.groups == group_list{"a", "b"});
  CHECK(made.what.created == then);
  CHECK(made.what.expires == then + std::chrono::days(2));
  CHECK(!made.what.expired_at(then + std::chrono::hours(47)));
  CHECK(made.what.expired_at(then + std::chrono::hours(48)));
}

TEST_CASE("a key without groups gets its own group, a key without a user is its own user") {
  key_order order;
  order.roles = {"user"};
  auto alone = make_key(order, some_bytes(), then).what;
  CHECK(alone.user_id == "key-000102030405060708090a0b");
  CHECK(alone.user_name == alone.user_id);
  CHECK(alone.groups == group_list{"user:key-000102030405060708090a0b"});
  CHECK(!alone.expires);
  CHECK(!alone.expired_at(wall_time::max()));
  order.user_id = "ada";
  CHECK(make_key(order, some_bytes(), then).what.groups == group_list{"user:ada"});
}

TEST_CASE("a key survives the round trip through its record, which does not contain its secret") {
  auto made = make_key(an_order(), some_bytes(), then);
  auto written = to_record(made.what);
  CHECK(written.topic == "credentials");
  CHECK(written.key == made.what.id.str());
  CHECK(written.value.find(made.secret) == std::string::npos);
  CHECK(*find_header(written.headers, "ce_type") == "sonde.credential.v1");
  CHECK(*find_header(written.headers, "ce_subject") == written.key);
  CHECK(*find_header(written.headers, "ce_time") == to_rfc3339(then));
  CHECK(parse_credential(written.value).value() == made.what);

  auto revoked = made.what;
  revoked.revoked = then + std::chrono::hours(1);
  auto later = to_record(revoked);
  CHECK(*find_header(later.headers, "ce_id") != *find_header(written.headers, "ce_id"));
  CHECK(*find_header(later.headers, "ce_time") == to_rfc3339(*revoked.revoked));
  CHECK(parse_credential(later.value).value() == revoked);
}

TEST_CASE("an invalid record of a key is refused") {
  auto whole = parse_own(to_json_text(make_key(an_order(), some_bytes(), then).what));
  for (const char* field : {"id", "hash", "name", "user", "roles", "groups", "created"}) {
    CAPTURE(field);
    auto without = whole;
    without.erase(field);
    CHECK(!parse_credential(to_text(without)));
  }
  auto changed = [&](const char* field, json value) {
    auto other = whole;
    other[field] = std::move(value);
    return to_text(other);
  };
  CHECK(!parse_credential(""));
  CHECK(!parse_credential("[]"));
  CHECK(!parse_credential(changed("id", "000102030405060708090A0B")));
  CHECK(!parse_credential(changed("id", "00")));
  CHECK(!parse_credential(changed("hash", "00")));
  CHECK(!parse_credential(changed("groups", json::array())));
  CHECK(!parse_credential(changed("user", "u-1")));
  CHECK(!parse_credential(changed("expires", "tomorrow")));
  CHECK(parse_credential(changed("from_the_future", 1)));
  CHECK(parse_credential(changed("roles", {"from_the_future"})));
}

TEST_CASE("one token contains both halves of a key") {
  auto made = make_key(an_order(), some_bytes(), then);
  key_parts parts{made.what.id.str(), made.secret};
  auto token = token_of(parts);
  CHECK(token == "sonde_" + parts.id + "_" + parts.secret);
  CHECK(parse_token(token).value() == parts);
  for (const auto& wrong :
       {std::string(), std::string("sonde_"), std::string("sonde__"), token + "0", token + " ",
        token.substr(1), token.substr(0, token.size() - 1), "Sonde" + token.substr(5),
        parts.id + "_" + parts.secret, "sonde_" + parts.secret + "_" + parts.id}) {
    CAPTURE(wrong);
    CHECK(!parse_token(wrong));
  }
}

TEST_CASE("descriptions of a key never contain its secret, except the response that creates it") {
  auto made = make_key(an_order(), some_bytes(), then);
  auto once = to_json(made);
  CHECK(once["apiKey"] == made.what.id.str());
  CHECK(once["apiSecret"] == made.secret);
  CHECK(once["keyID"] == made.what.id.str());
  CHECK(once["keyName"] == "scanner of the night shift");
  CHECK(once["expireAt"] == 1'767'323'045 + 2 * 86'400);
  CHECK(once["expires"] == to_rfc3339(then + std::chrono::days(2)));
  CHECK(once["verified"] == true);
  CHECK(once["verificationCodeID"] == "");
  auto told = describe(made.what, std::nullopt);
  CHECK(told["created"] == to_rfc3339(then));
  CHECK(told["expires"] == once["expires"]);
  CHECK(!told.contains("last_used"));
  CHECK(describe(made.what, then)["last_used"] == to_rfc3339(then));
  CHECK(told["userID"] == "u-1");
  CHECK(told["userName"] == "Ada");
  CHECK(told["userAlias"] == "Ada");
  CHECK(told["roles"] == json({"reporter", "user"}));
  CHECK(told["groups"] == json({"a", "b"}));
  CHECK(to_text(told).find(made.secret) == std::string::npos);
  CHECK(to_text(told).find(made.what.hash) == std::string::npos);
}

TEST_CASE("an invalid order is refused with the reason") {
  CHECK(refusal(an_order()).empty());
  auto order = an_order();
  order.roles = {};
  CHECK(mentions(refusal(order), "roles: name one of"));
  order.roles = {"reportr"};
  CHECK(mentions(refusal(order), "did you mean \"reporter\"?"));
  order.roles = {"emperor of everything"};
  CHECK(mentions(refusal(order), "there are admin, metrics, reporter, trusted and user"));
  for (const auto& name :
       {std::string("a\nb"), std::string(201, 'x'), std::string("\xFF"), std::string("\x7F")}) {
    order = an_order();
    order.name = name;
    CHECK(mentions(refusal(order), "name: "));
  }
  for (const auto& group : {std::string(), std::string("a,b"), std::string(" a"), std::string("ä"),
                            std::string("a\r\n"), std::string(201, 'x')}) {
    CAPTURE(group);
    order = an_order();
    order.groups = {group};
    CHECK(mentions(refusal(order), "groups: "));
  }
  order = an_order();
  order.user_id = "a,b";
  CHECK(mentions(refusal(order), "user: "));
  order = an_order();
  order.days = 366;
  CHECK(mentions(refusal(order), "at most 365 days"));
  order.days = 365;
  for (int i = 0; i < 65; ++i)
    order.groups.push_back("g" + std::to_string(i));
  CHECK(mentions(refusal(order), "groups: are more than 64"));
}

}  // namespace sonde::model
