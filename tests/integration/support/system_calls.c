/* Loaded with LD_PRELOAD: appends to the file $SEGCAP_SYSTEM_CALLS a line for each name that a program looks up, each
 * socket address that it sends to, and each file that it opens or changes. Calls inside the C library are not seen. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(const char *what, const char *detail) {
    char line[4400];
    const char *file = getenv("SEGCAP_SYSTEM_CALLS");
    if (!file || !detail) return;
    int length = snprintf(line, sizeof line, "%s %s\n", what, detail);
    if (length >= (int)sizeof line) length = sizeof line - 1;
    /* Not through our own open. */
    long fd = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return;
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
}

static void note_address(const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN], line[INET6_ADDRSTRLEN + 8];
    int port;
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text), port = ntohs(in->sin_port);
    } else if (address && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text), port = ntohs(in->sin6_port);
    } else {
        return;
    }
    snprintf(line, sizeof line, "%s %d", text, port);
    note("send", line);
}

static void note_open(const char *path, int flags) {
    note(flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? "write" : "read", path);
}

static void note_fopen(const char *path, const char *mode) {
    note(strpbrk(mode, "wa+") ? "write" : "read", path);
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    note_address(address);
    return REAL(connect)(fd, address, size);
}

ssize_t sendto(int fd, const void *data, size_t count, int flags, const struct sockaddr *address, socklen_t size) {
    note_address(address);
    return REAL(sendto)(fd, data, count, flags, address, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    note_address(message->msg_name);
    return REAL(sendmsg)(fd, message, flags);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    note("lookup", node ? node : "");
    return REAL(getaddrinfo)(node, service, hints, found);
}

struct hostent *gethostbyname(const char *name) {
    note("lookup", name);
    return REAL(gethostbyname)(name);
}

#define MODE_OF(flags) ({ \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    mode; })

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        mode_t mode = MODE_OF(flags); \
        note_open(path, flags); \
        return REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        mode_t mode = MODE_OF(flags); \
        note_open(path, flags); \
        return REAL(name)(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name) \
    FILE *name(const char *path, const char *mode) { \
        note_fopen(path, mode); \
        return REAL(name)(path, mode); \
    }
FOPEN(fopen)
FOPEN(fopen64)

#define CHANGE(name, parameters, path, arguments) \
    int name parameters { \
        note("write", path); \
        return REAL(name) arguments; \
    }
CHANGE(creat, (const char *path, mode_t mode), path, (path, mode))
CHANGE(mkdir, (const char *path, mode_t mode), path, (path, mode))
CHANGE(mkdirat, (int folder, const char *path, mode_t mode), path, (folder, path, mode))
CHANGE(unlink, (const char *path), path, (path))
CHANGE(rename, (const char *old, const char *new), new, (old, new))
CHANGE(renameat, (int from, const char *old, int to, const char *new), new, (from, old, to, new))
CHANGE(symlink, (const char *target, const char *path), path, (target, path))
CHANGE(link, (const char *target, const char *path), path, (target, path))
