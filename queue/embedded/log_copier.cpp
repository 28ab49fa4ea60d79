#include "queue/embedded/log_copier.hpp"

#include "queue/embedded/database.hpp"

#include <chrono>
#include <utility>

namespace sonde::queue::embedded {
namespace {

result<> copy_log_of(const std::filesystem::path& file) {
  return guarded(file, [&]() -> result<> {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    return {};
  });
}

}  // namespace

log_copier::log_copier(std::filesystem::path file) : file_(std::move(file)) {
  loop_.start();
}

log_copier::~log_copier() {
  loop_.join();
}

void log_copier::begin() {
  std::packaged_task<result<>()> work([file = file_] { return copy_log_of(file); });
  copy_ = work.get_future();
  asio::post(loop_.get_executor(), std::move(work));
}

std::optional<result<>> log_copier::ended() {
  bool has = copy_.valid() && copy_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  if (!has) return std::nullopt;
  return copy_.get();
}

}  // namespace sonde::queue::embedded
