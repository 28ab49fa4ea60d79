#include "tls/chain_message.hpp"

#include "tls/wire_reader.hpp"

namespace sonde::tls {

presented_chain read_chain(std::string_view body, chain_format format, std::size_t most) {
  presented_chain out;
  wire_reader message(body);
  bool has_context = format == chain_format::tls13;
  if (has_context && !message.take_vector(1)) return out;
  auto list = message.take_vector(3);
  if (!list) return out;
  wire_reader entries(*list);
  while (!entries.empty()) {
    auto der = entries.take_vector(3);
    if (!der) break;
    if (out.certificates.size() < most) out.certificates.emplace_back(*der);
    ++out.total;
    bool has_extensions = format == chain_format::tls13;
    if (has_extensions && !entries.take_vector(2)) break;
  }
  return out;
}

}  // namespace sonde::tls
