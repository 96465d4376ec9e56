#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/err.h"

void random_bytes(void *out, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t r = getrandom((char *)out + done, n - done, 0);
        check(r > 0 || errno == EINTR);
        if (r > 0)
            done += (size_t)r;
    }
}
