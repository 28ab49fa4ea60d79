#include "tests/support/volatile_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace sonde::test {
namespace {

std::atomic<bool> syncs_fail = false;
std::atomic<bool> syncs_of_files_fail = false;

/// The content of a file as this process sees it, and the parts of it that are not on the disk.
struct image {
  std::mutex mutex;
  std::vector<char> content;
  std::map<std::size_t, std::size_t> unsynced;  ///< begin → end
  bool size_unsynced = false;
  bool is_log = false;  ///< a write-ahead log
};

/// Images by path: all handles of one file share one.
class image_table {
 public:
  std::shared_ptr<image> of(const std::string& path) {
    std::lock_guard lock(mutex_);
    auto& entry = images_[path];
    if (!entry) {
      entry = std::make_shared<image>();
      entry->is_log = path.ends_with("-wal");
    }
    return entry;
  }
  void forget(const std::string& path) {
    std::lock_guard lock(mutex_);
    images_.erase(path);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<image>> images_;
};

image_table& images() {
  static image_table table;
  return table;
}

sqlite3_vfs* real_vfs = nullptr;

struct handle {
  sqlite3_file base;
  std::shared_ptr<image>* data;  ///< SQLite allocates raw memory, so it cannot be a shared_ptr
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

handle& of(sqlite3_file* file) {
  return *reinterpret_cast<handle*>(file);
}
image& image_of(sqlite3_file* file) {
  return **of(file).data;
}

int close_file(sqlite3_file* file) {
  auto& h = of(file);
  int status = h.real()->pMethods->xClose(h.real());
  delete h.data;
  return status;
}

int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
  auto& i = image_of(file);
  std::lock_guard lock(i.mutex);
  auto begin = static_cast<std::size_t>(at);
  auto wanted = static_cast<std::size_t>(size);
  std::memset(out, 0, wanted);
  if (begin >= i.content.size()) return SQLITE_IOERR_SHORT_READ;
  auto there = std::min(wanted, i.content.size() - begin);
  std::memcpy(out, i.content.data() + begin, there);
  return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  auto& i = image_of(file);
  std::lock_guard lock(i.mutex);
  auto begin = static_cast<std::size_t>(at);
  auto end = begin + static_cast<std::size_t>(size);
  if (i.content.size() < end) {
    i.content.resize(end);
    i.size_unsynced = true;
  }
  std::memcpy(i.content.data() + begin, data, static_cast<std::size_t>(size));
  auto& known = i.unsynced[begin];
  known = std::max(known, end);
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  auto& i = image_of(file);
  std::lock_guard lock(i.mutex);
  i.content.resize(static_cast<std::size_t>(size));
  i.size_unsynced = true;
  return SQLITE_OK;
}

int sync_file(sqlite3_file* file, int flags) {
  auto& i = image_of(file);
  if (syncs_fail || (syncs_of_files_fail && !i.is_log)) return SQLITE_IOERR_FSYNC;
  auto* real = of(file).real();
  std::lock_guard lock(i.mutex);
  for (auto [begin, end] : i.unsynced) {
    end = std::min(end, i.content.size());
    if (begin >= end) continue;
    int status =
        real->pMethods->xWrite(real, i.content.data() + begin, static_cast<int>(end - begin),
                               static_cast<sqlite3_int64>(begin));
    if (status != SQLITE_OK) return status;
  }
  i.unsynced.clear();
  if (i.size_unsynced) {
    real->pMethods->xTruncate(real, static_cast<sqlite3_int64>(i.content.size()));
    i.size_unsynced = false;
  }
  (void)flags;  // data that has reached the file survives a killed process: no fsync is needed
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  auto& i = image_of(file);
  std::lock_guard lock(i.mutex);
  *size = static_cast<sqlite3_int64>(i.content.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* f, int level) {
  return of(f).real()->pMethods->xLock(of(f).real(), level);
}
int unlock_file(sqlite3_file* f, int level) {
  return of(f).real()->pMethods->xUnlock(of(f).real(), level);
}
int check_lock(sqlite3_file* f, int* out) {
  return of(f).real()->pMethods->xCheckReservedLock(of(f).real(), out);
}
int control_file(sqlite3_file* f, int op, void* arg) {
  // A hint to write before the sync would bypass the image.
  if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
  return of(f).real()->pMethods->xFileControl(of(f).real(), op, arg);
}
int sector_size(sqlite3_file* f) {
  return of(f).real()->pMethods->xSectorSize(of(f).real());
}
int characteristics(sqlite3_file*) {
  return 0;
}
int map_shm(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return of(f).real()->pMethods->xShmMap(of(f).real(), page, size, extend, out);
}
int lock_shm(sqlite3_file* f, int offset, int n, int flags) {
  return of(f).real()->pMethods->xShmLock(of(f).real(), offset, n, flags);
}
void barrier_shm(sqlite3_file* f) {
  of(f).real()->pMethods->xShmBarrier(of(f).real());
}
int unmap_shm(sqlite3_file* f, int remove) {
  return of(f).real()->pMethods->xShmUnmap(of(f).real(), remove);
}

const sqlite3_io_methods methods = {
    2,         close_file,  read_file,  write_file,   truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, control_file, sector_size,   characteristics, map_shm,
    lock_shm,  barrier_shm, unmap_shm,  nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto& h = of(file);
  h.base.pMethods = nullptr;
  int status = real_vfs->xOpen(real_vfs, name, h.real(), flags, out_flags);
  if (status != SQLITE_OK) return status;
  h.data =
      new std::shared_ptr<image>(name != nullptr ? images().of(name) : std::make_shared<image>());
  auto& i = **h.data;
  std::lock_guard lock(i.mutex);
  if (i.content.empty() && i.unsynced.empty()) {
    sqlite3_int64 size = 0;
    h.real()->pMethods->xFileSize(h.real(), &size);
    i.content.resize(static_cast<std::size_t>(size));
    if (size > 0) {
      h.real()->pMethods->xRead(h.real(), i.content.data(), static_cast<int>(size), 0);
    }
  }
  h.base.pMethods = &methods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int sync_folder) {
  images().forget(name);
  return real_vfs->xDelete(real_vfs, name, sync_folder);
}

}  // namespace

void use_volatile_disk() {
  static sqlite3_vfs shim = [] {
    real_vfs = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs = *real_vfs;
    vfs.zName = "volatile";
    vfs.szOsFile = static_cast<int>(sizeof(handle)) + real_vfs->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    return vfs;
  }();
  if (sqlite3_vfs_register(&shim, 1) != SQLITE_OK) throw std::runtime_error("no VFS");
}

void fail_syncs(bool fail) {
  syncs_fail = fail;
}

void fail_syncs_of_files(bool fail) {
  syncs_of_files_fail = fail;
}

}  // namespace sonde::test
