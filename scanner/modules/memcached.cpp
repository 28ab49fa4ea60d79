#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t memcached_ports[] = {11211, 11210};

/// `VERSION 1.6.18` (memcached's protocol.txt, "version").
talk_step read_memcached(std::string_view response, const talk_context&) {
  constexpr std::string_view start = "VERSION ";
  if (!response.starts_with(start.substr(0, response.size()))) return talk_step::not_ours();
  if (response.find("\r\n") == std::string_view::npos) return talk_step::incomplete();
  auto line = line_of(response);
  auto known = text_service("memcached", line);
  known.service.sure = model::confidence::proven;
  known.service.product = "Memcached";
  known.service.version = line.substr(start.size());
  known.complete = true;
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_memcached(const talk_context& context) {
  return std::make_unique<one_exchange>("version\r\n", read_memcached, context);
}

}  // namespace

constinit const protocol_module memcached_module{
    .name = "memcached", .hinted_ports = memcached_ports, .talk = talk_memcached};

}  // namespace sonde::scanner::modules
