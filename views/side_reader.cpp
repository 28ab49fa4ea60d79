#include "views/side_reader.hpp"

#include "queue/errc.hpp"
#include "views/folding_view.hpp"

namespace sonde::views {
namespace {

/// KiB of pages that a reader caches; all others come from the kernel's page cache. A memory-mapped
/// file would save that copy, but its page faults wait for those of the writer.
constexpr int reader_cache_kib = 8 << 10;

}  // namespace

error read_too_long() {
  return fail(
      queue::errc::busy,
      "this read exceeds the time limit of one read; ask for fewer levels or a lower limit");
}

void side_reader::open(const std::filesystem::path& file, std::uint64_t opened) {
  close();
  db_ = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, busy_timeout_ms);
  db_->exec("PRAGMA temp_store=MEMORY");
  db_->exec("PRAGMA cache_size=-" + std::to_string(reader_cache_kib));
  reader_ = std::make_unique<entity_reader>(*db_, limits_);
  opened_ = opened;
}

void side_reader::close() {
  reader_.reset();
  db_.reset();
}

void side_reader::add(const std::string& caller, reading_turns::job one) {
  turns_.add(caller, std::move(one));
  if (std::exchange(serving_, true)) return;
  asio::post(loop_, [this] { serve(); });
}

/// Runs one read, then work that was posted meanwhile. A new read therefore waits for one read of
/// each caller, not for all their reads.
void side_reader::serve() {
  if (auto one = turns_.next()) one();
  serving_ = !turns_.empty();
  if (serving_) asio::post(loop_, [this] { serve(); });
}

}  // namespace sonde::views
