#include "views/checkpointer.hpp"

#include "base/async/run_on.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sonde::views {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t mebibyte = 1 << 20;

struct watched_file {
  watched_file() {
    db.exec("PRAGMA journal_mode=WAL");
    db.exec("PRAGMA synchronous=OFF");
    db.exec("CREATE TABLE texts(text BLOB)");
    copier.watch(db);
    loop.start();
  }

  void write(std::uintmax_t bytes) {
    db.exec("INSERT INTO texts VALUES(randomblob(" + std::to_string(bytes) + "))");
  }
  void copy() {
    auto work = [this] { return copier.copy(); };
    test::run(run_coroutine_on(loop.get_executor(), work));
  }
  [[nodiscard]] std::uintmax_t log_bytes() const { return fs::file_size(file.string() + "-wal"); }

  test::temporary_folder folder;
  logger log{log_level::error};
  fs::path file = folder.path() / "view.db";
  SQLite::Database db{file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  event_loop loop{"view"};
  checkpointer copier{file, log};
};

}  // namespace

TEST_CASE_FIXTURE(watched_file, "a long log is copied and then restarted") {
  write(mebibyte);
  CHECK(!copier.is_due());
  write(16 * mebibyte);
  CHECK(copier.is_due());
  CHECK(fs::file_size(file) < mebibyte);
  copy();
  CHECK(!copier.is_due());
  CHECK(fs::file_size(file) > 17 * mebibyte);
  auto before = log_bytes();
  for (int i = 0; i < 15; ++i)
    write(mebibyte);
  CHECK(!copier.is_due());
  CHECK(log_bytes() == before);
}

TEST_CASE_FIXTURE(watched_file, "a reader prevents the restart of a log, not the copy") {
  SQLite::Database other(file.string(), SQLite::OPEN_READONLY);
  SQLite::Statement old(other, "SELECT count(*) FROM texts");
  write(17 * mebibyte);
  other.exec("BEGIN");
  REQUIRE(old.executeStep());
  write(17 * mebibyte);
  copy();
  CHECK(!copier.is_due());
  CHECK(fs::file_size(file) > 17 * mebibyte);
  CHECK(fs::file_size(file) < 34 * mebibyte);
  write(17 * mebibyte);
  CHECK(copier.is_due());
  write(17 * mebibyte);
  old.reset();
  other.exec("COMMIT");
  CHECK(log_bytes() > 64 * mebibyte);
  copy();
  CHECK(log_bytes() == 0);
  CHECK(fs::file_size(file) > 68 * mebibyte);
}

TEST_CASE_FIXTURE(watched_file, "a file that cannot be opened is retried later") {
  write(17 * mebibyte);
  fs::rename(file, folder.path() / "elsewhere");
  copy();
  CHECK(!copier.is_due());
  fs::rename(folder.path() / "elsewhere", file);
  write(17 * mebibyte);
  REQUIRE(copier.is_due());
  copy();
  CHECK(fs::file_size(file) > 34 * mebibyte);
}

}  // namespace sonde::views
