#include "tls/extensions.hpp"

#include "base/hash.hpp"
#include "tls/der.hpp"
#include "tls/general_names.hpp"
#include "tls/oid.hpp"
#include "tls/wire_reader.hpp"

#include <array>
#include <iterator>
#include <utility>

namespace sonde::tls {
namespace {

constexpr named_oid key_purposes[] = {
    {"1.3.6.1.5.5.7.3.1", "serverAuth"},     {"1.3.6.1.5.5.7.3.2", "clientAuth"},
    {"1.3.6.1.5.5.7.3.3", "codeSigning"},    {"1.3.6.1.5.5.7.3.4", "emailProtection"},
    {"1.3.6.1.5.5.7.3.5", "ipsecEndSystem"}, {"1.3.6.1.5.5.7.3.6", "ipsecTunnel"},
    {"1.3.6.1.5.5.7.3.7", "ipsecUser"},      {"1.3.6.1.5.5.7.3.8", "timeStamping"},
    {"1.3.6.1.5.5.7.3.9", "OCSPSigning"},    {"1.3.6.1.5.5.7.3.17", "ipsecIKE"},
    {"2.5.29.37.0", "anyExtendedKeyUsage"},  {"1.3.6.1.4.1.311.10.3.3", "msSGC"},
    {"1.3.6.1.4.1.311.10.3.4", "msEFS"},     {"1.3.6.1.4.1.311.20.2.2", "msSmartcardLogin"},
    {"2.16.840.1.113730.4.1", "nsSGC"},
};

/// The key usages by bit (RFC 5280, section 4.2.1.3).
constexpr std::array<std::string_view, 9> key_usages = {
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly",
};

/// The CA/Browser Forum's reserved policies, the most demanding first.
constexpr named_oid validation_levels[] = {
    {"2.23.140.1.1", "EV"},
    {"2.23.140.1.2.2", "OV"},
    {"2.23.140.1.2.3", "IV"},
    {"2.23.140.1.2.1", "DV"},
};

/// Calls `take` with each element of the SEQUENCE in `value` while it returns true.
template <class Take>
bool each_of_sequence(std::string_view value, Take take) {
  auto sequence = der::only(value, der::sequence);
  if (!sequence) return false;
  der::reader elements(sequence->content);
  while (!elements.empty()) {
    auto element = elements.next();
    if (!element || !take(*element)) return false;
  }
  return true;
}

// Decoders, one per extension. Each gets the contents of the OCTET STRING. They return false for a
// malformed extension; values decoded before the fault are kept.

bool read_subject_key_id(std::string_view value, std::size_t /*most*/, certificate& out) {
  auto id = der::only(value, der::octet_string);
  if (id) out.subject_key_id = to_hex(id->content);
  return id.has_value();
}

bool read_authority_key_id(std::string_view value, std::size_t /*most*/, certificate& out) {
  return each_of_sequence(value, [&](const der::element& e) {
    if (e.tag == der::context(0)) out.authority_key_id = to_hex(e.content);
    return true;
  });
}

bool read_key_usage(std::string_view value, std::size_t /*most*/, certificate& out) {
  auto bits = der::only(value, der::bit_string);
  if (!bits || bits->content.empty()) return false;
  auto octets = bits->content.substr(1);
  for (std::size_t i = 0; i < key_usages.size() && i / 8 < octets.size(); ++i) {
    bool set = (static_cast<std::uint8_t>(octets[i / 8]) << i % 8 & 0x80) != 0;
    if (set) out.key_usage.emplace_back(key_usages[i]);
  }
  return true;
}

bool read_extended_key_usage(std::string_view value, std::size_t most, certificate& out) {
  return each_of_sequence(value, [&](const der::element& e) {
    if (e.tag != der::object_identifier) return false;
    add(out.extended_key_usage, name_or_oid(key_purposes, dotted(e.content)), most);
    return true;
  });
}

bool read_basic_constraints(std::string_view value, std::size_t /*most*/, certificate& out) {
  auto sequence = der::only(value, der::sequence);
  if (!sequence) return false;
  out.constraints.emplace();
  der::reader fields(sequence->content);
  if (auto ca = fields.next(der::boolean)) {
    if (ca->content.size() != 1) return false;
    out.constraints->ca = ca->content[0] != 0;
  }
  if (auto length = fields.next(der::integer)) {
    out.constraints->path_length = der::to_uint32(length->content);
    if (!out.constraints->path_length) return false;
  }
  return fields.empty();
}

bool read_alternative_names(std::string_view value, std::size_t most, certificate& out) {
  auto sequence = der::only(value, der::sequence);
  return sequence && read_general_names(sequence->content, most, out.names);
}

bool read_name_constraints(std::string_view value, std::size_t most, certificate& out) {
  return each_of_sequence(value, [&](const der::element& e) {
    if (e.tag == der::context_constructed(0)) {
      return read_subtrees(e.content, most, out.permitted_names);
    }
    return e.tag == der::context_constructed(1) &&
           read_subtrees(e.content, most, out.excluded_names);
  });
}

bool read_policies(std::string_view value, std::size_t most, certificate& out) {
  std::size_t best = std::size(validation_levels);
  bool sound = each_of_sequence(value, [&](const der::element& e) {
    auto oid = der::reader(e.content).next(der::object_identifier);
    if (e.tag != der::sequence || !oid) return false;
    auto policy = dotted(oid->content);
    for (std::size_t i = 0; i < best; ++i) {
      if (validation_levels[i].oid == policy) best = i;
    }
    add(out.policies, std::move(policy), most);
    return true;
  });
  if (best < std::size(validation_levels)) out.validation_level = validation_levels[best].name;
  return sound;
}

bool read_authority_access(std::string_view value, std::size_t most, certificate& out) {
  return each_of_sequence(value, [&](const der::element& e) {
    der::reader fields(e.content);
    auto method = fields.next(der::object_identifier);
    if (e.tag != der::sequence || !method) return false;
    general_names location;
    bool sound = read_general_names(fields.rest(), 1, location);
    if (location.uris.kept.empty()) return sound;
    auto oid = dotted(method->content);
    auto& uri = location.uris.kept.front();
    if (oid == "1.3.6.1.5.5.7.48.1") {
      add(out.ocsp_urls, std::move(uri), most);
    } else if (oid == "1.3.6.1.5.5.7.48.2") {
      add(out.issuer_urls, std::move(uri), most);
    }
    return sound;
  });
}

bool read_crl_points(std::string_view value, std::size_t most, certificate& out) {
  return each_of_sequence(value, [&](const der::element& e) {
    auto point = der::reader(e.content).next(der::context_constructed(0));
    if (e.tag != der::sequence) return false;
    if (!point) return true;
    auto full_name = der::reader(point->content).next(der::context_constructed(0));
    if (!full_name) return true;
    general_names location;
    bool sound = read_general_names(full_name->content, most, location);
    for (auto& uri : location.uris.kept)
      add(out.crl_urls, std::move(uri), most);
    return sound;
  });
}

bool read_tls_feature(std::string_view value, std::size_t /*most*/, certificate& out) {
  constexpr std::uint32_t status_request = 5;  // RFC 6066, section 8
  return each_of_sequence(value, [&](const der::element& e) {
    if (e.tag != der::integer) return false;
    if (der::to_uint32(e.content) == status_request) out.must_staple = true;
    return true;
  });
}

bool read_scts(std::string_view value, std::size_t most, certificate& out) {
  constexpr std::size_t log_id_bytes = 32;  // RFC 6962, section 3.2, after one version byte
  auto octets = der::only(value, der::octet_string);
  if (!octets) return false;
  auto list = wire_reader(octets->content).take_vector(2);
  if (!list) return false;
  wire_reader entries(*list);
  while (!entries.empty()) {
    auto sct = entries.take_vector(2);
    if (!sct || sct->size() < 1 + log_id_bytes) return false;
    add(out.sct_logs, to_base64(sct->substr(1, log_id_bytes)), most);
  }
  return true;
}

struct extension_decoder {
  std::string_view oid;
  std::string_view what;
  bool (*read)(std::string_view value, std::size_t most, certificate& out);
};

constexpr extension_decoder decoders[] = {
    {"2.5.29.14", "subject key identifier", read_subject_key_id},
    {"2.5.29.15", "key usage", read_key_usage},
    {"2.5.29.17", "subject alternative name", read_alternative_names},
    {"2.5.29.19", "basic constraints", read_basic_constraints},
    {"2.5.29.30", "name constraints", read_name_constraints},
    {"2.5.29.31", "CRL distribution points", read_crl_points},
    {"2.5.29.32", "certificate policies", read_policies},
    {"2.5.29.35", "authority key identifier", read_authority_key_id},
    {"2.5.29.37", "extended key usage", read_extended_key_usage},
    {"1.3.6.1.5.5.7.1.1", "authority information access", read_authority_access},
    {"1.3.6.1.5.5.7.1.24", "TLS feature", read_tls_feature},
    {"1.3.6.1.4.1.11129.2.4.2", "signed certificate timestamps", read_scts},
};

struct extension {
  std::string oid;
  bool critical = false;
  bool critical_said_needlessly = false;  ///< DER omits default values
  std::string_view value;
};

std::optional<extension> read_extension(std::string_view content) {
  extension out;
  der::reader fields(content);
  auto oid = fields.next(der::object_identifier);
  auto critical = fields.next(der::boolean);
  auto value = fields.next(der::octet_string);
  if (!oid || !value || !fields.empty()) return std::nullopt;
  out.oid = dotted(oid->content);
  if (critical) {
    out.critical = critical->content != std::string_view("\0", 1);
    out.critical_said_needlessly = !out.critical;
  }
  out.value = value->content;
  return out;
}

}  // namespace

void read_extensions(std::string_view content, const certificate_limits& limits, certificate& out) {
  auto complain = [&](std::string what) { add(out.problems, std::move(what), limits.names); };
  std::array<bool, std::size(decoders)> seen{};
  der::reader list(content);
  while (!list.empty()) {
    auto element = list.next(der::sequence);
    if (!element) return complain("the list of extensions cannot be decoded");
    auto found = read_extension(element->content);
    if (!found) {
      complain("an extension cannot be decoded");
      continue;
    }
    if (found->critical_said_needlessly) out.flags.non_dce_der = true;
    std::size_t i = 0;
    while (i < std::size(decoders) && decoders[i].oid != found->oid)
      ++i;
    if (i == std::size(decoders)) {
      if (found->critical) add(out.other_critical_extensions, found->oid, limits.names);
      add(out.other_extensions, std::move(found->oid), limits.names);
    } else if (seen[i]) {
      complain("there is a second " + std::string(decoders[i].what));
    } else if (!decoders[i].read(found->value, limits.names, out)) {
      complain("the " + std::string(decoders[i].what) + " cannot be decoded");
    }
    if (i < seen.size()) seen[i] = true;
  }
}

}  // namespace sonde::tls
