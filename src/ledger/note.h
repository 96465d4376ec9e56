/*
 * note: signed notes and checkpoints, the texts by which a log commits itself (C2SP signed-note
 * and tlog-checkpoint). A checkpoint reads
 *
 *     <origin>\n<size>\n<base64 of the SHA-256 root>\n[sm3 <base64 of the SM3 root>\n]\n
 *     — <key name> <base64 of key id (4 bytes) || signature>\n ...
 *
 * and whoever holds two checkpoints of one origin can ask for a consistency proof between them.
 * What is signed is the body up to and with the newline before the empty line. Of the extension
 * lines that tlog-checkpoint allows only ours, "sm3", is read: no log may sign what none can check.
 *
 *   kind            type bytes     public key            signature
 *   KEY_ED25519     01             32 bytes, RFC 8032    64 bytes over the body
 *   KEY_SM2         ff 73 6d 32    65 bytes, 04||x||y    DER SEQUENCE {r, s} (GM/T 0009), SM2 with
 *                   (ff "sm2")                           SM3 and the id "1234567812345678" (GB/T
 *                                                        32918.2) over the body
 *   KEY_WITNESS     04             32 bytes, RFC 8032    time (8 bytes, big-endian) || 64 bytes
 *                                                        over "cosignature/v1\ntime <t>\n" || body
 *
 * Key id = the first 4 bytes of SHA-256(name || "\n" || type bytes || public key). A public key is
 * one line, "<name>+<8 hex digits of the id>+<base64 of type bytes || public key>". A private key
 * is a PKCS#8 PEM file without password that only its owner may read: any other mode is refused.
 * The type bytes of SM2 are ours, by the rule of signed-note for types without a number.
 */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include "ledger/merkle.h"

enum key_kind { KEY_ED25519, KEY_SM2, KEY_WITNESS, KEY_KINDS };
enum { NOTE_BYTES = 16 * 1024, NOTE_SIGNATURES = 16, KEY_SIGNATURE_BYTES = 80 };

struct key;        /* private */
struct public_key { /* by value */
    char name[128]; /* UTF-8; not empty, no control character, no Unicode space, no "+" */
    enum key_kind kind;
    uint8_t id[4];
    uint8_t bytes[65]; /* Ed25519: 32; SM2: uncompressed point, on the curve */
    size_t n;
};

/* Makes a key file (mode 0600, never over an existing one, on the disk when it returns); for
 * KEY_WITNESS an Ed25519 key. ERR_CONFLICT, ERR_INVALID (the name), ERR_IO. */
enum err key_make(const char *path, const char *name, enum key_kind kind, struct error *e);
/* ERR_DENIED when others may read or write the file or it is another user's; ERR_NOT_FOUND;
 * ERR_INVALID: a link, no regular file, no PKCS#8 key, another kind of key; ERR_IO. */
enum err key_open(struct key **out, const char *path, const char *name, struct error *e);
void key_close(struct key *k);
const struct public_key *key_public(const struct key *k); /* KEY_ED25519 or KEY_SM2 */
void public_key_write(const struct public_key *k, struct buf *out); /* the line, no newline */
/* ERR_SYNTAX, ERR_INVALID (type, length or point), ERR_INTEGRITY (the id is not this key's). */
enum err public_key_read(struct str line, struct public_key *out, struct error *e);
/* The key under which cosignatures of an Ed25519 key are found: same bytes, another id. */
struct public_key public_key_witness(const struct public_key *k);

/* A signature over plain bytes, by kind as above without time. key_sign checks what it made. */
enum err key_sign(const struct key *k, struct str text, uint8_t sig[KEY_SIGNATURE_BYTES], size_t *n,
                  struct error *e);
bool public_key_holds(const struct public_key *k, struct str text, const uint8_t *sig, size_t n);

struct checkpoint {
    char origin[128]; /* UTF-8; not empty, no control character */
    uint64_t size;    /* at most MERKLE_SIZE_MAX */
    struct digest root, sm3;
    bool has_sm3;
};
void checkpoint_body(const struct checkpoint *c, struct buf *out);
/* Adds to out: body, empty line and a signature line for each of n keys, 1 to NOTE_SIGNATURES.
 * Nothing is added on error: ERR_INVALID (the origin or size), ERR_INTEGRITY (a signature). */
enum err checkpoint_sign(const struct checkpoint *c, struct key *const *keys, int n,
                         struct buf *out, struct error *e);
/* A witness's word: adds the note and one more line, the cosignature by an Ed25519 key at `now`
 * (seconds since 1970). ERR_INVALID (not Ed25519), or what checkpoint_open says of the form of
 * the note. The caller has opened the note and checked that the log only grew. */
enum err checkpoint_cosign(struct str note, const struct key *witness, int64_t now,
                           struct buf *out, struct error *e);
/* Parses strictly and verifies nothing: for a log's own checkpoints. */
enum err checkpoint_read(struct str note, struct checkpoint *out, struct error *e);
/* Parses strictly and verifies: at least one signature by `key` must be there and hold; a
 * signature by that key that does not hold refuses the note, whatever else is there. Unknown
 * keys are passed over. ERR_SYNTAX names the line, ERR_LIMIT the limit, ERR_INTEGRITY the
 * signature that failed; *out is then untouched. */
enum err checkpoint_open(struct str note, const struct public_key *key, struct checkpoint *out,
                         struct error *e);
/* The same for a KEY_WITNESS key; *time (may be NULL) is the latest of its cosignatures. */
enum err checkpoint_witnessed(struct str note, const struct public_key *witness,
                              struct checkpoint *out, int64_t *time, struct error *e);

#endif
