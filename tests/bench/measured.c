// Runs a command and reports its cost. A runner as large as Python cannot measure this itself: the
// peak memory of a child starts at that of the process that forked it.
//
// measured REPORT-FILE COMMAND…

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: measured REPORT-FILE COMMAND…\n");
    return 64;
  }
  double begun = seconds_now();
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status;
  struct rusage used;
  if (child < 0 || wait4(child, &status, 0, &used) != child) {
    perror("measured");
    return 1;
  }
  double wall = seconds_now() - begun;
  FILE* report = fopen(argv[1], "w");
  if (report == NULL) {
    perror(argv[1]);
    return 1;
  }
  fprintf(report, "{\"wall_s\": %.6f, \"cpu_s\": %.6f, \"peak_mib\": %.3f}\n", wall,
          seconds_of(used.ru_utime) + seconds_of(used.ru_stime), (double)used.ru_maxrss / 1024);
  fclose(report);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
