#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// RTSP 1.0 (RFC 2326). The answer to an HTTP request is recognised with HTTP's.
constexpr std::uint16_t rtsp_ports[] = {554, 8554, 322, 5554, 10554, 7070};
constexpr std::size_t rtsp_most = 64 * 1024;
constexpr std::string_view rtsp_start = "RTSP/1.0 ";

constexpr std::array<std::string_view, 3> rtsp_volatile = {"cseq", "date", "session"};

/// Section 12.17: at most nine digits, so that every server can hold it.
std::uint32_t rtsp_sequence(const talk_context& context) {
  return context.nonce % 1'000'000'000U;
}

void note_rtsp_server(std::string_view value, model::service_observation& service) {
  auto known = split_version(value, '/');
  service.product = known.version.empty() ? std::string(value) : known.product;
  service.version = known.version;
}

/// Reads a response's head, without the empty line that ends it.
recognition rtsp_service(std::string_view head, std::uint32_t sequence) {
  auto out = text_service("rtsp", head);
  out.masked.clear();
  out.complete = true;
  for (byte_reader lines(head); lines.left() > 0;) {
    auto rest = lines.rest();
    auto line = line_of(rest);
    lines.take(std::min(line.size() + 2, rest.size()));
    auto colon = std::min(line.find(':'), line.size());
    auto name = line.substr(0, colon);
    auto value = line.substr(std::min(colon + 1, line.size()));
    value = ascii::trimmed_left(value, " ");
    auto named = [&](std::string_view each) { return ascii::equal_ignoring_case(name, each); };
    if (named("server")) note_rtsp_server(value, out.service);
    if (named("public")) out.service.facts.push_back({"public", std::string(value)});
    if (named("cseq") && value == std::to_string(sequence)) {
      out.service.sure = model::confidence::proven;
    }
    if (!out.masked.empty()) out.masked += "\r\n";
    bool same = std::ranges::none_of(rtsp_volatile, named);
    out.masked += same ? std::string(line) : std::string(name) + ": *";
  }
  return out;
}

talk_step read_rtsp(std::string_view response, const talk_context& context) {
  if (response.size() > rtsp_most) return talk_step::not_ours();
  if (!response.starts_with(rtsp_start.substr(0, response.size()))) return talk_step::not_ours();
  constexpr std::size_t status = rtsp_start.size() + 3;
  if (response.size() < status) return talk_step::incomplete();
  if (!starts_with_digits(response.substr(rtsp_start.size()), 3)) return talk_step::not_ours();
  auto end = response.find("\r\n\r\n");
  if (end == std::string_view::npos) return talk_step::incomplete();
  return talk_step::is(rtsp_service(response.substr(0, end), rtsp_sequence(context)));
}

std::unique_ptr<protocol_talk> talk_rtsp(const talk_context& context) {
  auto request = fmt::format("OPTIONS * RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: {}\r\n\r\n",
                             rtsp_sequence(context), context.user_agent);
  return std::make_unique<one_exchange>(std::move(request), read_rtsp, context);
}

}  // namespace

constinit const protocol_module rtsp_module{
    .name = "rtsp", .hinted_ports = rtsp_ports, .talk = talk_rtsp};

}  // namespace sonde::scanner::modules
