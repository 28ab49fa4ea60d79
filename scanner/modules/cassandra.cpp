#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// CQL binary protocol v4, sections 2 (frame), 3 (notations), 4.1.3 (OPTIONS), 4.2.1 (ERROR), 4.2.4
// (SUPPORTED). A client may send OPTIONS before STARTUP.
constexpr std::uint16_t cassandra_ports[] = {9042, 9142};
constexpr std::size_t cassandra_head = 9;
constexpr std::uint32_t cassandra_most = 64 * 1024;
constexpr std::uint8_t cassandra_response = 0x80;
constexpr std::uint8_t cassandra_version = 4;
constexpr std::uint8_t cassandra_error = 0x00;
constexpr std::uint8_t cassandra_options = 0x05;
constexpr std::uint8_t cassandra_supported = 0x06;
constexpr std::uint32_t cassandra_protocol_error = 0x0000000A;

struct cassandra_frame {
  enum class kind { incomplete, foreign, whole } what = kind::foreign;
  std::uint8_t version = 0;
  std::uint16_t stream = 0;
  std::uint8_t opcode = 0;
  std::string_view body;
};

cassandra_frame read_cassandra_frame(std::string_view said) {
  using kind = cassandra_frame::kind;
  byte_reader read(said);
  cassandra_frame out;
  out.version = read.u8();
  read.u8();  // flags; no response here is compressed
  out.stream = read.be16();
  out.opcode = read.u8();
  auto size = read.be32();
  // Frames of version 3 to 6 have this head.
  bool answer = out.version >= (cassandra_response | 3) && out.version <= (cassandra_response | 6);
  if (!said.empty() && !answer) return {};
  if (!read.ok()) {
    out.what = kind::incomplete;
    return out;
  }
  if (out.opcode != cassandra_error && out.opcode != cassandra_supported) return {};
  if (size > cassandra_most) return {};
  out.what = read.left() < size ? kind::incomplete : kind::whole;
  if (out.what == kind::whole) out.body = read.take(size);
  return out;
}

/// The sentence with which a server refuses a version that it does not speak. Empty: it is none.
std::string_view cassandra_refusal(const cassandra_frame& frame) {
  byte_reader read(frame.body);
  auto code = read.be32();
  auto sentence = read.take(read.be16());
  bool refusal = read.ok() && read.left() == 0 && code == cassandra_protocol_error &&
                 sentence.find("protocol version") != std::string_view::npos;
  return refusal ? sentence : std::string_view();
}

recognition cassandra_refused(const cassandra_frame& frame, std::string_view sentence) {
  auto known = proven_service("cassandra");
  auto version = std::to_string(frame.version & 0x7F);
  known.service.facts.push_back({"protocol-version", version});
  known.raw = sentence;
  known.masked = sentence;
  return known;
}

/// Any other protocol's request begins with a version that no server speaks.
std::optional<recognition> recognise_cassandra(std::string_view said) {
  if (said.size() < cassandra_head) return std::nullopt;
  auto frame = read_cassandra_frame(said);
  bool refusal = frame.what == cassandra_frame::kind::whole && frame.opcode == cassandra_error;
  auto sentence = refusal ? cassandra_refusal(frame) : std::string_view();
  if (sentence.empty()) return std::nullopt;
  return cassandra_refused(frame, sentence);
}

/// Values of one option, separated by commas.
std::string cassandra_values(byte_reader& read) {
  std::string out;
  auto count = read.be16();
  for (std::uint16_t i = 0; i < count && read.ok(); ++i) {
    if (i > 0) out += ", ";
    out += read.take(read.be16());
  }
  return out;
}

/// The string multimap of SUPPORTED. False: it is none, or does not hold what it must.
bool note_cassandra_options(std::string_view body, model::service_observation& service) {
  byte_reader read(body);
  bool language = false;
  std::string versions = "4";
  auto count = read.be16();
  for (std::uint16_t i = 0; i < count && read.ok(); ++i) {
    auto name = read.take(read.be16());
    auto values = cassandra_values(read);
    if (name == "CQL_VERSION") {
      language = true;
      service.facts.push_back({"cql-version", values});
    }
    if (name == "COMPRESSION") service.facts.push_back({"compression", values});
    if (name == "PROTOCOL_VERSIONS") versions = values;
    if (name.starts_with("SCYLLA_")) service.product = "ScyllaDB";
  }
  service.facts.push_back({"protocol-version", versions});
  return read.ok() && read.left() == 0 && language;
}

std::uint16_t cassandra_stream(const talk_context& context) {
  return static_cast<std::uint16_t>(context.nonce & 0x7FFFU);  // negative ones are the server's
}

talk_step read_cassandra(std::string_view response, const talk_context& context) {
  auto frame = read_cassandra_frame(response);
  if (frame.what == cassandra_frame::kind::incomplete) return talk_step::incomplete();
  if (frame.what == cassandra_frame::kind::foreign) return talk_step::not_ours();
  if (frame.opcode == cassandra_error) {
    auto sentence = cassandra_refusal(frame);
    if (sentence.empty()) return talk_step::not_ours();
    return talk_step::is(cassandra_refused(frame, sentence));
  }
  if (frame.stream != cassandra_stream(context)) return talk_step::not_ours();
  auto known = proven_service("cassandra");
  if (!note_cassandra_options(frame.body, known.service)) return talk_step::not_ours();
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_cassandra(const talk_context& context) {
  auto request = byte_writer()
                     .u8(cassandra_version)
                     .u8(0)
                     .be16(cassandra_stream(context))
                     .u8(cassandra_options)
                     .be32(0)
                     .take();
  return std::make_unique<one_exchange>(std::move(request), read_cassandra, context);
}

}  // namespace

constinit const protocol_module cassandra_module{.name = "cassandra",
                                                 .hinted_ports = cassandra_ports,
                                                 .recognise = recognise_cassandra,
                                                 .talk = talk_cassandra};

}  // namespace sonde::scanner::modules
