// Many scans at once: a body with an order on each line. What one line comes to changes nothing for
// the others, unless they are about the same task.

#include "ingest/body_lines.hpp"
#include "ingest/durable_write.hpp"
#include "ingest/errc.hpp"
#include "ingest/problem.hpp"
#include "ingest/scan_judgement.hpp"
#include "ingest/scan_service.hpp"
#include "model/events.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sonde::ingest {
namespace {

using model::json;

/// Of a body, before other requests get their turn.
constexpr std::size_t lines_at_once = 32;
/// Of a body, checked by a worker before it is another caller's turn: some milliseconds.
constexpr std::size_t slice_bytes = 65'536;
constexpr std::size_t slice_lines = 256;
/// Requests that are written out here, in less than a millisecond; a worker does more of them.
constexpr std::size_t few_requests = 16;
/// What a record has beside the text of its line: ids, groups, headers.
constexpr std::size_t record_overhead = 1'024;
/// One batch is at most this share of `limits::produce_pending_bytes`, so that it always fits.
constexpr std::size_t batch_share = 4;

struct numbered_line {
  std::size_t number = 0;
  std::string text;
};

/// One line, and what it comes to.
struct bulk_entry {
  std::size_t line = 0;
  std::size_t bytes = 0;  ///< about those of its record
  std::string target;
  scan_order order;
  model::target_key key;
  scan_receipt receipt;
  bool to_be_written = false;  ///< what it is told holds once the batch is durable
  std::optional<error> refusal;
};

/// What all lines of a body have in common. Shared with workers, and changed by nobody.
struct line_reader {
  std::shared_ptr<const order_rules> rules;
  std::uint32_t depth = 0;
  model::group_list groups;
  std::string traceparent;
  std::string owner;

  [[nodiscard]] bulk_entry read(const numbered_line& line) const {
    bulk_entry out;
    out.line = line.number;
    out.bytes = line.text.size() + record_overhead;
    auto order = rules->read(line.text, depth, owner);
    if (!order) {
      out.refusal = order.error();
      out.target = named_target(line.text, depth);
      return out;
    }
    out.order = std::move(*order);
    out.order.traceparent = traceparent;
    out.target = out.order.target.text();
    out.key = model::key_of(out.order.target, out.order.profile, groups);
    return out;
  }
  [[nodiscard]] std::vector<bulk_entry> read_all(const std::vector<numbered_line>& lines) const {
    std::vector<bulk_entry> out;
    out.reserve(lines.size());
    for (const auto& line : lines)
      out.push_back(read(line));
    return out;
  }
};

struct numbered_request {
  std::size_t line = 0;
  model::scan_request what;
};

std::vector<record> records_of(const std::vector<numbered_request>& requests,
                               const std::string& request_id) {
  std::vector<record> out;
  out.reserve(requests.size());
  for (const auto& one : requests)
    out.push_back(to_record(one.what, request_id, one.line - 1));
  return out;
}

/// One of the bodies that may be at work.
class taken_turn {
 public:
  taken_turn(std::uint32_t& taken, condition& given_back) : taken_(taken), given_back_(given_back) {
    ++taken_;
  }
  ~taken_turn() {
    --taken_;
    given_back_.notify_all();
  }
  taken_turn(const taken_turn&) = delete;
  taken_turn& operator=(const taken_turn&) = delete;

 private:
  std::uint32_t& taken_;
  condition& given_back_;
};

}  // namespace

/// One body, from its first line to its answer. Where all its tasks stand is looked up before any
/// of them is written, as afterwards the view has those to fold.
class scan_service::bulk_run {
 public:
  bulk_run(scan_service& service, bulk_order order, steady_time until)
      : service_(service),
        order_(std::move(order)),
        until_(until),
        lines_(order_.body),
        reader_(std::make_shared<const line_reader>(
            line_reader{service.rules_, service.limits_.json_depth, order_.groups,
                        order_.traceparent, order_.owner})) {}

  awaitable<result<bulk_receipts>> run() {
    for (auto slice = next_slice(); !slice.empty(); slice = next_slice()) {
      auto read = co_await read_lines(std::move(slice));
      if (!read) co_return read.error();
      std::ranges::move(*read, std::back_inserter(entries_));
    }
    auto scope = views::scope_text(order_.groups);
    auto counted = co_await service_.tasks_.catch_up_and_count(std::move(scope), until_);
    if (!counted) co_return as_answer(counted.error());
    queued_ = *counted;
    now_ = service_.clock_.now();
    co_await look_up(0, entries_.size());
    for (std::size_t begin = 0; begin < entries_.size();) {
      auto end = end_of_batch(begin);
      co_await settle(begin, end);
      begin = end;
    }
    if (failure_ && !wrote_) co_return *failure_;
    co_return std::move(receipts_);
  }

 private:
  using entry = bulk_entry;
  struct known_task {
    std::optional<views::task_standing> standing;
    bool webhooks = false;  ///< the standing says which it has
  };

  [[nodiscard]] std::size_t end_of_batch(std::size_t begin) const {
    auto most = service_.limits_.produce_pending_bytes / batch_share;
    auto last = std::min(entries_.size(), begin + service_.limits_.bulk_write_lines);
    auto end = begin;
    for (std::size_t bytes = 0; end < last; ++end) {
      bytes += entries_[end].bytes;
      if (end > begin && bytes > most) break;
    }
    return end;
  }

  awaitable<void> let_others_go_first() {
    if (++steps_ % lines_at_once != 0) co_return;
    auto loop = co_await asio::this_coro::executor;
    co_await asio::post(loop, asio::use_awaitable);
  }

  /// Empty: there are no more lines.
  std::vector<numbered_line> next_slice() {
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

  awaitable<result<std::vector<entry>>> read_lines(std::vector<numbered_line> lines) {
    if (service_.workers_.is_small(order_.body.size())) co_return reader_->read_all(lines);
    std::function<result<std::vector<entry>>()> work =
        [reader = reader_, lines = std::move(lines)] { return reader->read_all(lines); };
    auto read = co_await service_.workers_.run(order_.owner, until_, std::move(work));
    co_return read;
  }

  /// One batch: the lines from `begin` to before `end`, as below.
  awaitable<void> settle(std::size_t begin, std::size_t end) {
    co_await look_up(begin, end);
    for (auto i = begin; i < end; ++i) {
      if (!entries_[i].refusal) judge(entries_[i]);
      co_await let_others_go_first();
    }
    co_await write(begin, end);
    for (auto i = begin; i < end; ++i) {
      tell(entries_[i]);
      co_await let_others_go_first();
    }
  }

  /// What is known already is not asked for again: it holds what this body has added.
  awaitable<void> look_up(std::size_t begin, std::size_t end) {
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
      auto last = std::min(sought.size(), first + service_.limits_.bulk_write_lines);
      auto part = std::span(sought).subspan(first, last - first);
      std::vector<views::sought_task> some(part.begin(), part.end());
      auto found = co_await service_.tasks_.standings(some);
      for (std::size_t i = 0; i < some.size(); ++i)
        known_[some[i].key] = {std::move(found[i]), some[i].webhooks};
      first = last;
    }
  }

  void judge(entry& one) {
    auto& known = known_[one.key];
    auto& standing = known.standing;
    if (standing && will_do(standing->state, standing->ended, one.order, now_)) {
      one.receipt = {standing->id, std::string(name_of(standing->state))};
      one.to_be_written = scheduled_.contains(one.key);
      attach(one, *standing);
      return;
    }
    if (auto room = service_.check_room(queued_); !room) {
      one.refusal = room.error();
      return;
    }
    auto generation = standing ? standing->generation + 1 : 1;
    auto request = to_request(std::move(one.order), order_.groups, generation, now_);
    one.receipt = {request.id(), "new"};
    one.to_be_written = true;
    standing = views::task_standing{one.receipt.id, generation, model::task_state::queued, {}, {}};
    for (const auto& hook : request.webhooks)
      standing->webhooks.push_back(hook.id);
    known.webhooks = true;
    scheduled_.insert(one.key);
    ++queued_.total;
    ++queued_.in_scope;
    requests_.push_back({one.line, std::move(request)});
  }

  void attach(entry& one, views::task_standing& standing) {
    if (!one.order.webhook) return;
    auto& there = standing.webhooks;
    if (std::ranges::find(there, one.order.webhook->id) != there.end()) return;
    if (there.size() >= model::most_webhooks) {
      one.refusal = too_many_webhooks();
      return;
    }
    there.push_back(one.order.webhook->id);
    auto request = to_request(std::move(one.order), order_.groups, standing.generation, now_);
    request.kind = model::request_kind::attach;
    one.to_be_written = true;
    requests_.push_back({one.line, std::move(request)});
  }

  awaitable<result<std::vector<record>>> write_out(std::vector<numbered_request> requests) {
    bool small = service_.workers_.is_small(order_.body.size());
    if (small && requests.size() <= few_requests) {
      co_return records_of(requests, order_.request_id);
    }
    std::function<result<std::vector<record>>()> work = [requests = std::move(requests),
                                                         id = order_.request_id] {
      return records_of(requests, id);
    };
    auto records = co_await service_.workers_.run(order_.owner, until_, std::move(work));
    co_return records;
  }

  awaitable<void> write(std::size_t begin, std::size_t end) {
    auto requests = std::exchange(requests_, {});
    auto scheduled = std::exchange(scheduled_, {});
    if (requests.empty()) co_return;
    std::size_t bytes = 0;
    std::optional<error> why;
    if (service_.clock_.steady_now() < until_) {
      auto records = co_await write_out(std::move(requests));
      if (records) {
        bytes = bytes_of(*records);
        auto written =
            co_await write_durably(service_.writes_, service_.queue_, std::move(*records), until_);
        if (!written) why = written.error();
      } else {
        why = records.error();
      }
    } else {
      why = fail(errc::unavailable, "the queue was too slow for the whole body; send this again");
    }
    if (!why) {
      if (service_.quota_ != nullptr) service_.quota_->charge(order_.groups, bytes);
      wrote_ = true;
      co_return;
    }
    failure_ = why;
    queued_.total -= scheduled.size();
    queued_.in_scope -= scheduled.size();
    for (auto i = begin; i < end; ++i) {
      auto& one = entries_[i];
      if (!one.to_be_written || one.refusal) continue;
      one.refusal = why;
      // Nobody knows where it stands now; a later line about it asks again.
      known_.erase(one.key);
    }
  }

  void tell(const entry& one) {
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

  scan_service& service_;
  bulk_order order_;
  steady_time until_;
  wall_time now_{};
  body_lines lines_;
  std::shared_ptr<const line_reader> reader_;
  std::size_t steps_ = 0;

  views::queued_counts queued_;
  std::unordered_map<model::target_key, known_task> known_;

  std::vector<entry> entries_;
  std::vector<numbered_request> requests_;           ///< that a batch makes
  std::unordered_set<model::target_key> scheduled_;  ///< tasks that it begins

  bulk_receipts receipts_;
  bool wrote_ = false;
  std::optional<error> failure_;
};

awaitable<result<bulk_receipts>> scan_service::schedule_many(bulk_order order) {
  auto until = deadline();
  auto lines = count_lines(order.body);
  if (lines == 0) {
    co_return fail(errc::invalid,
                   "the body has no scan in it; send a JSON object on each line, as "
                   "{\"target\":\"example.com\"}");
  }
  if (lines > limits_.bulk_lines) {
    co_return fail(errc::too_large, std::to_string(lines) + " scans in one body; " +
                                        std::to_string(limits_.bulk_lines) +
                                        " is the most; send them in several");
  }
  while (bulk_bodies_ >= limits_.bulk_bodies) {
    bool in_time = co_await bulk_turn_.wait_until(until);
    if (!in_time) {
      co_return fail(errc::unavailable, "other bodies of many scans came first; try again later");
    }
  }
  taken_turn turn(bulk_bodies_, bulk_turn_);
  bulk_run run(*this, std::move(order), until);
  co_return co_await run.run();
}

}  // namespace sonde::ingest
