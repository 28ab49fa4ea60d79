#include "model/facts/submission.hpp"

#include "model/errc.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

const wall_time noon{std::chrono::seconds(1'767'355'200)};

struct submitter {
  address_scope scope;
  submission_context context{"anna", {"blue"}, {"blue", "public"}, false, noon, scope};

  submission take(const std::string& body) {
    auto read = parse_submission(parse_own(body), context);
    REQUIRE_MESSAGE(read, (read ? std::string() : read.error().message()));
    return std::move(*read);
  }
  std::string refusal(const std::string& body) {
    auto read = parse_submission(parse_own(body), context);
    REQUIRE_MESSAGE(!read, body);
    return read.error().message();
  }
};

}  // namespace

TEST_CASE_FIXTURE(submitter, "an entity is converted to its canonical form") {
  auto out = take(R"({"type":"hostname","attributes":{"hostname":"WWW.Example.COM"},
                      "reputation":-1,"tags":["b","a","b"]})");
  REQUIRE(out.entities.size() == 1);
  const auto& one = out.entities[0];
  CHECK(out.id == entity_id_of("hostname", "www.example.com"));
  CHECK(one.id == out.id);
  CHECK(one.attributes["hostname"] == "www.example.com");
  CHECK(one.reputation == -1);
  CHECK(one.tags == std::vector<std::string>{"a", "b"});
  CHECK(one.from.source == "anna");
  CHECK(one.from.visible_by == group_list{"blue"});
  CHECK(one.from.time == noon);
  CHECK(out.associations.empty());
}

TEST_CASE_FIXTURE(submitter, "numeric values become numbers, in whatever form they were written") {
  auto out = take(R"({"type":"asn","attributes":{"asn":"0064496","latitude":"-33.40"}})");
  CHECK(out.entities[0].attributes["asn"] == 64496);
  CHECK(out.entities[0].attributes["latitude"] == -33.4);
  CHECK(out.id == entity_id_of("asn", "64496"));
}

TEST_CASE_FIXTURE(submitter, "associations nest, with their mode and visibility") {
  auto out = take(R"({"type":"ip","attributes":{"ip":"203.0.113.1"},"visibleBy":["public"],
    "associations":[{"mode":"aggregation","type":"port","attributes":{"port":"443/TCP"},
      "associations":[{"mode":"association","type":"url","attributes":{"url":"https://A.example/X"},
                       "visibleBy":["blue"]}]}]})");
  REQUIRE(out.entities.size() == 3);
  auto ip = entity_id_of("ip", "203.0.113.1");
  auto port = entity_id_of("port", "443/tcp");
  auto url = entity_id_of("url", "https://a.example/X");
  CHECK(out.entities[1].id == port);
  CHECK(out.entities[1].from.visible_by == group_list{"public"});
  CHECK(out.entities[2].from.visible_by == group_list{"blue"});
  REQUIRE(out.associations.size() == 2);
  CHECK(out.associations[0].id == association_id_of(port, "association", url));
  CHECK(out.associations[0].from.visible_by == group_list{"blue"});
  CHECK(out.associations[1].id == association_id_of(ip, "aggregation", port));
}

TEST_CASE_FIXTURE(submitter, "correlated attributes become separate entities") {
  auto out = take(R"({"type":"malware","correlate":["malware-family"],
    "attributes":{"malware":"Emotet","malware-family":"Emotet Family","malware-type":"Trojan"}})");
  REQUIRE(out.entities.size() == 2);
  CHECK(out.entities[0].correlate == std::vector<std::string>{"malware-family"});
  CHECK(out.entities[1].id == entity_id_of("malware-family", "emotet family"));
  REQUIRE(out.associations.size() == 1);
  CHECK(out.associations[0].from_entity == out.id);
  CHECK(out.associations[0].to_entity == out.entities[1].id);
}

TEST_CASE_FIXTURE(submitter, "a repeated assertion is one record") {
  auto out = take(R"({"type":"ip","attributes":{"ip":"203.0.113.1"},"associations":[
    {"mode":"association","type":"asn","attributes":{"asn":1},"reputation":2,"tags":["x"]},
    {"mode":"association","type":"asn","attributes":{"asn":"1"},"reputation":-2,"tags":["y"]}]})");
  REQUIRE(out.entities.size() == 2);
  CHECK(out.entities[1].reputation == -2);
  CHECK(out.entities[1].tags == std::vector<std::string>{"x", "y"});
  CHECK(out.associations.size() == 1);
}

TEST_CASE_FIXTURE(submitter, "this program's own types accept the attributes that a scan finds") {
  auto out = take(R"({"type":"service","attributes":{"service":"203.0.113.1:443/tcp","name":"http",
                      "tls":true,"product":["a","b"]}})");
  CHECK(out.id == entity_id_of("service", "203.0.113.1:443/tcp"));
  CHECK(out.entities[0].attributes["tls"] == true);
  CHECK(out.entities[0].attributes["product"].size() == 2);
}

TEST_CASE_FIXTURE(submitter, "a refusal names the place, the error and the remedy") {
  struct row {
    const char* body;
    const char* sentence;
  };
  const row rows[] = {
      {R"([])", "not an object"},
      {R"({"attributes":{}})", "type: is missing"},
      {R"({"type":7,"attributes":{}})", "type: is of the JSON type number"},
      {R"({"type":"hostnam","attributes":{}})", "did you mean \"hostname\"?"},
      {R"({"type":"IP","attributes":{}})", "did you mean \"ip\"?"},
      {R"({"type":"zzzzzzzz","attributes":{}})", "definitions lists the types"},
      {R"({"type":"ip"})", "attributes: is missing"},
      {R"({"type":"ip","attributes":[]})", "attributes: is of the JSON type array"},
      {R"({"type":"ip","attributes":{"asn":1}})", "attributes: holds no \"ip\""},
      {R"({"type":"ip","attributes":{"ip":"10.0.0.1"}})",
       "attributes.ip: 10.0.0.1 is private (RFC 1918); this server accepts only globally routable "
       "addresses"},
      {R"({"type":"ip","attributes":{"ip":null}})", "attributes.ip: is of the JSON type null"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1","contry":"x"}})", "did you mean \"country\"?"},
      {R"({"type":"ip","attribute":{}})", "did you mean \"attributes\"?"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"mode":"association"})", "unknown field"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"reputation":4})",
       "reputation: is not an integer"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"reputation":1.5})",
       "reputation: is not an integer"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"tags":"x"})",
       "tags: is of the JSON type string"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"tags":[" "]})", "tags[0]: is blank"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"visibleBy":[]})", "visibleBy: is empty"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"visibleBy":["red"]})",
       "visibleBy: \"red\" is not one of your groups"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"correlate":["asn"]})",
       "correlate: \"asn\" is not one of this entity's attributes"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"correlate":["ip"]})",
       "cannot become an entity"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"associations":{}})", "associations: is of"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"associations":[1]})",
       "associations[0]: is of"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"associations":[
           {"type":"asn","attributes":{"asn":1}}]})",
       "associations[0].mode: must be"},
      {R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"associations":[
           {"mode":"association","type":"asn","attributes":{"asn":1}},
           {"mode":"association","type":"ip","attributes":{"ip":"::1"}}]})",
       "associations[1].attributes.ip: ::1 is loopback"},
      {R"({"type":"service","attributes":{"service":"203.0.113.1:1/tcp","name":{}}})",
       "attributes.name: is of the JSON type object"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    auto sentence = refusal(row.body);
    CAPTURE(sentence);
    CHECK(sentence.find(row.sentence) != std::string::npos);
  }
}

TEST_CASE_FIXTURE(submitter,
                  "an administrator may name any group; nesting and number are limited") {
  context.may_name_any = true;
  CHECK(take(R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"visibleBy":["red","blue"]})")
            .entities[0]
            .from.visible_by == group_list{"blue", "red"});
  std::string nested = R"({"type":"asn","attributes":{"asn":0}})";
  for (std::uint32_t i = 1; i <= context.nesting; ++i) {
    nested = R"({"type":"asn","attributes":{"asn":)" + std::to_string(i) + R"(},"associations":[)" +
             R"({"mode":"association",)" + nested.substr(1) + "]}";
  }
  CHECK(take(nested).entities.size() == context.nesting + 1);
  auto deeper = R"({"type":"asn","attributes":{"asn":99},"associations":[{"mode":"association",)" +
                nested.substr(1) + "]}";
  CHECK(refusal(deeper).find("nested deeper than 8") != std::string::npos);
  context.entities = 3;
  CHECK(refusal(nested).find("more than the 3 entities") != std::string::npos);
}

TEST_CASE_FIXTURE(submitter, "a well-known entity has a type and attributes, and no other field") {
  auto read =
      parse_well_known(parse_own(R"({"type":"ip","attributes":{"ip":"1.1.1.1"}})"), context);
  REQUIRE(read);
  CHECK(read->entities[0].well_known);
  CHECK(!read->entities[0].reputation);
  CHECK(!parse_well_known(
      parse_own(R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"reputation":-1})"), context));
}

TEST_CASE_FIXTURE(submitter,
                  "a submission that is too expensive is refused before it is processed") {
  struct row {
    std::string body;
    std::uint64_t work;
    const char* place;
  };
  std::string groups;
  for (int i = 0; i < 100; ++i)
    groups += (i == 0 ? "\"" : ",\"") + std::string(120, 'g') + std::to_string(i) + "\"";
  std::string parts;
  for (int i = 1; i <= 200; ++i) {
    parts += (i == 1 ? "" : ",") +
             std::string(R"({"mode":"association","type":"ip","attributes":{"ip":"8.8.8.)") +
             std::to_string(i) + "\"}}";
  }
  auto whole = R"({"type":"port","attributes":{"port":"53/udp"},"associations":[)" + parts + "]";
  std::string classes;
  for (int i = 0; i < 100; ++i)
    classes += R"(\\pL)";
  context.may_name_any = true;
  for (const auto& r : std::initializer_list<row>{
           {R"({"type":"pattern-in-file","attributes":{"pattern-in-file":")" + classes + "\"}}",
            20'000, "attributes.pattern-in-file"},
           {whole + ",\"visibleBy\":[" + groups + "]}", 150'000, "associations["},
           {whole + "}", 1'000, "associations["},
           {R"({"type":"ip","attributes":{"ip":"8.8.8.8"}})", 5, "entity"},
           {R"({"type":"ip","attributes":{"ip":"8.8.8.8","country":"a"},"correlate":["country"]})",
            24, "correlate"},
       }) {
    context.work = r.work;
    auto read = parse_submission(parse_own(r.body), context);
    REQUIRE(!read);
    CAPTURE(read.error().message());
    CHECK(read.error().code == make_error_code(errc::over_budget));
    CHECK(read.error().message().find(r.place) != std::string::npos);
    CHECK(read.error().message().find("exceeds the work limit of one request") !=
          std::string::npos);
    CHECK(read.error().message().size() < 400);
  }
  context.work = 150'000;
  CHECK(take(whole + "}").entities.size() == 201);
}

TEST_CASE_FIXTURE(submitter, "an entity's tags from many places are one sorted list") {
  std::string parts;
  for (int i = 0; i < 900; ++i) {
    parts += (i == 0 ? "" : ",") +
             std::string(R"({"mode":"association","type":"ip","attributes":{"ip":"8.8.8.8"},)") +
             R"("tags":["t)" + std::to_string(i % 450) + "\",\"all\"]}";
  }
  auto out =
      take(R"({"type":"port","attributes":{"port":"53/udp"},"associations":[)" + parts + "]}");
  REQUIRE(out.entities.size() == 2);
  const auto& tags = out.entities[1].tags;
  CHECK(tags.size() == 451);
  CHECK(std::ranges::is_sorted(tags));
  CHECK(tags.front() == "all");
}

}  // namespace sonde::model
