#include "tests/model/hostile_values.hpp"

#include "base/hash.hpp"
#include "base/record_size.hpp"
#include "model/net/port_set.hpp"
#include "model/scan/number_list.hpp"
#include "model/webhook/webhook_keys.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sonde::test {
namespace {

using namespace model;  // NOLINT: half of the names in this file are from that namespace

constexpr std::uint32_t most_ports = 65'535;

}  // namespace

wall_time some_time(int second) {
  return wall_time(std::chrono::seconds(1'767'323'045 + second));
}

/// SplitMix64 (public domain).
std::uint64_t hostile_values::up_to(std::uint64_t most) {
  state_ += 0x9E3779B97F4A7C15ULL;
  auto z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  z ^= z >> 31U;
  return most == 0 ? 0 : z % (most + 1);
}

std::string hostile_values::text(std::size_t most) {
  static constexpr std::array<std::string_view, 10> pieces = {
      "\"", "\\", "\x01", "\n", "😀", "é", "\xff", "\xed\xa0\x80", "plain", "\x7f"};
  auto bytes = up_to(1) == 0 ? most : up_to(most);
  auto only = pieces.at(up_to(pieces.size() - 1));
  bool mixed = up_to(1) == 0;
  std::string out;
  while (out.size() < bytes)
    out += mixed ? pieces.at(up_to(pieces.size() - 1)) : only;
  out.resize(std::min(out.size(), bytes));
  return out;
}

std::string hostile_values::name(std::size_t bytes) {
  static constexpr std::string_view characters = "\"\\abcdefghijklmnopqrstuvwxyz";
  std::string out;
  while (out.size() < bytes)
    out += up_to(1) == 0 ? '"' : characters.at(up_to(characters.size() - 1));
  return out;
}

std::vector<std::uint16_t> hostile_values::numbers() {
  std::vector<std::uint16_t> out;
  auto every = 1 + up_to(6);
  for (std::uint32_t number = 1; number <= most_ports; ++number) {
    if (up_to(every) == 0) out.push_back(static_cast<std::uint16_t>(number));
  }
  return out;
}

scan_request hostile_values::request() {
  scan_request out;
  out.target = target::parse("203.0.113." + std::to_string(1 + up_to(200))).value();
  // As many ports as a scan may list, under the smallest limit of a record.
  std::vector<std::uint16_t> ports;
  for (std::uint32_t port = 10'001; ports.size() < 1'300; port += 2)
    ports.push_back(static_cast<std::uint16_t>(port));
  out.profile = up_to(1) == 0 ? "full" : port_set::of(ports).text();
  if (out.profile == "full") out.ports = port_set::of(ports).text();
  for (std::uint64_t i = 0; i <= up_to(20); ++i)
    out.visibility.push_back(name(100));
  out.visibility = normal_groups(std::move(out.visibility));
  out.key = key_of(out.target, out.profile, out.visibility);
  out.generation = 1 + up_to(1'000'000);
  out.requested = some_time(0);
  out.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  return out;
}

/// Returns a webhook as ingest makes it from the longest URL and twenty headers full of quotes.
webhook hostile_values::largest_webhook() {
  static const auto keys = webhook_keys::parse(
                               "whenc_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"
                               "whsig_enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmF6eXh3dnU=\n")
                               .value();
  webhook_order order;
  order.url =
      "https://" + std::string(60, 'a') + ".example.com/" + std::to_string(up_to(1U << 30U));
  order.url += std::string(2'048 - order.url.size(), 'x');
  for (int i = 0; i < 20; ++i)
    order.headers.emplace_back("x-" + std::to_string(i), std::string(195, '"'));
  order.secret = "whsec_" + to_base64(std::string(64, 's'));
  order.owner = name(200);
  return keys.encrypt(order);
}

sweep_cursor hostile_values::worst_cursor() {
  sweep_cursor out;
  out.index = most_ports - static_cast<std::uint32_t>(up_to(1'000));
  auto silent = numbers();
  std::erase_if(silent, [&](std::uint16_t place) { return place > out.index; });
  out.silent = number_list(std::move(silent));
  out.open = number_list(numbers());
  out.answered = up_to(1) == 0;
  return out;
}

task_generation hostile_values::generation(const target_key& key, std::uint64_t number) {
  task_generation out;
  out.number = number;
  out.id = task_id_of(key, number);
  out.state = task_state::done;
  out.requested = some_time(0);
  out.started = some_time(1);
  out.ended = some_time(2);
  out.outcome = outcome{outcome_kind::partial, text(200'000)};
  return out;
}

endpoint_result hostile_values::row() {
  endpoint_result out;
  out.endpoint = "[2001:db8::1]:" + std::to_string(up_to(most_ports)) + "/tcp";
  out.service = entity_id_of("service", out.endpoint);
  out.name = text(40);
  out.product = text(up_to(20) == 0 ? 16'384 : 100);
  out.version = text(100);
  out.tls = up_to(1) == 0;
  out.banner = text(200);
  out.certificate = std::string(64, 'c');
  out.subject = text(200);
  out.not_after = "2027-01-01T00:00:00.000Z";
  for (std::uint64_t i = 0; i < up_to(13); ++i) {
    auto number = [this] { return static_cast<std::uint32_t>(up_to(0xFFFF'FFFF)); };
    out.requests.push_back({"elasticsearch", "answered", number(), number(), number()});
  }
  return out;
}

scan_task hostile_values::small_task() {
  auto asked = request();
  scan_task out;
  out.key = asked.key;
  out.target = asked.target;
  out.profile = asked.profile;
  out.ports = asked.ports;
  out.visibility = asked.visibility;
  out.version = {12, 34};
  out.folded = 56;
  out.current = generation(out.key, 17);
  out.current.outcome = outcome{outcome_kind::complete, "every port has a verdict"};
  return out;
}

scan_task hostile_values::task() {
  auto out = small_task();
  out.traceparent = text(300);
  out.current = generation(out.key, 1'000'000);
  for (std::uint64_t i = 1; i <= 16; ++i)
    out.history.push_back(generation(out.key, 1'000'000 - i));
  bool running = up_to(1) == 0;
  if (running) {
    out.current.state = task_state::running;
    out.current.ended.reset();
    out.current.outcome.reset();
    out.cancelled_by = text(1'000);
    for (std::uint64_t i = 0; i <= up_to(20); ++i)
      out.cursors["2001:db8::" + std::to_string(i)] = worst_cursor();
    auto next = request();
    next.target = out.target;
    next.profile = out.profile;
    next.visibility = out.visibility;
    next.key = out.key;
    next.generation = 1'000'001;
    out.next = std::move(next);
  }
  for (std::uint64_t i = 0; i < up_to(5'000); ++i)
    out.results.push_back(row());
  out.results_total = static_cast<std::uint32_t>(out.results.size() + up_to(60'000));
  for (std::uint64_t i = 0; i < up_to(most_past_endpoints); ++i) {
    auto past = row();
    out.past.push_back({past.endpoint, past.service, some_time(3), up_to(1) == 0});
  }
  for (std::int32_t i = 0; i < 64; ++i) {
    out.produced.push_back({"entities", i, 1LL << 60U});
    out.produced.push_back({"associations", i, 1LL << 60U});
  }
  // More than folding accepts.
  for (std::uint64_t i = 0; up_to(9) == 0 && i < 100; ++i)
    out.pending.push_back({i, task_id_of(out.key, i), largest_webhook()});
  return out;
}

record hostile_values::record_near(std::size_t bytes) {
  record out{"scan.requests", name(64), {}, {{"ce_id", name(40)}, {"ce_type", "sonde.x.v1"}}};
  auto kind = up_to(5);
  if (kind == 0) out.key = name(bytes / 2);
  if (kind == 1) out.headers.emplace_back("x-large", name(bytes / 2));
  if (kind == 2) {
    for (int i = 0; i < 2'000; ++i)
      out.headers.emplace_back("x-" + std::to_string(i), name(10));
  }
  auto frame = size_of(out);
  auto room = bytes - std::min(bytes, frame);
  out.value = text(room - std::min<std::size_t>(room, up_to(300)));
  return out;
}

json hostile_values::attributes(const std::string& main_name) {
  json out = {{main_name, text(500)}};
  for (std::uint64_t i = 0; i < up_to(200); ++i) {
    auto field = "field-" + std::to_string(i);
    auto kind = up_to(3);
    if (kind == 0) out[field] = text(up_to(5) == 0 ? 400'000 : 200);
    if (kind == 1) out[field] = up_to(1'000'000);
    for (std::uint64_t j = 0; kind == 2 && j < up_to(500); ++j)
      out[field].push_back(text(60));
    if (kind == 3) out[field] = true;
  }
  return out;
}

credential hostile_values::key() {
  key_order order;
  order.name = name(200);
  order.user_id = name(200);
  order.user_name = name(200);
  order.roles = {roles::admin, roles::metrics, roles::reporter, roles::trusted, roles::user};
  for (int i = 0; i < 64; ++i)
    order.groups.push_back(name(200));
  order.days = 100;
  REQUIRE(check_order(order, 1'000));
  return make_key(std::move(order), {}, some_time(0)).what;
}

progress_event hostile_values::progress() {
  auto asked = request();
  return {asked.key, asked.id(), {~0U, ~0U, ~0U}, some_time(1)};
}

cached_response hostile_values::answer(std::size_t body_bytes) {
  cached_response out;
  out.id = std::string(64, 'a');
  out.request = std::string(64, 'b');
  out.by = name(128);
  out.status = 200;
  out.content_type = "application/json";
  out.body = std::string(body_bytes, '"');
  out.time = some_time(1);
  return out;
}

void check_coarser(const sweep_cursor& coarse, const sweep_cursor& fine) {
  CHECK(coarse.index <= fine.index);
  CHECK(coarse.answered == fine.answered);
  auto kept = parse_number_list(coarse.silent);
  auto silent = parse_number_list(fine.silent);
  auto open = parse_number_list(coarse.open);
  REQUIRE(kept);
  REQUIRE(silent);
  REQUIRE(open);
  // Every silent port before the index is still known; the rest is probed again.
  std::erase_if(*silent, [&](std::uint16_t place) { return place > coarse.index; });
  CHECK(*kept == *silent);
  if (coarse.index > 0) CHECK(*open == parse_number_list(fine.open).value());
}

}  // namespace sonde::test
