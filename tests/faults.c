/* Preloaded into a process: the n-th call of some kind on a file below a folder fails, or is the last of the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE = 2, SYNC = 4, RENAME = 8, LINK = 16, REMOVE = 32, MAKE = 64, MALLOC = 128 };

static char folder[PATH_MAX];
static int kinds, error;
static long nth;
static long *counted;

__attribute__((constructor)) static void share(void) {
    counted = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* error: what errno becomes; 0: nothing fails, the calls are counted; below 0: the process is killed instead. */
void faults_arm(const char *below, int which, long number, int with) {
    strncpy(folder, below, sizeof folder - 1);
    nth = number;
    error = with;
    *counted = 0;
    kinds = which;
}

long faults_counted(void) { return *counted; }

static int hit(int kind) {
    if (!(kinds & kind) || __sync_add_and_fetch(counted, 1) != nth || !error) return 0;
    if (error < 0) kill(getpid(), SIGKILL);
    errno = error;
    return 1;
}

static int is_below(int at, const char *path) {
    char link[64], base[PATH_MAX] = "";
    if (!kinds || !path) return 0;
    if (path[0] == '/') return !strncmp(path, folder, strlen(folder));
    if (at == AT_FDCWD) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    return readlink(link, base, sizeof base - 1) > 0 && !strncmp(base, folder, strlen(folder));
}

static int holds(int descriptor) { return kinds ? is_below(descriptor, "") : 0; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(kind, condition, name, parameters, arguments, result) \
    result name parameters { \
        static __typeof__(&name) real; \
        if (!real) real = REAL(name); \
        if ((kinds & (kind)) && (condition) && hit(kind)) return -1; \
        return real arguments; \
    }
#define OPENS(name, parameters, at, path, ...) \
    int name parameters { \
        static __typeof__(&name) real; \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (!real) real = REAL(name); \
        if ((kinds & OPEN) && is_below(at, path) && hit(OPEN)) return -1; \
        return real(__VA_ARGS__, flags, mode); \
    }

OPENS(open, (const char *path, int flags, ...), AT_FDCWD, path, path)
OPENS(open64, (const char *path, int flags, ...), AT_FDCWD, path, path)
OPENS(openat, (int at, const char *path, int flags, ...), at, path, at, path)
OPENS(openat64, (int at, const char *path, int flags, ...), at, path, at, path)
WRAP(WRITE, holds(fd), write, (int fd, const void *data, size_t size), (fd, data, size), ssize_t)
WRAP(WRITE, holds(fd), writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), ssize_t)
WRAP(WRITE, holds(fd), pwrite64, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), ssize_t)
WRAP(WRITE, holds(fd), ftruncate64, (int fd, off_t size), (fd, size), int)
WRAP(SYNC, holds(fd), fsync, (int fd), (fd), int)
WRAP(SYNC, holds(fd), fdatasync, (int fd), (fd), int)
WRAP(RENAME, is_below(AT_FDCWD, to), rename, (const char *from, const char *to), (from, to), int)
WRAP(RENAME, is_below(b, to), renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), int)
WRAP(LINK, is_below(AT_FDCWD, path), link, (const char *target, const char *path), (target, path), int)
WRAP(LINK, is_below(AT_FDCWD, path), symlink, (const char *target, const char *path), (target, path), int)
WRAP(REMOVE, is_below(AT_FDCWD, path), unlink, (const char *path), (path), int)
WRAP(REMOVE, is_below(at, path), unlinkat, (int at, const char *path, int flags), (at, path, flags), int)
WRAP(REMOVE, is_below(AT_FDCWD, path), rmdir, (const char *path), (path), int)
WRAP(MAKE, is_below(AT_FDCWD, path), mkdir, (const char *path, mode_t mode), (path, mode), int)
WRAP(MAKE, is_below(AT_FDCWD, path), chmod, (const char *path, mode_t mode), (path, mode), int)

extern void *__libc_malloc(size_t size);

void *malloc(size_t size) {
    return (kinds & MALLOC) && hit(MALLOC) ? NULL : __libc_malloc(size);
}
