#include "ingest/scans/bulk_run.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/durable_write.hpp"
#include "ingest/http/problem.hpp"
#include "ingest/scans/scan_checks.hpp"
#include "ingest/scans/scan_freshness.hpp"
#include "model/events.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

namespace sonde::ingest {
namespace {

using model::json;

/// Lines of a body that are processed before other requests get their turn.
constexpr std::size_t lines_at_once = 32;
/// Part of a body that a worker checks before another caller's turn: some milliseconds.
constexpr std::size_t slice_bytes = 65'536;
constexpr std::size_t slice_lines = 256;
/// Requests that are serialised on this loop, in less than a millisecond; a worker does larger
/// numbers.
constexpr std::size_t few_requests = 16;
/// One batch is at most this share of `queue::limits::produce_pending_bytes`, so that it always
/// fits.
constexpr std::size_t batch_share = 4;

std::vector<record> records_of(const std::vector<numbered_request>& requests,
                               const std::string& request_id) {
  std::vector<record> out;
  out.reserve(requests.size());
  for (const auto& one : requests)
    out.push_back(to_record(one.what, request_id, one.line - 1));
  return out;
}

}  // namespace

bulk_run::bulk_run(const scan_context& context, scan_writer& writer,
                   std::shared_ptr<const order_rules> rules, bulk_order order, steady_time until)
    : context_(context),
      writer_(writer),
      order_(std::move(order)),
      until_(until),
      lines_(order_.body),
      reader_(std::make_shared<const bulk_line_reader>(
          bulk_line_reader{std::move(rules), context.http_bounds.json_depth, order_.groups,
                           order_.traceparent, order_.owner})) {}

awaitable<result<bulk_receipts>> bulk_run::run() {
  for (auto slice = next_slice(); !slice.empty(); slice = next_slice()) {
    auto read = co_await read_lines(std::move(slice));
    if (!read) co_return read.error();
    std::ranges::move(*read, std::back_inserter(entries_));
  }
  auto visibility = views::visibility_text(order_.groups);
  auto counted = co_await context_.tasks.catch_up_and_count(std::move(visibility), until_);
  if (!counted) co_return as_answer(counted.error());
  queued_ = *counted;
  now_ = context_.time.now();
  co_await look_up(0, entries_.size());
  for (std::size_t begin = 0; begin < entries_.size();) {
    auto end = end_of_batch(begin);
    co_await settle(begin, end);
    begin = end;
  }
  if (failure_ && !wrote_) co_return *failure_;
  co_return std::move(receipts_);
}

std::size_t bulk_run::end_of_batch(std::size_t begin) const {
  auto most = context_.view_bounds.produce_pending_bytes / batch_share;
  auto last = std::min(entries_.size(), begin + context_.bounds.bulk_write_lines);
  auto end = begin;
  for (std::size_t bytes = 0; end < last; ++end) {
    bytes += entries_[end].bytes;
    if (end > begin && bytes > most) break;
  }
  return end;
}

awaitable<void> bulk_run::let_others_go_first() {
  if (++steps_ % lines_at_once != 0) co_return;
  auto loop = co_await asio::this_coro::executor;
  co_await asio::post(loop, asio::use_awaitable);
}

std::vector<numbered_line> bulk_run::next_slice() {
  std::vector<numbered_line> out;
  std::size_t bytes = 0;
  while (bytes < slice_bytes && out.size() < slice_lines) {
    auto line = lines_.next();
    if (!line) break;
    bytes += line->text.size();
    out.push_back({line->number, std::string(line->text)});
  }
  return out;
}

awaitable<result<std::vector<bulk_entry>>> bulk_run::read_lines(std::vector<numbered_line> lines) {
  if (context_.workers.is_small(order_.body.size())) co_return reader_->read_all(lines);
  std::function<result<std::vector<bulk_entry>>()> work =
      [reader = reader_, lines = std::move(lines)] { return reader->read_all(lines); };
  auto read = co_await context_.workers.run(order_.owner, until_, std::move(work));
  co_return read;
}

awaitable<void> bulk_run::settle(std::size_t begin, std::size_t end) {
  co_await look_up(begin, end);
  for (auto i = begin; i < end; ++i) {
    if (!entries_[i].refusal) decide(entries_[i]);
    co_await let_others_go_first();
  }
  co_await write(begin, end);
  for (auto i = begin; i < end; ++i) {
    report(entries_[i]);
    co_await let_others_go_first();
  }
}

awaitable<void> bulk_run::look_up(std::size_t begin, std::size_t end) {
  std::vector<views::sought_task> sought;
  std::unordered_map<model::target_key, std::size_t> places;
  for (auto i = begin; i < end; ++i) {
    const auto& one = entries_[i];
    if (one.refusal) continue;
    bool webhooks = one.order.webhook.has_value();
    auto known = known_.find(one.key);
    if (known != known_.end() && (known->second.webhooks || !webhooks)) continue;
    auto place = places.try_emplace(one.key, sought.size()).first->second;
    if (place == sought.size()) sought.push_back({one.key, false});
    if (webhooks) sought[place].webhooks = true;
    co_await let_others_go_first();
  }
  for (std::size_t first = 0; first < sought.size();) {
    auto last = std::min(sought.size(), first + context_.bounds.bulk_write_lines);
    auto part = std::span(sought).subspan(first, last - first);
    std::vector<views::sought_task> some(part.begin(), part.end());
    auto found = co_await context_.tasks.summaries_of(some);
    for (std::size_t i = 0; i < some.size(); ++i)
      known_[some[i].key] = {std::move(found[i]), some[i].webhooks};
    first = last;
  }
}

void bulk_run::decide(bulk_entry& one) {
  auto& known = known_[one.key];
  auto& summary = known.summary;
  if (summary && will_do({summary->state, summary->ended, summary->depth}, one.order, now_)) {
    one.receipt = {summary->id, std::string(name_of(summary->state))};
    one.to_be_written = scheduled_.contains(one.key);
    join(one, *summary);
    return;
  }
  if (auto room = check_room(queued_, context_.bounds); !room) {
    one.refusal = room.error();
    return;
  }
  auto generation = summary ? summary->next_generation : 1;
  auto request = to_request(std::move(one.order), order_.groups, generation, now_);
  one.receipt = {request.id(), "new"};
  one.to_be_written = true;
  summary = views::task_summary{one.receipt.id, generation, model::task_state::queued, {}, {}};
  summary->depth = request.depth;
  summary->next_generation = generation + 1;
  for (const auto& hook : request.webhooks)
    summary->webhooks.push_back(hook.id);
  known.webhooks = true;
  scheduled_.insert(one.key);
  ++queued_.total;
  ++queued_.of_tenant;
  requests_.push_back({one.line, std::move(request)});
}

void bulk_run::join(bulk_entry& one, views::task_summary& summary) {
  bool deepens = !model::includes(summary.depth, one.order.depth);
  const auto& hook = one.order.webhook;
  auto& there = summary.webhooks;
  bool is_new = hook && std::ranges::find(there, hook->id) == there.end();
  if (!is_new && !deepens) return;
  if (is_new && there.size() >= model::most_webhooks) {
    one.refusal = too_many_webhooks();
    return;
  }
  if (is_new) there.push_back(hook->id);
  if (deepens) summary.depth = one.order.depth;
  auto request = to_request(std::move(one.order), order_.groups, summary.generation, now_);
  if (!deepens) request.kind = model::request_kind::attach;
  one.to_be_written = true;
  requests_.push_back({one.line, std::move(request)});
}

awaitable<result<std::vector<record>>> bulk_run::write_out(std::vector<numbered_request> requests) {
  bool small = context_.workers.is_small(order_.body.size());
  if (small && requests.size() <= few_requests) {
    co_return records_of(requests, order_.request_id);
  }
  std::function<result<std::vector<record>>()> work =
      [requests = std::move(requests), id = order_.request_id] { return records_of(requests, id); };
  auto records = co_await context_.workers.run(order_.owner, until_, std::move(work));
  co_return records;
}

awaitable<void> bulk_run::write(std::size_t begin, std::size_t end) {
  auto requests = std::exchange(requests_, {});
  auto scheduled = std::exchange(scheduled_, {});
  if (requests.empty()) co_return;
  std::optional<error> why;
  if (context_.time.steady_now() < until_) {
    auto records = co_await write_out(std::move(requests));
    if (records) {
      auto written = co_await writer_.write_all(std::move(*records), order_.groups, until_);
      if (!written) why = written.error();
    } else {
      why = records.error();
    }
  } else {
    why =
        fail(errc::unavailable, "the queue was too slow for the whole body; send this scan again");
  }
  if (!why) {
    wrote_ = true;
    co_return;
  }
  failure_ = why;
  queued_.total -= scheduled.size();
  queued_.of_tenant -= scheduled.size();
  for (auto i = begin; i < end; ++i) {
    auto& one = entries_[i];
    if (!one.to_be_written || one.refusal) continue;
    one.refusal = why;
    // Its state is unknown now; a later line about it looks it up again.
    known_.erase(one.key);
  }
}

void bulk_run::report(const bulk_entry& one) {
  json line = {{"line", one.line}};
  if (!one.target.empty()) line["target"] = one.target;
  if (one.refusal) {
    receipts_.some_refused = true;
    line["status"] = "refused";
    line["code"] = status_of(*one.refusal);
    line["error"] = one.refusal->message();
  } else {
    line["status"] = one.receipt.status;
    line["id"] = one.receipt.id.str();
  }
  receipts_.lines += model::to_text(line);
  receipts_.lines += '\n';
}

}  // namespace sonde::ingest
