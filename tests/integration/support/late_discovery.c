/* Loaded with LD_PRELOAD into a DDS client: for $SEGCAP_HOLD_S seconds from the first one on, what announces its readers
 * (SEGCAP_HOLD=readers) or its writers (SEGCAP_HOLD=writers) is lost on the way, as it may be on a busy machine. Fast DDS
 * must use UDP alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* RTPS 2.5, 9.3.1.5 and 9.4.5: the writers that announce readers and writers, and where a submessage names its writer. */
static const uint8_t OF_READERS[4] = {0x00, 0x00, 0x04, 0xc2}, OF_WRITERS[4] = {0x00, 0x00, 0x03, 0xc2};
enum { HEADER = 20, HEARTBEAT = 0x07, GAP = 0x08, DATA = 0x15 };

static int announces(const uint8_t *of, const uint8_t *packet, size_t size) {
    if (size < HEADER || memcmp(packet, "RTPS", 4) != 0) return 0;
    for (size_t at = HEADER; at + 4 <= size;) {
        const uint8_t *submessage = packet + at;
        size_t length = submessage[1] & 1 ? submessage[2] | submessage[3] << 8 : submessage[2] << 8 | submessage[3];
        size_t writer = submessage[0] == DATA ? 12 : submessage[0] == HEARTBEAT || submessage[0] == GAP ? 8 : 0;
        if (writer && at + writer + 4 <= size && memcmp(submessage + writer, of, 4) == 0) return 1;
        if (length == 0) return 0;
        at += 4 + length;
    }
    return 0;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static int is_lost(const void *packet, size_t size) {
    static double until;
    const char *hold = getenv("SEGCAP_HOLD"), *hold_s = getenv("SEGCAP_HOLD_S");
    if (!hold || !hold_s) return 0;
    if (!announces(strcmp(hold, "readers") == 0 ? OF_READERS : OF_WRITERS, packet, size)) return 0;
    if (until == 0) until = seconds() + atof(hold_s);
    return seconds() < until;
}

ssize_t sendto(int fd, const void *data, size_t count, int flags, const struct sockaddr *address, socklen_t size) {
    return is_lost(data, count) ? (ssize_t)count : REAL(sendto)(fd, data, count, flags, address, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    size_t count = 0;
    uint8_t packet[65536];
    for (size_t part = 0; part < message->msg_iovlen; part++) {
        const struct iovec *piece = &message->msg_iov[part];
        if (count + piece->iov_len > sizeof packet) return REAL(sendmsg)(fd, message, flags);
        memcpy(packet + count, piece->iov_base, piece->iov_len);
        count += piece->iov_len;
    }
    return is_lost(packet, count) ? (ssize_t)count : REAL(sendmsg)(fd, message, flags);
}
