#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

#include <array>

namespace sonde::scanner::modules {
namespace {

// MS-TDS, sections 2.2.3.1 (header) and 2.2.6.5 (PRELOGIN). Integers are big-endian.
constexpr std::uint16_t mssql_ports[] = {1433, 1434, 2433};
constexpr std::size_t mssql_header = 8;
constexpr std::uint16_t mssql_most = 4096;
constexpr std::uint16_t mssql_response = 0x0401;  // type, and the last packet of the message
constexpr std::uint8_t mssql_version = 0;
constexpr std::uint8_t mssql_encryption = 1;
constexpr std::uint8_t mssql_end = 0xFF;
constexpr std::uint8_t mssql_on = 1;
constexpr std::uint8_t mssql_unsupported = 2;
constexpr std::array<std::string_view, 4> mssql_encryptions = {"off", "on", "not-supported",
                                                               "required"};

/// `encryption` is an index of `mssql_encryptions`.
std::string mssql_request(std::uint8_t encryption) {
  constexpr std::array<std::uint16_t, 5> sizes = {6, 1, 1, 4, 1};
  byte_writer options;
  auto offset = static_cast<std::uint16_t>(5 * sizes.size() + 1);
  for (std::size_t token = 0; token < sizes.size(); ++token) {
    options.u8(static_cast<std::uint8_t>(token)).be16(offset).be16(sizes[token]);
    offset = static_cast<std::uint16_t>(offset + sizes[token]);
  }
  options.u8(mssql_end);
  // Version 0; no instance; no thread; one result set at a time.
  options.zeros(6).u8(encryption).u8(0).be32(0).u8(0);
  auto size = static_cast<std::uint16_t>(mssql_header + options.size());
  return byte_writer().be16(0x1201).be16(size).be16(0).be16(0x0100).text(options.take()).take();
}

/// The value of an option; empty: it is missing.
std::string_view mssql_option(std::string_view body, std::uint8_t wanted) {
  byte_reader read(body);
  while (read.ok()) {
    auto token = read.u8();
    if (token == mssql_end) break;
    std::size_t offset = read.be16();
    std::size_t size = read.be16();
    if (!read.ok() || token != wanted) continue;
    if (offset > body.size() || size > body.size() - offset) break;
    return body.substr(offset, size);
  }
  return {};
}

talk_step read_mssql(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto start = read.be16();
  if (read.ok() && start != mssql_response) return talk_step::not_ours();
  auto size = read.be16();
  bool sized = size > mssql_header && size <= mssql_most;
  if (read.ok() && !sized) return talk_step::not_ours();
  read.be32();  // process, packet number, window
  // The version comes first (section 2.2.6.5).
  auto first = read.u8();
  if (read.ok() && first != mssql_version) return talk_step::not_ours();
  if (!read.ok() || response.size() < size) return talk_step::incomplete();
  auto body = response.substr(mssql_header, size - mssql_header);
  byte_reader version(mssql_option(body, mssql_version));
  auto major = version.u8();
  auto minor = version.u8();
  auto build = version.be16();
  version.be16();
  auto encryption = mssql_option(body, mssql_encryption);
  bool plain = encryption.size() == 1 &&
               static_cast<unsigned char>(encryption[0]) < mssql_encryptions.size();
  if (!version.ok() || version.left() > 0 || !plain) return talk_step::not_ours();
  auto number = fmt::format("{}.{}.{}", major, minor, build);
  auto known = proven_service("mssql");
  // Azure SQL and Babelfish report this version, which is an old SQL Server's.
  if (number == "12.0.2000") {
    known.service.facts.push_back({"server-version", number});
  } else {
    known.service.product = "Microsoft SQL Server";
    known.service.version = number;
  }
  auto said = mssql_encryptions[static_cast<unsigned char>(encryption[0])];
  known.service.facts.push_back({"encryption", std::string(said)});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_mssql(const talk_context& context) {
  return std::make_unique<one_exchange>(mssql_request(mssql_unsupported), read_mssql, context);
}

/// A server that answers `on` or `required` expects a ClientHello (section 3.2.5.2).
talk_step read_mssql_tls(std::string_view response, const talk_context& context) {
  auto step = read_mssql(response, context);
  if (step.what != talk_step::kind::known) return step;
  const auto& said = step.known.service.facts.back().value;
  auto out = talk_step::is({});
  out.start_tls = said == "on" || said == "required";
  return out;
}

std::unique_ptr<protocol_talk> upgrade_mssql(const talk_context& context) {
  return std::make_unique<one_exchange>(mssql_request(mssql_on), read_mssql_tls, context);
}

}  // namespace

constinit const protocol_module mssql_module{.name = "mssql",
                                             .hinted_ports = mssql_ports,
                                             .talk = talk_mssql,
                                             .upgrade = upgrade_mssql,
                                             .carrier = tls_carrier::tds_packets};

}  // namespace sonde::scanner::modules
