#include "tls/general_names.hpp"

#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "tls/der.hpp"
#include "tls/names.hpp"
#include "tls/oid.hpp"
#include "tls/text.hpp"

#include <arpa/inet.h>
#include <array>
#include <bit>

namespace sonde::tls {
namespace {

enum class name_kind { dns, address, email, uri, other };

struct general_name {
  name_kind kind = name_kind::other;
  std::string text;
};

/// The form of an iPAddress: an address, or an address with its mask as in name constraints.
enum class address_form { plain, with_mask };

/// Returns `/24`, or the mask itself if its one bits are not contiguous.
std::string mask_text(std::string_view mask) {
  std::size_t ones = 0;
  bool gap = false;
  bool together = true;
  for (char byte : mask) {
    auto bits = static_cast<std::uint8_t>(byte);
    auto leading = std::countl_one(bits);
    together = together && std::popcount(bits) == leading && (!gap || bits == 0);
    gap = gap || leading < 8;
    ones += static_cast<std::size_t>(leading);
  }
  return "/" + (together ? std::to_string(ones) : address_text(mask).value_or("?"));
}

std::optional<std::string> network_text(std::string_view bytes) {
  auto half = bytes.size() / 2;
  auto address = bytes.size() % 2 == 0 ? address_text(bytes.substr(0, half)) : std::nullopt;
  if (!address) return std::nullopt;
  return *address + mask_text(bytes.substr(half));
}

/// Formats an otherName: its type, and its value as text, or in hexadecimal if it is not text.
std::optional<std::string> other_name_text(std::string_view content) {
  der::reader fields(content);
  auto type = fields.next(der::object_identifier);
  auto wrapped = fields.next(der::context_constructed(0));
  if (!type || !wrapped || !fields.empty()) return std::nullopt;
  der::reader inside(wrapped->content);
  auto value = inside.next();
  if (!value) return std::nullopt;
  auto text = decode_string(value->tag, value->content);
  return "otherName:" + dotted(type->content) + "=" +
         (text ? visible(*text) : "#" + to_hex(value->whole));
}

std::optional<std::string> directory_name_text(std::string_view content) {
  auto sequence = der::only(content, der::sequence);
  distinguished_name name;
  if (!sequence || !read_name(sequence->content, 0, name)) return std::nullopt;
  return "dirName:" + name.text;
}

std::optional<general_name> read_general_name(const der::element& e, address_form form) {
  auto of = [](name_kind kind, std::optional<std::string> text) -> std::optional<general_name> {
    if (!text) return std::nullopt;
    return general_name{kind, std::move(*text)};
  };
  auto ia5 = [&] { return visible(to_utf8(e.content)); };
  switch (e.tag) {
    case der::context_constructed(0): return of(name_kind::other, other_name_text(e.content));
    case der::context(1): return of(name_kind::email, ia5());
    case der::context(2): return of(name_kind::dns, ia5());
    case der::context_constructed(3):
      return of(name_kind::other, "x400Address:#" + to_hex(e.content));
    case der::context_constructed(4): return of(name_kind::other, directory_name_text(e.content));
    case der::context_constructed(5):
      return of(name_kind::other, "ediPartyName:#" + to_hex(e.content));
    case der::context(6): return of(name_kind::uri, ia5());
    case der::context(7):
      return of(name_kind::address,
                form == address_form::plain ? address_text(e.content) : network_text(e.content));
    case der::context(8): return of(name_kind::other, "rid:" + dotted(e.content));
    default: return std::nullopt;
  }
}

std::string_view prefix_of(name_kind kind) {
  switch (kind) {
    case name_kind::dns: return "dns:";
    case name_kind::address: return "ip:";
    case name_kind::email: return "email:";
    case name_kind::uri: return "uri:";
    case name_kind::other: return "";
  }
  return "";
}

text_list& list_of(general_names& names, name_kind kind) {
  switch (kind) {
    case name_kind::dns: return names.dns;
    case name_kind::address: return names.addresses;
    case name_kind::email: return names.emails;
    case name_kind::uri: return names.uris;
    case name_kind::other: return names.others;
  }
  return names.others;
}

}  // namespace

std::optional<std::string> address_text(std::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text;
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

bool read_general_names(std::string_view content, std::size_t most, general_names& out) {
  bool sound = true;
  der::reader elements(content);
  while (!elements.empty()) {
    auto element = elements.next();
    if (!element) return false;
    auto name = read_general_name(*element, address_form::plain);
    if (name) add(list_of(out, name->kind), std::move(name->text), most);
    sound = sound && name.has_value();
  }
  return sound;
}

bool read_subtrees(std::string_view content, std::size_t most, text_list& out) {
  bool sound = true;
  der::reader subtrees(content);
  while (!subtrees.empty()) {
    auto subtree = subtrees.next(der::sequence);
    if (!subtree) return false;
    der::reader fields(subtree->content);
    auto base = fields.next();
    auto name = base ? read_general_name(*base, address_form::with_mask) : std::nullopt;
    if (name) add(out, std::string(prefix_of(name->kind)) + name->text, most);
    sound = sound && name.has_value();
  }
  return sound;
}

}  // namespace sonde::tls
