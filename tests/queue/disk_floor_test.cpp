// Which writes a nearly full disk and a full disk still accept. Uses tmpfs; needs root.

#include "queue/embedded/disk_floor.hpp"

#include "queue/embedded/embedded_queue.hpp"
#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace sonde::queue {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mebibyte = 1U << 20U;

std::uint64_t free_of(const fs::path& folder) {
  struct statvfs its {};
  REQUIRE(statvfs(folder.c_str(), &its) == 0);
  return static_cast<std::uint64_t>(its.f_bavail) * its.f_frsize;
}

/// A disk of 64 MiB with a floor of 4 MiB and a reserve of 1 MiB.
struct little_room {
  little_room() : disk(outer.path() / "disk", "size=64m"), folder(outer.path() / "disk") {}

  /// Writes a file that leaves `bytes` bytes free on the disk.
  void leave(std::uint64_t bytes) {
    drop();
    int file = open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    REQUIRE(posix_fallocate(file, 0, static_cast<off_t>(free_of(folder) - bytes)) == 0);
    close(file);
  }
  void drop() const { fs::remove(filler()); }
  [[nodiscard]] fs::path filler() const { return folder / "filler"; }

  result<std::unique_ptr<backend>> open_queue() {
    std::vector<topic_spec> topics{{.name = "log"}};
    return open_embedded_queue(folder, topics, "test", clock, bounds, log);
  }

  test::temporary_folder outer;
  test::small_disk disk;
  fs::path folder;
  test::manual_clock clock;
  limits bounds;
  logger log{log_level::error};
};

result<std::vector<position>> put(backend& queue, bool urgent, std::size_t bytes = 1'000) {
  std::vector<record> one{{"log", "k", std::string(bytes, 'v'), {}, urgent}};
  return test::run(queue.produce(std::move(one)));
}

bool is_no_space(const error& what) {
  return what.code == make_error_code(errc::no_space);
}

}  // namespace

TEST_CASE_FIXTURE(little_room,
                  "the floor refuses writes that would go below it until an eighth more is free") {
  embedded::disk_floor floor(folder, bounds);
  CHECK(floor.room(mebibyte));
  leave(5 * mebibyte);
  CHECK(floor.room(0));
  CHECK(floor.room(mebibyte / 2));
  auto refused = floor.room(2 * mebibyte);
  REQUIRE(!refused);
  CHECK(is_no_space(refused.error()));
  CHECK(refused.error().message().find("limits.disk_floor_bytes keeps 4 MiB") != std::string::npos);
  leave(4 * mebibyte + mebibyte / 4);
  CHECK(!floor.room(0));
  leave(4 * mebibyte + mebibyte * 3 / 4);
  CHECK(floor.room(0));
}

TEST_CASE_FIXTURE(little_room, "a floor of 0 disables the check of free space") {
  bounds.disk_floor_bytes = 0;
  embedded::disk_floor floor(folder, bounds);
  leave(0);
  CHECK(floor.room(mebibyte));
}

TEST_CASE_FIXTURE(little_room,
                  "the reserve is released in eighths and is allocated again when space is free") {
  embedded::disk_floor floor(folder, bounds);
  CHECK(fs::file_size(folder / "reserve") == mebibyte);
  leave(0);
  for (int slice = 1; slice <= 8; ++slice) {
    CHECK(floor.give_way());
    CHECK(free_of(folder) >= static_cast<std::uint64_t>(slice) * mebibyte / 8);
  }
  CHECK(!floor.give_way());
  floor.look();
  CHECK(fs::file_size(folder / "reserve") == 0);
  drop();
  floor.look();
  CHECK(fs::file_size(folder / "reserve") == mebibyte);
}

TEST_CASE_FIXTURE(little_room, "a check of a full disk releases at most half of the reserve") {
  embedded::disk_floor floor(folder, bounds);
  for (int slice = 1; slice <= 6; ++slice) {
    leave(0);
    floor.look();
    auto released = static_cast<std::uint64_t>(std::min(slice, 4)) * mebibyte / 8;
    CHECK(fs::file_size(folder / "reserve") == mebibyte - released);
  }
  leave(mebibyte / 2);
  floor.look();
  CHECK(fs::file_size(folder / "reserve") == mebibyte / 2);
  CHECK(floor.give_way());
}

TEST_CASE_FIXTURE(little_room, "below the floor the queue accepts urgent records and commits") {
  auto queue = open_queue();
  REQUIRE(queue);
  REQUIRE(put(**queue, false));
  CHECK((*queue)->availability());
  leave(2 * mebibyte);
  auto refused = put(**queue, false);
  REQUIRE(!refused);
  CHECK(is_no_space(refused.error()));
  CHECK(!(*queue)->availability());
  CHECK((*queue)->health());
  CHECK(put(**queue, true));
  auto member = (*queue)->join("group", "log");
  REQUIRE(test::run(member->next()));
  std::vector<position> next{{"log", 0, 2}};
  CHECK(test::run(member->commit(std::move(next))));
  member->close();
  drop();
  CHECK(put(**queue, false));
  CHECK((*queue)->availability());
}

TEST_CASE_FIXTURE(little_room, "on a full disk urgent records are written and survive a restart") {
  {
    auto queue = open_queue();
    REQUIRE(queue);
    REQUIRE(put(**queue, false));
    leave(0);
    CHECK(!put(**queue, false));
    for (int i = 0; i < 20; ++i)
      CHECK(put(**queue, true));
    // Another process takes the released space.
    int file = open(filler().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    while (free_of(folder) > 0) {
      auto size = static_cast<off_t>(fs::file_size(filler()));
      if (posix_fallocate(file, size, static_cast<off_t>(free_of(folder))) != 0) break;
    }
    close(file);
    for (int i = 0; i < 20; ++i)
      CHECK(put(**queue, true));
  }
  auto queue = open_queue();
  REQUIRE(queue);
  auto reader = (*queue)->read_from({"log"}, {});
  std::size_t count = 0;
  while (count < 41)
    count += test::run(reader->read()).value().size();
  CHECK(count == 41);
  CHECK(put(**queue, true));
  drop();
  CHECK(put(**queue, false));
}

}  // namespace sonde::queue
