/* Preloaded into a server under test: its wall clock is ahead by as many seconds as stand in the file
 * that MAINS_TEST_CLOCK names, which may change while it runs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, time);
  const char* name = getenv("MAINS_TEST_CLOCK");
  if (result == 0 && clock == CLOCK_REALTIME && name) {
    char text[32] = {0};
    const int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      if (read(file, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
      close(file);
    }
  }
  return result;
}
