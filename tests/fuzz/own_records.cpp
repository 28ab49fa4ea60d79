// Parses any bytes as the value of a record of each topic. An accepted value can be written and
// read back unchanged. A record on a topic may be years old, damaged, or written by another
// program.

#include "base/record_size.hpp"
#include "model/cached_response.hpp"
#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "model/facts/comment.hpp"
#include "model/facts/entity.hpp"
#include "model/scan/number_list.hpp"
#include "model/scan/refused_request.hpp"
#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"
#include "model/scan/task_fitting.hpp"
#include "model/scan/task_fold.hpp"
#include "model/webhook/webhook_delivery.hpp"
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

/// For any snapshot, the trimmed snapshot fits a record and can be read. Keys and ids, which are
/// never trimmed, are shorter than this.
void check_fitted(std::string_view text) {
  constexpr std::size_t longest = 8'192;
  auto task = model::parse_scan_task(text);
  if (!task || text.size() > longest) return;
  auto one = to_record(model::fitted(*task, model::least_record_bytes), wall_time{});
  require(size_of(one) <= model::least_record_bytes);
  require(bool(model::parse_scan_task(one.value)));
}

void check_numbers(std::string_view text) {
  auto numbers = model::parse_number_list(text);
  if (!numbers) return;
  auto written = model::number_list(*numbers);
  require(written.size() <= model::longest_number_list);
  require(model::parse_number_list(written) == numbers);
}

void check_refused(std::string_view text) {
  record one{"scan.requests", std::string(64, 'a'), std::string(text), {}};
  auto refused = model::read_refused_request(one, "why", 0, wall_time{});
  if (!refused) return;
  auto task = model::fold(std::nullopt, *refused, 0, 16);
  require(bool(model::parse_scan_task(to_json_text(task))));
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
  check(text, model::parse_cached_response);
  check(text, model::parse_audit_entry);
  check(text, model::parse_webhook_message);
  check(text, model::parse_webhook_delivery);
  check_fitted(text);
  check_numbers(text);
  check_refused(text);
  (void)model::parse_progress_event(text);
  record one{"work.dlq", "key", std::string(text), {}};
  (void)model::parse_redrive_receipt(one);
  for (const char* name : {"topic", "partition", "offset", "attempts"})
    one.headers.emplace_back(std::string("sonde_dead_") + name, std::string(text));
  (void)model::parse_dead_letter(one);
  if (auto time = from_rfc3339(text)) require(to_rfc3339(*time) == text);
  return 0;
}
