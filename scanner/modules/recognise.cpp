#include "model/text.hpp"
#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

#include <array>

namespace sonde::scanner {
namespace {

/// Of a product and of a version, in bytes.
constexpr std::size_t longest_word = 80;

/// What a target calls itself goes into tables and JSON: UTF-8, on one line, and not for ever.
std::string presentable(std::string_view word) {
  auto text = model::to_utf8(word.substr(0, longest_word));
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  }
  return std::string(model::cut_at(text, longest_word));
}

}  // namespace

recognition recognise(std::string_view said) {
  // SSH comes last: it alone is looked for behind the beginning.
  constexpr std::array modules = {
      recognise_http,  recognise_reply_code, recognise_mailbox, recognise_redis,
      recognise_mysql, recognise_vnc,        recognise_ssh,
  };
  for (const auto& module : modules) {
    auto known = module(said);
    if (!known) continue;
    known->service.product = presentable(known->service.product);
    known->service.version = presentable(known->service.version);
    return std::move(*known);
  }
  recognition unknown;
  unknown.raw = said;
  unknown.masked = mask_times(said);
  return unknown;
}

}  // namespace sonde::scanner
