/* Check digits of party numbers. */
#include "declaration/declaration.h"

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

/* GB 32100-2015: 31 characters, no I, O, Z, S, V; weights are powers of 3 modulo 31. */
static const char unified[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
static const uint8_t unified_weight[17] = {1,  3,  9,  27, 19, 26, 16, 17, 20,
                                           29, 25, 13, 8,  24, 10, 30, 28};
enum { BAD = 255 };
/* Value of a character, 255: not of the alphabet. */
static const uint8_t unified_value[256] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 255, 255, 255, 255, 255,
    255, 10, 11, 12, 13, 14, 15, 16, 17, 255, 18, 19, 20, 21, 22, 255,
    23, 24, 25, 255, 26, 27, 255, 28, 29, 30, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

/* Sum of the first 16, weighted, and whether one of them is not of the alphabet. */
#ifdef __SSSE3__
static inline unsigned unified_sixteen(const char *id, unsigned *sum)
{
    const __m128i a_to_p = _mm_setr_epi8(10, 11, 12, 13, 14, 15, 16, 17, -1, 18, 19, 20, 21, 22, -1,
                                         23),
                  q_to_z = _mm_setr_epi8(24, 25, -1, 26, 27, -1, 28, 29, 30, -1, -1, -1, -1, -1, -1,
                                         -1);
    const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)id);
    const __m128i digit = _mm_sub_epi8(c, _mm_set1_epi8('0')),
                  letter = _mm_sub_epi8(c, _mm_set1_epi8('A'));
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit),
                  is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
    /* A lookup gives 0 where the index has its top bit: behind P for the one, before Q for the
     * other. */
    __m128i v = _mm_or_si128(
        _mm_shuffle_epi8(a_to_p, _mm_adds_epu8(letter, _mm_set1_epi8(0x70))),
        _mm_shuffle_epi8(q_to_z, _mm_sub_epi8(letter, _mm_set1_epi8(16))));
    v = _mm_or_si128(_mm_and_si128(is_digit, digit), _mm_andnot_si128(is_digit, v));
    const __m128i known = _mm_or_si128(is_digit, is_letter);
    unsigned bad = (unsigned)_mm_movemask_epi8(v) | (unsigned)(_mm_movemask_epi8(known) ^ 0xFFFF);
    const __m128i weight = _mm_loadu_si128((const __m128i *)(const void *)unified_weight);
    __m128i s = _mm_madd_epi16(_mm_maddubs_epi16(v, weight), _mm_set1_epi16(1));
    s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
    *sum = (unsigned)_mm_cvtsi128_si32(s) + (unsigned)_mm_cvtsi128_si32(_mm_srli_epi64(s, 32));
    return bad;
}
#else
static inline unsigned unified_sixteen(const char *id, unsigned *sum)
{
    unsigned bad = 0;
    *sum = 0;
    for (int i = 0; i < 16; i++) {
        unsigned v = unified_value[(uint8_t)id[i]];
        bad |= v & 128;
        *sum += v * unified_weight[i];
    }
    return bad;
}
#endif

/* Sum of the first 17, weighted; false when a character is not of the alphabet. */
static bool unified_sum(const char *id, unsigned *sum)
{
    unsigned last = unified_value[(uint8_t)id[16]];
    unsigned bad = unified_sixteen(id, sum) | (last & 128);
    *sum += last * unified_weight[16];
    return bad == 0;
}

char unified_code_check(const char id[17])
{
    unsigned sum;
    check(unified_sum(id, &sum));
    return unified[(31 - sum % 31) % 31];
}

bool unified_code_valid(const char id[18])
{
    unsigned sum, last = unified_value[(uint8_t)id[17]];
    return unified_sum(id, &sum) && last != BAD && (sum + last) % 31 == 0;
}

/* GB 11643-1999: weights are 2^(17-i) modulo 11; the check is 0-9 or X for ten. */
static bool citizen_sum(const char *id, unsigned *sum)
{
    static const uint8_t weight[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    bool digits = true;
    *sum = 0;
    for (int i = 0; i < 17; i++) {
        digits &= id[i] >= '0' && id[i] <= '9';
        *sum += (unsigned)(id[i] - '0') * weight[i];
    }
    return digits;
}

char citizen_number_check(const char id[17])
{
    unsigned sum;
    check(citizen_sum(id, &sum));
    return "10X98765432"[sum % 11];
}

bool citizen_number_valid(const char id[18])
{
    unsigned sum;
    return citizen_sum(id, &sum) && "10X98765432"[sum % 11] == id[17];
}
