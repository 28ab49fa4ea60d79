#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// Kafka protocol guide, "ApiVersions": the one request that every broker answers to any client,
// before authentication too.
constexpr std::uint16_t kafka_ports[] = {9092, 9093, 9094, 19092, 29092};
constexpr std::uint16_t kafka_api_versions = 18;
constexpr std::string_view kafka_client = "sonde";
constexpr std::uint32_t kafka_response_head = 10;  // correlation id, error code, number of keys
constexpr std::uint32_t kafka_key = 6;             // API key, its lowest and its highest version
constexpr std::uint32_t kafka_most = 0xFFFF;       // so that the first two bytes are zero

std::string kafka_request(std::uint32_t correlation) {
  auto body = byte_writer()
                  .be16(kafka_api_versions)
                  .be16(0)
                  .be32(correlation)
                  .be16(static_cast<std::uint16_t>(kafka_client.size()))
                  .text(kafka_client)
                  .take();
  return byte_writer().be32(static_cast<std::uint32_t>(body.size())).text(body).take();
}

talk_step read_kafka(std::string_view response, const talk_context& context) {
  byte_reader read(response);
  auto size = read.be32();
  auto correlation = read.be32();
  if (!read.ok()) {
    bool ours = std::string_view("\0\0", 2).starts_with(response.substr(0, 2));
    return ours ? talk_step::incomplete() : talk_step::not_ours();
  }
  if (size < kafka_response_head || size > kafka_most || correlation != context.nonce) {
    return talk_step::not_ours();
  }
  auto error_code = read.be16();
  auto count = read.be32();
  if (!read.ok()) return talk_step::incomplete();
  bool whole_keys = (size - kafka_response_head) / kafka_key == count &&
                    (size - kafka_response_head) % kafka_key == 0;
  if (error_code != 0 || count == 0 || !whole_keys) return talk_step::not_ours();
  if (response.size() < size + 4) return talk_step::incomplete();
  for (std::uint32_t i = 0; i < count; ++i) {
    read.be16();
    auto lowest = read.be16();
    auto highest = read.be16();
    if (lowest > highest) return talk_step::not_ours();
  }
  auto known = proven_service("kafka");
  known.service.facts.push_back({"api-keys", std::to_string(count)});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_kafka(const talk_context& context) {
  return std::make_unique<one_exchange>(kafka_request(context.nonce), read_kafka, context);
}

}  // namespace

constinit const protocol_module kafka_module{
    .name = "kafka", .hinted_ports = kafka_ports, .talk = talk_kafka};

}  // namespace sonde::scanner::modules
