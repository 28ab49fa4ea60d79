#include "queue/embedded/embedded_queue.hpp"

#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/volatile_disk.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace sonde::queue {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using test::small_disk;

std::vector<topic_spec> topics() {
  return {{.name = "log", .retention = hours(1), .keep_uncommitted = true},
          {.name = "short", .retention = hours(1)},
          {.name = "state", .policy = cleanup::compact, .compaction_lag = hours(1)}};
}

/// A directory and the settings that open a queue in it.
struct place {
  explicit place(fs::path f) : folder(std::move(f)) {}
  place() : folder(owned.path()) {}

  result<std::unique_ptr<backend>> open() {
    return open_embedded_queue(folder, topics(), "test", clock, bounds, log);
  }
  result<std::unique_ptr<backend>> open_for_reading() {
    return open_embedded_queue_for_reading(folder, topics(), "test", clock, bounds, log);
  }
  /// The error code of a failed open.
  error_code opening_error() {
    auto opened = open();
    REQUIRE(!opened.has_value());
    MESSAGE(opened.error().message());
    return opened.error().code;
  }
  [[nodiscard]] fs::path file() const { return folder / "queue.db"; }

  test::temporary_folder owned;
  fs::path folder;
  test::manual_clock clock;
  limits bounds;
  logger log{log_level::error};
};

result<std::vector<position>> put(backend& queue, std::string topic, std::string key,
                                  std::string value) {
  std::vector<record> one{{std::move(topic), std::move(key), std::move(value), {}}};
  return test::run(queue.produce(std::move(one)));
}

std::vector<stored_record> read(backend& queue, const std::string& topic, std::size_t count) {
  auto reader = queue.read_from({topic}, {});
  std::vector<stored_record> out;
  while (out.size() < count) {
    auto batch = test::run(reader->read());
    REQUIRE(batch);
    for (auto& one : *batch)
      out.push_back(std::move(one));
  }
  return out;
}

void overwrite(const fs::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream << bytes;
}

}  // namespace

TEST_CASE("the error for a second writer names the process that holds the directory") {
  place here;
  auto first = here.open();
  REQUIRE(first.has_value());
  auto second = here.open();
  REQUIRE(!second.has_value());
  CHECK(second.error().code == make_error_code(errc::locked));
  CHECK(second.error().message().find(std::to_string(getpid())) != std::string::npos);
  (*first)->close();
  first->reset();
  CHECK(here.open().has_value());
}

TEST_CASE("a read-only directory is refused") {
  test::temporary_folder outer;
  small_disk disk(outer.path() / "disk", "size=4m");
  place here(outer.path() / "disk");
  disk.remount(MS_RDONLY, "");
  CHECK(here.opening_error() == make_error_code(errc::read_only));
}

TEST_CASE("a read-only directory that holds a queue is refused") {
  test::temporary_folder outer;
  small_disk disk(outer.path() / "disk", "size=8m");
  place here(outer.path() / "disk");
  {
    auto queue = here.open();
    REQUIRE(queue.has_value());
    REQUIRE(put(**queue, "log", "k", "v"));
  }
  disk.remount(MS_RDONLY, "");
  CHECK(here.opening_error() == make_error_code(errc::read_only));
}

TEST_CASE("a directory below a regular file is refused") {
  test::temporary_folder outer;
  std::ofstream(outer.path() / "file") << "x";
  place here(outer.path() / "file" / "data");
  CHECK(here.opening_error() == make_error_code(errc::read_only));
}

TEST_CASE("a file that is not a database is refused") {
  place here;
  fs::create_directories(here.folder);
  std::ofstream(here.file()) << std::string(8192, 'x');
  CHECK(here.opening_error() == make_error_code(errc::not_ours));
}

TEST_CASE("a database of another program is refused") {
  place here;
  auto command = "sqlite3 '" + here.file().string() + "' 'CREATE TABLE t(x)'";
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(here.opening_error() == make_error_code(errc::not_ours));
}

TEST_CASE("a queue that a later version wrote is refused") {
  place here;
  REQUIRE(here.open().has_value());
  auto command = "sqlite3 '" + here.file().string() + "' 'PRAGMA user_version=99'";
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(here.opening_error() == make_error_code(errc::unknown_schema));
}

TEST_CASE("a topic with a different number of partitions is refused") {
  place here;
  REQUIRE(here.open().has_value());
  auto wider = topics();
  wider[0].partitions = 2;
  auto opened = open_embedded_queue(here.folder, wider, "test", here.clock, here.bounds, here.log);
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == make_error_code(errc::mismatch));
}

TEST_CASE("reopening finds topics in any order and adds new ones") {
  place here;
  {
    auto queue = here.open();
    REQUIRE(put(**queue, "state", "k", "kept"));
  }
  auto reordered = topics();
  std::swap(reordered[0], reordered[2]);
  reordered.insert(reordered.begin(), {.name = "new"});
  auto queue =
      open_embedded_queue(here.folder, reordered, "test", here.clock, here.bounds, here.log);
  REQUIRE(queue.has_value());
  CHECK(read(**queue, "state", 1).front().what.value == "kept");
  CHECK(put(**queue, "new", "k", "v").has_value());
}

TEST_CASE("a torn file (truncated, first page zeroed, middle overwritten) is refused") {
  place here;
  {
    auto queue = here.open();
    for (int i = 0; i < 200; ++i) {
      REQUIRE(put(**queue, "log", std::to_string(i), std::string(500, 'v')));
    }
  }
  auto size = static_cast<std::streamoff>(fs::file_size(here.file()));
  SUBCASE("truncated") {
    fs::resize_file(here.file(), static_cast<std::uintmax_t>(size / 2));
  }
  SUBCASE("first page zeroed") {
    overwrite(here.file(), 0, std::string(4096, '\0'));
  }
  SUBCASE("middle overwritten") {
    overwrite(here.file(), size / 2, std::string(20'000, '\x5A'));
  }
  auto code = here.opening_error();
  CHECK((code == make_error_code(errc::damaged) || code == make_error_code(errc::not_ours)));
}

TEST_CASE("one flipped bit in a value is detected on read, and the error names the record") {
  place here;
  {
    auto queue = here.open();
    REQUIRE(put(**queue, "log", "k", std::string(64, 'v') + "find me" + std::string(64, 'v')));
  }
  std::ifstream in(here.file(), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  auto at = bytes.find("find me");
  REQUIRE(at != std::string::npos);
  overwrite(here.file(), static_cast<std::streamoff>(at), "gind");
  auto queue = here.open();
  REQUIRE(queue.has_value());
  auto reader = (*queue)->read_from({"log"}, {});
  auto batch = test::run(reader->read());
  REQUIRE(!batch.has_value());
  CHECK(batch.error().code == make_error_code(errc::damaged));
  CHECK(batch.error().message().find("record 0 of log") != std::string::npos);
}

TEST_CASE("on a full disk writes fail, acknowledged records stay, and free space restores writes") {
  test::temporary_folder outer;
  small_disk disk(outer.path() / "disk", "size=4m");
  place here(outer.path() / "disk");
  std::size_t acknowledged = 0;
  {
    auto queue = here.open();
    REQUIRE(queue.has_value());
    result<std::vector<position>> last = put(**queue, "log", "k", "v");
    for (acknowledged = 1; acknowledged < 10'000; ++acknowledged) {
      last = put(**queue, "log", "k", std::string(10'000, 'v'));
      if (!last) break;
    }
    REQUIRE(!last.has_value());
    CHECK(last.error().code == make_error_code(errc::no_space));
    CHECK((*queue)->health().has_value());
    CHECK(read(**queue, "log", acknowledged).size() == acknowledged);

    disk.remount(0, "size=16m");
    auto again = put(**queue, "log", "k", "after");
    CHECK(again);
  }
  auto queue = here.open();
  REQUIRE(queue.has_value());
  auto all = read(**queue, "log", acknowledged + 1);
  CHECK(all.size() == acknowledged + 1);
  CHECK(all.back().what.value == "after");
}

TEST_CASE("a disk that is full from the start is refused") {
  test::temporary_folder outer;
  small_disk disk(outer.path() / "disk", "size=64k");
  place here(outer.path() / "disk");
  std::ofstream(here.folder / "filler") << std::string(65'536, 'x');
  CHECK(here.opening_error() == make_error_code(errc::no_space));
}

TEST_CASE("a power loss loses no acknowledged record") {
  place here;
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  auto child = fork();
  if (child == 0) {
    test::use_volatile_disk();
    auto queue = here.open();
    for (std::int32_t i = 0; queue && i < 100'000; ++i) {
      if (!put(**queue, "log", "k", std::to_string(i))) break;
      (void)!write(pipe_ends[1], &i, sizeof i);
    }
    _exit(1);
  }
  close(pipe_ends[1]);
  std::int32_t last = -1;
  while (last < 700 && ::read(pipe_ends[0], &last, sizeof last) == sizeof last) {
  }
  kill(child, SIGKILL);
  while (::read(pipe_ends[0], &last, sizeof last) == sizeof last) {
  }
  close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  REQUIRE(last >= 700);

  auto queue = here.open();
  REQUIRE(queue);
  auto count = static_cast<std::size_t>(last) + 1;
  auto all = read(**queue, "log", count);
  for (std::size_t i = 0; i < count; ++i)
    CHECK(all[i].what.value == std::to_string(i));
}

TEST_CASE("a failed fsync stops the queue until it is opened again") {
  test::use_volatile_disk();
  place here;
  {
    auto queue = here.open();
    REQUIRE(queue.has_value());
    REQUIRE(put(**queue, "log", "k", "before"));
    test::fail_syncs(true);
    auto failed = put(**queue, "log", "k", "during");
    test::fail_syncs(false);
    REQUIRE(!failed.has_value());
    CHECK(failed.error().code == make_error_code(errc::broken));
    auto after = put(**queue, "log", "k", "after");
    REQUIRE(!after.has_value());
    CHECK(after.error().code == make_error_code(errc::broken));
    CHECK(!(*queue)->health().has_value());
  }
  auto queue = here.open();
  REQUIRE(queue.has_value());
  CHECK(put(**queue, "log", "k", "again").has_value());
  CHECK(read(**queue, "log", 2).front().what.value == "before");
}

TEST_CASE("another process can read while the writer runs, and sees the records that it adds") {
  place here;
  auto writing = here.open();
  REQUIRE(writing.has_value());
  REQUIRE(put(**writing, "log", "k", "one"));
  auto reading = here.open_for_reading();
  REQUIRE(reading);
  auto reader = (*reading)->read_from({"log"}, {});
  auto first = test::run(reader->read());
  REQUIRE(first.has_value());
  CHECK(first->front().what.value == "one");
  REQUIRE(put(**writing, "log", "k", "two"));
  auto second = test::run(reader->read());
  REQUIRE(second.has_value());
  CHECK(second->front().what.value == "two");
  auto refused = put(**reading, "log", "k", "three");
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == make_error_code(errc::read_only));
}

}  // namespace sonde::queue
