#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

#include <array>

namespace sonde::scanner::modules {
namespace {

// RFC 5531, sections 9 (messages) and 11 (record marks); RFC 1833, section 3 (port mapper); RFC
// 1813 (NFS). Integers are big-endian.
constexpr std::uint16_t rpcbind_ports[] = {111};
constexpr std::uint16_t nfs_ports[] = {2049};
constexpr std::uint32_t rpcbind_program = 100000;
constexpr std::uint32_t nfs_program = 100003;
constexpr std::uint32_t rpcbind_dump = 4;  // procedure of version 2
constexpr std::uint32_t rpcbind_last_fragment = 0x80000000;
constexpr std::uint32_t rpcbind_most = 64 * 1024;
constexpr std::uint64_t rpcbind_accepted = 0x100000000;  // a reply (1), accepted (0)
constexpr std::uint32_t rpcbind_success = 0;
constexpr std::uint32_t rpcbind_version_mismatch = 2;
constexpr std::size_t rpcbind_most_programs = 24;

struct rpcbind_name {
  std::uint32_t program;
  std::string_view name;
};
constexpr std::array<rpcbind_name, 7> rpcbind_names = {{
    {100000, "rpcbind"},
    {100003, "nfs"},
    {100004, "ypserv"},
    {100005, "mountd"},
    {100021, "nlockmgr"},
    {100024, "status"},
    {100227, "nfs_acl"},
}};

/// A call without credentials and without arguments.
std::string rpcbind_call(std::uint32_t id, std::uint32_t program, std::uint32_t version,
                         std::uint32_t procedure) {
  byte_writer call;
  call.be32(id).be32(0).be32(2).be32(program).be32(version).be32(procedure).be64(0).be64(0);
  auto mark = static_cast<std::uint32_t>(call.size()) | rpcbind_last_fragment;
  return byte_writer().be32(mark).text(call.take()).take();
}

/// An accepted reply in one fragment, if it is whole.
struct rpcbind_reply {
  talk_step::kind what = talk_step::kind::foreign;  ///< `more`, `foreign`, or `known`
  std::uint32_t status = 0;
  std::string_view results;
};

rpcbind_reply read_rpcbind_reply(std::string_view response, std::uint32_t id) {
  byte_reader read(response);
  auto mark = read.be32();
  auto size = mark & ~rpcbind_last_fragment;
  bool sized = size != mark && size >= 24 && size <= rpcbind_most;
  if (read.ok() && !sized) return {};
  auto answers = read.be32();
  if (read.ok() && answers != id) return {};
  auto kind = read.be64();
  auto verifier = read.be64();
  auto status = read.be32();
  bool accepted = kind == rpcbind_accepted && verifier == 0 && status <= 5;
  if (read.ok() && !accepted) return {};
  if (!read.ok() || response.size() < 4U + size) return {talk_step::kind::more, 0, {}};
  return {talk_step::kind::known, status, response.substr(28, size - 24)};
}

/// Reads the reply to a call of version 0. A server that has the program refuses this version and
/// names those that it has; a few answer to every version.
bool read_rpcbind_versions(const rpcbind_reply& reply, model::service_observation& service) {
  if (reply.status == rpcbind_success) return reply.results.empty();
  byte_reader read(reply.results);
  auto low = read.be32();
  auto high = read.be32();
  bool plausible = read.ok() && read.left() == 0 && low <= high && high < 100;
  if (reply.status != rpcbind_version_mismatch || !plausible) return false;
  auto versions = std::to_string(low);
  if (low != high) versions += "-" + std::to_string(high);
  service.facts.push_back({"protocol-version", versions});
  return true;
}

std::string rpcbind_program_name(std::uint32_t program) {
  for (const auto& each : rpcbind_names) {
    if (each.program == program) return std::string(each.name);
  }
  return std::to_string(program);
}

/// The programs of a dump, `nfs 4 tcp 2049`.
void note_rpcbind_programs(std::string_view results, model::service_observation& service) {
  byte_reader read(results);
  for (std::size_t i = 0; i < rpcbind_most_programs && read.be32() == 1; ++i) {
    auto program = read.be32();
    auto version = read.be32();
    auto protocol = read.be32();
    auto port = read.be32();
    bool known_protocol = protocol == 6 || protocol == 17;
    if (!read.ok() || !known_protocol || port > 0xFFFF) return;
    auto text = fmt::format("{} {} {} {}", rpcbind_program_name(program), version,
                            protocol == 6 ? "tcp" : "udp", port);
    service.facts.push_back({"program", text});
  }
}

class rpcbind_talk final : public protocol_talk {
 public:
  explicit rpcbind_talk(std::uint32_t nonce) : id_(nonce) {}

  [[nodiscard]] std::string begin() override { return rpcbind_call(id_, rpcbind_program, 0, 0); }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto reply = read_rpcbind_reply(response, id_);
    if (reply.what == talk_step::kind::more) return talk_step::incomplete();
    if (reply.what == talk_step::kind::foreign) return ended(response);
    if (proven_) {
      if (reply.status == rpcbind_success) note_rpcbind_programs(reply.results, known_.service);
      return talk_step::is(known_);
    }
    known_ = proven_service("rpcbind");
    proven_ = read_rpcbind_versions(reply, known_.service);
    if (!proven_) return talk_step::not_ours();
    ++id_;
    return talk_step::send(rpcbind_call(id_, rpcbind_program, 2, rpcbind_dump));
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return proven_ ? talk_step::is(known_) : talk_step::not_ours();
  }

 private:
  std::uint32_t id_;
  bool proven_ = false;
  recognition known_;
};

std::unique_ptr<protocol_talk> talk_rpcbind(const talk_context& context) {
  return std::make_unique<rpcbind_talk>(context.nonce);
}

talk_step read_nfs(std::string_view response, const talk_context& context) {
  auto reply = read_rpcbind_reply(response, context.nonce);
  if (reply.what == talk_step::kind::more) return talk_step::incomplete();
  if (reply.what == talk_step::kind::foreign) return talk_step::not_ours();
  auto known = proven_service("nfs");
  if (!read_rpcbind_versions(reply, known.service)) return talk_step::not_ours();
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_nfs(const talk_context& context) {
  return std::make_unique<one_exchange>(rpcbind_call(context.nonce, nfs_program, 0, 0), read_nfs,
                                        context);
}

}  // namespace

constinit const protocol_module rpcbind_module{
    .name = "rpcbind", .hinted_ports = rpcbind_ports, .talk = talk_rpcbind};

/// NFS is another program of the same calls.
constinit const protocol_module nfs_module{
    .name = "nfs", .hinted_ports = nfs_ports, .talk = talk_nfs};

}  // namespace sonde::scanner::modules
