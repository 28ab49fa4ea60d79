#include "base/ascii.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

constexpr std::string_view xmpp_tls = "urn:ietf:params:xml:ns:xmpp-tls";
constexpr std::uint16_t xmpp_ports[] = {5222, 5269, 5223, 5270};
constexpr std::uint16_t xmpp_server_ports[] = {5269, 5270};
constexpr std::size_t xmpp_longest_head = 4096;
constexpr std::string_view xmpp_streams = "http://etherx.jabber.org/streams";

/// The part of an entity's `node` that names its product (XEP-0115).
constexpr std::array<known_product, 4> xmpp_servers = {{
    {"prosody.im", "Prosody"},
    {"process-one.net/en/ejabberd", "ejabberd"},
    {"igniterealtime.org/projects/openfire", "Openfire"},
    {"mongooseim", "MongooseIM"},
}};

/// A stream's header (RFC 6120, section 4.2); `to` names the host, and there is no `from`.
std::string xmpp_header(const talk_context& context) {
  bool server = std::ranges::find(xmpp_server_ports, context.port) != std::end(xmpp_server_ports);
  std::string out = "<?xml version='1.0'?><stream:stream xmlns='jabber:";
  out += server ? "server" : "client";
  out += "' xmlns:stream='";
  out += xmpp_streams;
  out += "' to='";
  for (char c : context.host) {
    if (std::string_view("<>&'\"").find(c) == std::string_view::npos) out += c;
  }
  return out += "' version='1.0'>";
}

/// The opening tag of a stream, after an XML declaration. Empty: it is not whole yet. Nothing: the
/// text is no stream.
std::optional<std::string_view> xmpp_tag(std::string_view said) {
  constexpr std::string_view declaration = "<?xml ";
  constexpr std::string_view start = "<stream:stream ";
  auto head = said.substr(0, xmpp_longest_head);
  if (!head.empty() && head.substr(1).starts_with('?')) {
    if (!head.starts_with(declaration.substr(0, head.size()))) return std::nullopt;
    auto end = head.find("?>");
    if (end == std::string_view::npos && head.size() < xmpp_longest_head) return head.substr(0, 0);
    if (end == std::string_view::npos) return std::nullopt;
    head.remove_prefix(end + 2);
    head = ascii::trimmed_left(head, " \t\r\n");
  }
  if (!head.starts_with(start.substr(0, head.size()))) return std::nullopt;
  auto close = head.find('>');
  if (close == std::string_view::npos) {
    if (said.size() >= xmpp_longest_head) return std::nullopt;
    return head.substr(0, 0);
  }
  auto tag = head.substr(0, close);
  // Only the server's header has an `id` (RFC 6120, section 4.7.3).
  for (auto part : {xmpp_streams, std::string_view(" id=")}) {
    if (tag.find(part) == std::string_view::npos) return std::nullopt;
  }
  return tag;
}

std::string_view xmpp_attribute(std::string_view text, std::string_view name) {
  for (char quote : {'\'', '"'}) {
    auto key = ' ' + std::string(name) + '=' + quote;
    auto at = text.find(key);
    if (at == std::string_view::npos) continue;
    auto value = text.substr(at + key.size());
    return value.substr(0, value.find(quote));
  }
  return {};
}

/// The stream ends after an error.
bool xmpp_is_whole(std::string_view said) {
  constexpr std::array<std::string_view, 3> ends = {"</stream:features>", "<stream:features/>",
                                                    "</stream:stream>"};
  return std::ranges::any_of(ends,
                             [&](auto each) { return said.find(each) != std::string_view::npos; });
}

/// `<stream:error><host-unknown xmlns=…/>`: the condition's name (RFC 6120, section 4.9.3).
std::string_view xmpp_condition(std::string_view said) {
  constexpr std::string_view open = "<stream:error>";
  auto at = said.find(open);
  if (at == std::string_view::npos) return {};
  auto inside = said.substr(at + open.size());
  if (!inside.starts_with('<')) return {};
  inside.remove_prefix(1);
  return inside.substr(0, inside.find_first_of(" />"));
}

recognition xmpp_service(std::string_view said, std::string_view tag) {
  auto out = text_service("xmpp", said);
  out.service.sure = model::confidence::proven;
  out.masked = mask_behind(mask_behind(said, " id='", '\''), " id=\"", '"');
  out.complete = xmpp_is_whole(said);
  auto node = xmpp_attribute(said, "node");
  if (!node.empty()) find_product(node, xmpp_servers, out.service);
  auto& facts = out.service.facts;
  auto from = xmpp_attribute(tag, "from");
  if (!from.empty()) facts.push_back({"domain", std::string(from)});
  auto condition = xmpp_condition(said);
  if (!condition.empty()) facts.push_back({"stream-error", std::string(condition)});
  auto tls = said.find(xmpp_tls);
  if (tls != std::string_view::npos) {
    auto rest = said.substr(tls);
    bool required = rest.substr(0, rest.find("</starttls>")).find("<required") != rest.npos;
    facts.push_back({"starttls", required ? "required" : "offered"});
  }
  return out;
}

std::optional<recognition> recognise_xmpp(std::string_view said) {
  auto tag = xmpp_tag(said);
  if (!tag || tag->empty()) return std::nullopt;
  return xmpp_service(said, *tag);
}

class xmpp_talk final : public protocol_talk {
 public:
  explicit xmpp_talk(const talk_context& context) : header_(xmpp_header(context)) {}

  [[nodiscard]] std::string begin() override { return header_; }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    if (known_) return answered_tls(response);
    auto tag = xmpp_tag(response);
    if (!tag) return talk_step::not_ours();
    if (tag->empty() || !xmpp_is_whole(response)) return talk_step::incomplete();
    auto service = xmpp_service(response, *tag);
    if (response.find(xmpp_tls) == std::string_view::npos) {
      return talk_step::is(std::move(service));
    }
    known_ = std::move(service);
    return talk_step::send("<starttls xmlns='" + std::string(xmpp_tls) + "'/>");
  }

  /// Servers of before RFC 3920 send no features.
  [[nodiscard]] talk_step ended(std::string_view response) override {
    if (known_) return talk_step::is(*known_);
    auto tag = xmpp_tag(response);
    if (!tag || tag->empty()) return talk_step::not_ours();
    return talk_step::is(xmpp_service(response, *tag));
  }

 private:
  /// RFC 6120, section 5.4.2.
  talk_step answered_tls(std::string_view response) {
    if (response.find('>') == std::string_view::npos) return talk_step::incomplete();
    auto out = talk_step::is(*known_);
    out.start_tls = response.starts_with("<proceed");
    return out;
  }

  std::string header_;
  std::optional<recognition> known_;
};

std::unique_ptr<protocol_talk> talk_xmpp(const talk_context& context) {
  return std::make_unique<xmpp_talk>(context);
}

}  // namespace

constinit const protocol_module xmpp_module{.name = "xmpp",
                                            .hinted_ports = xmpp_ports,
                                            .recognise = recognise_xmpp,
                                            .talk = talk_xmpp,
                                            .inside_upgrade = talk_xmpp};

}  // namespace sonde::scanner::modules
