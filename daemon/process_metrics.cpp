#include "daemon/process_metrics.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

/// Returns the resident memory in bytes. The second number of `statm` counts resident pages
/// (proc(5)).
double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code failed;
  double out = 0;
  for (std::filesystem::directory_iterator each("/proc/self/fd", failed), end;
       !failed && each != end; each.increment(failed)) {
    ++out;
  }
  return out;
}

}  // namespace

process_metrics::process_metrics(metrics& counts)
    : cpu_seconds_(counts.count("process_cpu_seconds_total", "Processor time, user and system.")),
      resident_bytes_(counts.show("process_resident_memory_bytes", "Resident memory.")),
      open_descriptors_(counts.show("process_open_fds", "Descriptors that are open.")),
      most_descriptors_(counts.show("process_max_fds", "The limit of open descriptors.")) {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  counts.show("process_start_time_seconds", "Start time of the process, since the epoch.")
      .set(std::chrono::duration<double>(now).count());
}

void process_metrics::refresh() {
  auto cpu = cpu_seconds();
  cpu_seconds_.add(cpu - cpu_shown_);
  cpu_shown_ = cpu;
  resident_bytes_.set(resident_bytes());
  open_descriptors_.set(open_descriptors());
  rlimit bound{};
  getrlimit(RLIMIT_NOFILE, &bound);
  most_descriptors_.set(static_cast<double>(bound.rlim_cur));
}

}  // namespace sonde::daemon
