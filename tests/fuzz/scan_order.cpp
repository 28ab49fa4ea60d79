// Parses any bytes as the body of a scan request.

#include "ingest/scans/order_rules.hpp"
#include "model/text/json.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

constexpr std::uint32_t depth = 32;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ingest::order_rules rules{
      model::profile_book(), std::make_shared<model::address_scope>(), {}, {}};
  auto text = fuzz::text_of(data, size);
  auto body = model::parse_json(text, depth);
  if (!body) {
    require(!body.error().message().empty() && body.error().message().size() < 2'000);
    return 0;
  }
  auto written = model::to_text(*body);
  auto again = model::parse_json(written, depth);
  require(again && model::to_text(*again) == written);
  auto order = rules.parse(*body, "ada");
  if (!order) {
    require(!order.error().message().empty() && order.error().message().size() < 4'000);
    return 0;
  }
  require(!order->target.text().empty() && !order->profile.empty());
  require(order->max_age.count() >= 0 && order->priority >= -9 && order->priority <= 9);
  return 0;
}
