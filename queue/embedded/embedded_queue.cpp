#include "queue/embedded/embedded_queue.hpp"

#include "queue/embedded/folder_lock.hpp"
#include "queue/embedded/sqlite_log.hpp"
#include "queue/errc.hpp"
#include "queue/local/local_queue.hpp"

namespace sonde::queue {
namespace {

namespace fs = std::filesystem;

result<> make_folder(const fs::path& folder) {
  std::error_code failure;
  if (fs::is_directory(folder, failure)) return {};
  fs::create_directories(folder, failure);
  if (failure) {
    auto what = fail_errno(failure.value(), "cannot create the data folder " + folder.string());
    what.code = make_error_code(errc::read_only);
    return what;
  }
  fs::permissions(folder, fs::perms::owner_all, failure);
  return {};
}

/// Opens the file. On a full disk it releases slices of the reserve and retries.
template <class Open>
auto with_reserve(embedded::disk_floor& floor, Open open) -> decltype(open()) {
  auto out = open();
  while (!out && out.error().code == make_error_code(errc::no_space) && floor.give_way())
    out = open();
  return out;
}

}  // namespace

result<> find_embedded_queue(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / embedded::file_name, ignored)) return {};
  return fail(errc::read_only, "there is no queue in " + folder.string() +
                                   "; start `sonde serve` there, or name its folder with "
                                   "--data-dir");
}

result<std::unique_ptr<backend>> open_embedded_queue(const fs::path& folder,
                                                     std::vector<topic_spec> topics,
                                                     std::string prefix, const clock& clock,
                                                     const limits& limits, logger& log) {
  if (auto there = make_folder(folder); !there) return there.error();
  auto lock = embedded::folder_lock::take(folder);
  if (!lock) return lock.error();
  auto file = folder / embedded::file_name;
  local::layout layout(std::move(topics), std::move(prefix));
  embedded::disk_floor floor(folder, limits);
  auto writing = with_reserve(floor, [&] { return embedded::open_for_writing(file, layout); });
  if (!writing) return writing.error();
  auto reading = with_reserve(floor, [&] { return embedded::open_for_reading(file, layout); });
  if (!reading) return reading.error();
  auto writer = embedded::make_sqlite_writer(file, std::move(*lock), std::move(floor),
                                             std::move(*writing), layout);
  if (!writer) return writer.error();
  auto identity = reading->identity;
  local::log_store store{std::move(*writer),
                         embedded::make_sqlite_reader(file, std::move(*reading), layout),
                         std::move(identity), true};
  return local::make_local_queue(std::move(layout), std::move(store), clock, limits, log);
}

result<std::unique_ptr<backend>> open_embedded_queue_for_reading(
    const fs::path& folder, std::vector<topic_spec> topics, std::string prefix, const clock& clock,
    const limits& limits, logger& log) {
  if (auto found = find_embedded_queue(folder); !found) return found.error();
  auto file = folder / embedded::file_name;
  local::layout layout(std::move(topics), std::move(prefix));
  auto reading = embedded::open_for_reading(file, layout);
  if (!reading) return reading.error();
  auto identity = reading->identity;
  local::log_store store{nullptr, embedded::make_sqlite_reader(file, std::move(*reading), layout),
                         std::move(identity), false};
  return local::make_local_queue(std::move(layout), std::move(store), clock, limits, log);
}

}  // namespace sonde::queue
