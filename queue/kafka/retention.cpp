#include "queue/kafka/retention.hpp"

#include "queue/kafka/translate.hpp"

#include <algorithm>

namespace sonde::queue::kafka {
namespace {

constexpr const char* cannot_delete = "old records cannot be deleted";

/// Returns the offsets for these places, whose `offset` fields hold timestamps or edges.
result<partitions_ptr> look_up(rd_kafka_t* ask, const std::vector<position>& places,
                               const topic_names& names, int timeout_ms) {
  auto list = to_list(places, names);
  auto code = rd_kafka_offsets_for_times(ask, list.get(), timeout_ms);
  for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    code = list->elems[i].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, cannot_delete);
  return list;
}

result<> delete_before(rd_kafka_t* ask, const rd_kafka_topic_partition_list_t& places,
                       int timeout_ms) {
  std::unique_ptr<rd_kafka_DeleteRecords_t, destroy_by<rd_kafka_DeleteRecords_destroy>> what(
      rd_kafka_DeleteRecords_new(&places));
  options_ptr options(rd_kafka_AdminOptions_new(ask, RD_KAFKA_ADMIN_OP_DELETERECORDS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, nullptr, 0);
  queue_ptr queue(rd_kafka_queue_new(ask));
  auto* asked = what.get();
  rd_kafka_DeleteRecords(ask, &asked, 1, options.get(), queue.get());
  event_ptr answer(rd_kafka_queue_poll(queue.get(), timeout_ms + 1000));
  if (!answer) return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, cannot_delete);
  auto code = rd_kafka_event_error(answer.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto* told = rd_kafka_event_DeleteRecords_result(answer.get());
    const auto* list = rd_kafka_DeleteRecords_result_offsets(told);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      code = list->elems[i].err;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, cannot_delete);
  return {};
}

}  // namespace

void retention::note(const std::vector<position>& committed) {
  for (const auto& place : committed) {
    auto spec = names_.find(place.topic);
    if (!spec || !(*spec)->keep_uncommitted || (*spec)->retention.count() == 0) continue;
    auto& held = committed_[{place.topic, place.partition}];
    held = std::max(held, place.offset);
  }
}

std::vector<position> retention::take() {
  std::vector<position> out;
  for (const auto& [where, offset] : committed_)
    out.push_back({where.topic, where.partition, offset});
  committed_.clear();
  return out;
}

result<std::size_t> delete_old_records(rd_kafka_t* ask, const topic_names& names,
                                       std::vector<position> committed, wall_time now,
                                       const limits& limits) {
  if (committed.empty()) return std::size_t{0};
  auto timeout_ms = static_cast<int>(limits.broker_answer_timeout_ms);
  auto starts = committed;
  auto young = committed;
  for (std::size_t i = 0; i < committed.size(); ++i) {
    auto retention = names.find(committed[i].topic).value()->retention;
    starts[i].offset = RD_KAFKA_OFFSET_BEGINNING;
    young[i].offset = (now - retention).time_since_epoch().count();
  }
  auto first = look_up(ask, starts, names, timeout_ms);
  if (!first) return first.error();
  auto first_young = look_up(ask, young, names, timeout_ms);
  if (!first_young) return first_young.error();
  partitions_ptr cut(rd_kafka_topic_partition_list_new(static_cast<int>(committed.size())));
  for (std::size_t i = 0; i < committed.size(); ++i) {
    auto to = committed[i].offset;
    // Negative: no record is younger than the retention.
    if ((*first_young)->elems[i].offset >= 0) to = std::min(to, (*first_young)->elems[i].offset);
    if (to <= (*first)->elems[i].offset) continue;
    auto full = names.full_name(committed[i].topic);
    rd_kafka_topic_partition_list_add(cut.get(), full.c_str(), committed[i].partition)->offset = to;
  }
  if (cut->cnt == 0) return std::size_t{0};
  if (auto done = delete_before(ask, *cut, timeout_ms); !done) return done.error();
  return static_cast<std::size_t>(cut->cnt);
}

}  // namespace sonde::queue::kafka
