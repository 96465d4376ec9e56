/* The style sheet lies in the binary; style.inc is style.css as a C string. */
#include "portal/inside.h"

#include <pthread.h>

static const char text[] =
#include "style.inc"
    ;
static char version[65];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void hash_once(void)
{
    uint8_t digest[32];
    hash_sha256(text, sizeof text - 1, digest);
    hash_hex(digest, 32, version);
}

struct str style_text(void)
{
    return (struct str){text, sizeof text - 1};
}

struct str style_version(void)
{
    pthread_once(&once, hash_once);
    return (struct str){version, 12};
}
