// The vectors of docs/reference/contract.md, computed with a few lines of Python.

#include "model/ids.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::model {

TEST_CASE("target keys, task ids, entity ids and association ids agree with the contract") {
  auto address = target::parse("203.0.113.1").value();
  auto key = key_of(address, "standard", {"public"});
  CHECK(key.str() == "3ad3f455ae5e1cb065cc3642eeab9b46896bf7da3f764359126a1b31982d22b7");
  CHECK(task_id_of(key, 1).str() == "b7e03956-4eba-8003-b872-944cb7c8dc71");
  CHECK(task_id_of(key, 2).str() == "20568233-a567-8da2-a02d-946ff747bdf3");
  auto name = target::parse("example.com").value();
  auto by_ports = key_of(name, "22,80-90", {"public"});
  CHECK(by_ports.str() == "1aea2569de401fab219fc4ce2980003b9f42a2c830d1b5200e97880ae367958c");
  CHECK(task_id_of(by_ports, 1).str() == "7c07f10f-1d55-8b4f-80c4-1c2cf3504b00");

  auto ip = entity_id_of("ip", "203.0.113.1");
  auto port = entity_id_of("port", "443/tcp");
  CHECK(ip.str() == "ip-415aa538092a2aa03b575d1773eaedace2d809a5dd8bd551570c5990bec583c1");
  CHECK(port.str() == "port-9b3734d9421ebaf455bec573f8344c7ec2d31af1f7bea2335820b6f03762790c");
  CHECK(association_id_of(ip, "aggregation", port).str() ==
        "af94ea92e2385aa06fce671c7c20e07d64c955e35fec322fefe453ff761abe94");
}

TEST_CASE("different fields never give the same hash input") {
  auto address = target::parse("203.0.113.1").value();
  CHECK(key_of(address, "a", {"bc"}) != key_of(address, "ab", {"c"}));
  CHECK(key_of(address, "a", {"b", "c"}) != key_of(address, "a", {"bc"}));
  CHECK(key_of(address, "a", {}) != key_of(address, "a", {""}));
}

TEST_CASE("a task id is a UUID of version 8 and follows from the generation") {
  auto key = key_of(target::parse("example.com").value(), "full", {"public"});
  for (std::uint64_t generation : {1ULL, 2ULL, 1000000ULL}) {
    auto id = task_id_of(key, generation).str();
    CHECK(is_task_id(id));
    CHECK(id[14] == '8');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
  }
  CHECK(task_id_of(key, 1) != task_id_of(key, 2));
}

TEST_CASE("a task id is accepted with capital letters too") {
  auto id = task_id_of(key_of(target::parse("example.com").value(), "full", {"public"}), 1);
  auto capitals = id.str();
  for (auto& c : capitals) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  CHECK(capitals != id.str());
  CHECK(read_task_id(capitals) == id);
  CHECK(read_task_id(id.str()) == id);
  CHECK(!read_task_id("0000000G-0000-8000-8000-000000000000"));
  CHECK(!read_task_id(""));
}

TEST_CASE("ids are distinguished from other text") {
  for (const char* text :
       {"", "x", "00000000-0000-8000-8000-00000000000", "00000000-0000-8000-8000-0000000000000",
        "00000000x0000-8000-8000-000000000000", "0000000G-0000-8000-8000-000000000000",
        "00000000-0000-8000-8000-00000000000A"}) {
    CHECK_MESSAGE(!is_task_id(text), text);
  }
  CHECK(is_task_id("00000000-0000-8000-8000-000000000000"));
  std::string hex(64, 'a');
  CHECK(is_entity_id("ip-" + hex));
  CHECK(is_entity_id("jarm-fingerprint-" + hex));
  CHECK(!is_entity_id(hex));
  CHECK(!is_entity_id("-" + hex));
  CHECK(!is_entity_id("ip-" + hex + "a"));
  CHECK(!is_entity_id("ip-" + std::string(64, 'A')));
}

}  // namespace sonde::model
