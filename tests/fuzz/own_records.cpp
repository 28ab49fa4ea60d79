// Any bytes at all, taken for the value of a record of each topic. What is read is written and read
// again as itself: a record on a topic may be years old, damaged, or somebody else's.

#include "model/comment.hpp"
#include "model/dead_letter.hpp"
#include "model/entity.hpp"
#include "model/events.hpp"
#include "model/kept_answer.hpp"
#include "model/scan_request.hpp"
#include "model/scan_task.hpp"
#include "model/webhook_delivery.hpp"
#include "tests/fuzz/checks.hpp"

using namespace sonde;
using fuzz::require;

namespace {

template <class Parse>
void check(std::string_view text, Parse parse) {
  auto read = parse(text);
  if (!read) {
    require(!read.error().message().empty());
    return;
  }
  auto written = to_json_text(*read);
  auto again = parse(written);
  require(again && to_json_text(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  check(text, model::parse_scan_request);
  check(text, model::parse_scan_task);
  check(text, model::parse_entity);
  check(text, model::parse_association);
  check(text, model::parse_comment);
  check(text, model::parse_credential);
  check(text, model::parse_key_use);
  check(text, model::parse_kept_answer);
  check(text, model::parse_webhook_message);
  check(text, model::parse_webhook_delivery);
  (void)model::parse_progress_event(text);
  record one{"work.dlq", "key", std::string(text), {}};
  (void)model::parse_redrive_receipt(one);
  for (const char* name : {"topic", "partition", "offset", "attempts"})
    one.headers.emplace_back(std::string("sonde_dead_") + name, std::string(text));
  (void)model::parse_dead_letter(one);
  if (auto time = from_rfc3339(text)) require(to_rfc3339(*time) == text);
  return 0;
}
