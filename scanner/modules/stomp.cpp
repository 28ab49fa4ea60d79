#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t stomp_ports[] = {61613, 61614, 61612};
constexpr std::size_t stomp_most = 64 * 1024;

/// The fields between the command and the empty line of a frame (STOMP 1.2, "STOMP Frames").
struct stomp_frame {
  enum class kind { unfinished, foreign, whole } what = kind::unfinished;
  std::string_view message;
  std::string_view versions;
  std::string_view server;
  std::string_view body;
};

void note_stomp_field(std::string_view name, std::string_view value, stomp_frame& frame) {
  if (name == "message") frame.message = value;
  if (name == "version") frame.versions = value;
  if (name == "server") frame.server = value;
}

/// Reads an ERROR frame. It is whole once its head is; the body may be cut.
stomp_frame read_stomp(std::string_view said) {
  using kind = stomp_frame::kind;
  constexpr std::string_view command = "ERROR";
  stomp_frame out;
  out.what = kind::foreign;
  if (!said.starts_with(command.substr(0, said.size())) || said.size() > stomp_most) return out;
  bool first = true;
  while (true) {
    auto end = said.find('\n');
    if (end == std::string_view::npos) break;
    auto line = line_of(said.substr(0, end));
    said.remove_prefix(end + 1);
    if (first && line != command) return out;
    if (!first && line.empty()) {
      out.what = out.message.empty() && out.versions.empty() ? kind::foreign : kind::whole;
      out.body = said;
      return out;
    }
    auto colon = line.find(':');
    auto name = line.substr(0, colon);
    bool field = colon != std::string_view::npos && colon > 0 && name.find(' ') == name.npos;
    if (!first && !field) return out;
    if (!first) note_stomp_field(name, line.substr(colon + 1), out);
    first = false;
  }
  if (first && said.size() > command.size() + 1) return out;
  out.what = kind::unfinished;
  return out;
}

recognition stomp_service(std::string_view said, const stomp_frame& frame) {
  auto out = text_service("stomp", said.substr(0, said.find('\0')));
  out.masked = "ERROR " + mask_ids(mask_times(frame.message));
  out.complete = frame.body.find('\0') != std::string_view::npos;
  auto server = split_version(frame.server, '/');
  out.service.product = server.product;
  out.service.version = server.version;
  // The stack trace names the class that failed. Artemis, another product, has other packages.
  if (said.find("org.apache.activemq.transport.stomp.") != std::string_view::npos) {
    out.service.product = "ActiveMQ";
  }
  auto& facts = out.service.facts;
  if (!frame.versions.empty()) facts.push_back({"protocol-version", std::string(frame.versions)});
  return out;
}

std::optional<recognition> recognise_stomp(std::string_view said) {
  auto frame = read_stomp(said);
  if (frame.what != stomp_frame::kind::whole) return std::nullopt;
  return stomp_service(said, frame);
}

/// No server speaks version 9.9: it answers with an error, and there is no session.
class stomp_talk final : public protocol_talk {
 public:
  explicit stomp_talk(std::string host) : host_(std::move(host)) {}

  [[nodiscard]] std::string begin() override {
    return "CONNECT\naccept-version:9.9\nhost:" + host_ + "\n\n" + '\0';
  }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto frame = read_stomp(response);
    if (frame.what == stomp_frame::kind::foreign) return talk_step::not_ours();
    bool whole = frame.what == stomp_frame::kind::whole;
    if (!whole || frame.body.find('\0') == frame.body.npos) return talk_step::incomplete();
    return ended(response);
  }

  [[nodiscard]] talk_step ended(std::string_view response) override {
    auto frame = read_stomp(response);
    if (frame.what != stomp_frame::kind::whole) return talk_step::not_ours();
    auto known = stomp_service(response, frame);
    known.service.sure = model::confidence::proven;
    known.complete = true;
    return talk_step::is(std::move(known));
  }

 private:
  std::string host_;
};

std::unique_ptr<protocol_talk> talk_stomp(const talk_context& context) {
  return std::make_unique<stomp_talk>(context.host);
}

}  // namespace

constinit const protocol_module stomp_module{
    .name = "stomp", .hinted_ports = stomp_ports, .recognise = recognise_stomp, .talk = talk_stomp};

}  // namespace sonde::scanner::modules
