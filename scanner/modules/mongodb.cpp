#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// MongoDB Wire Protocol; BSON 1.1. All integers are little-endian.
constexpr std::uint16_t mongodb_ports[] = {27017, 27018, 27019};
constexpr std::uint32_t op_reply = 1;
constexpr std::uint32_t op_query = 2004;
constexpr std::uint32_t op_message = 2013;
constexpr std::size_t mongodb_header = 16;
constexpr std::size_t mongodb_most = 64 * 1024;

std::string mongodb_message(std::uint32_t id, std::uint32_t code, const std::string& body) {
  auto size = static_cast<std::uint32_t>(mongodb_header + body.size());
  return byte_writer().le32(size).le32(id).le32(0).le32(code).text(body).take();
}

/// `{<command>: 1, …}`; `more` holds further elements.
std::string bson_command(std::string_view command, const std::string& more = {}) {
  auto body = byte_writer().u8(0x10).text(command).u8(0).le32(1).text(more).take();
  return byte_writer().le32(static_cast<std::uint32_t>(body.size() + 5)).text(body).u8(0).take();
}

/// The value of a string field: type 2, name, length, text. Found by its bytes, not by walking the
/// document, so that nesting does not matter.
std::string_view bson_text(std::string_view document, std::string_view name) {
  std::string key = "\x02" + std::string(name) + '\0';
  auto at = document.find(key);
  if (at == std::string_view::npos) return {};
  byte_reader read(document.substr(at + key.size()));
  auto size = read.le32();
  auto text = size == 0 ? std::string_view() : read.take(size - 1);
  return read.ok() ? text : std::string_view();
}

/// A response, read as a reply to a request. `whole`: it has the document. `incomplete`: more bytes
/// must follow. `foreign`: it is no reply to this request.
struct mongodb_reply {
  enum class kind { incomplete, foreign, whole } what = kind::foreign;
  std::string_view document;
};

mongodb_reply read_reply(std::string_view response, std::uint32_t id) {
  using kind = mongodb_reply::kind;
  if (response.size() < mongodb_header) return {kind::incomplete, {}};
  byte_reader head(response);
  auto size = head.le32();
  head.le32();
  auto answers = head.le32();
  auto code = head.le32();
  bool reply = code == op_reply || code == op_message;
  if (!reply || answers != id || size < mongodb_header || size > mongodb_most) return {};
  if (response.size() < size) return {kind::incomplete, {}};
  return {kind::whole, response.substr(mongodb_header, size - mongodb_header)};
}

class mongodb_talk final : public protocol_talk {
 public:
  explicit mongodb_talk(std::uint32_t nonce) : id_(nonce & 0x7FFFFFFFU) {}

  [[nodiscard]] std::string begin() override {
    auto body = byte_writer().le32(0).text("admin.$cmd").u8(0).le32(0).le32(0xFFFFFFFFU).take();
    return mongodb_message(id_, op_query, body + bson_command("isMaster"));
  }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto reply = read_reply(response, id_);
    if (reply.what == mongodb_reply::kind::incomplete) return talk_step::incomplete();
    if (reply.what == mongodb_reply::kind::foreign) return ended(response);
    if (!proven_) return greeted(reply.document);
    known_.service.version = bson_text(reply.document, "version");
    return talk_step::is(known_);
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return proven_ ? talk_step::is(known_) : talk_step::not_ours();
  }

 private:
  talk_step greeted(std::string_view document) {
    if (document.find("maxWireVersion") == std::string_view::npos) return talk_step::not_ours();
    proven_ = true;
    known_ = proven_service("mongodb");
    known_.service.product = "MongoDB";
    auto set = bson_text(document, "setName");
    if (!set.empty()) known_.service.facts.push_back({"replica-set", std::string(set)});
    ++id_;
    auto database = byte_writer().u8(0x02).text("$db").u8(0).le32(6).text("admin").u8(0).take();
    auto body = byte_writer().le32(0).u8(0).text(bson_command("buildInfo", database)).take();
    return talk_step::send(mongodb_message(id_, op_message, body));
  }

  std::uint32_t id_;
  bool proven_ = false;
  recognition known_;
};

std::unique_ptr<protocol_talk> talk_mongodb(const talk_context& context) {
  return std::make_unique<mongodb_talk>(context.nonce);
}

}  // namespace

constinit const protocol_module mongodb_module{
    .name = "mongodb", .hinted_ports = mongodb_ports, .talk = talk_mongodb, .asked_anywhere = true};

}  // namespace sonde::scanner::modules
