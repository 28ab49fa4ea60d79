#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

namespace sonde::scanner {

std::optional<recognition> recognise_ssh(std::string_view said) {
  // A server may send other lines before its identification.
  std::size_t begin = 0;
  if (!said.starts_with("SSH-")) {
    begin = said.find("\nSSH-");
    if (begin == std::string_view::npos) return std::nullopt;
    ++begin;
  }
  auto identification = line_of(said.substr(begin));
  auto software_at = identification.find('-', 4);
  if (software_at == std::string_view::npos) return std::nullopt;
  recognition out;
  out.service.name = "ssh";
  auto software = identification.substr(software_at + 1);
  auto word = software.substr(0, software.find(' '));
  auto known = split_version(word, '_');
  if (known.version.empty()) known = split_version(word, '-');
  out.service.product = known.product;
  out.service.version = known.version;
  // What follows is the key exchange, with a random cookie.
  out.complete = said.find('\n', begin) != std::string_view::npos;
  out.raw = identification;
  out.masked = identification;
  return out;
}

}  // namespace sonde::scanner
