/*
 * A document terminal made of libeac (OpenPACE), to hold the card against an implementation that shares nothing with it.
 *
 * It writes one command APDU a line to standard output, as hexadecimal digits, and reads one response APDU a line from
 * standard input: whoever starts it carries the lines to a card. What it found it tells in lines that begin with '='.
 * Everything that is not PACE, key agreement, cipher or checksum (APDUs, secure messaging objects) is built here.
 *
 *   libeac_terminal CAN [key=VALUE...]
 *     ca=kat:HEX | ca=at:HEX   chip authentication with that public key of the chip (EF.DG14), by MSE:Set KAT or
 *                              by MSE:Set AT and GENERAL AUTHENTICATE
 *     ca_oid=NAME              the protocol, a name that OpenSSL knows after libeac was loaded
 *     ca_parameters=N          standardised domain parameters of the chip's key
 *     ta_key=HEX ta_chr=TEXT ta_cert=ISSUER:HEX[,ISSUER:HEX...]
 *                              terminal authentication: PKCS#8 key, holder reference, certificates (7F21) from below the
 *                              trust anchor on, each behind the reference of its issuer
 *     dg3                      read EF.DG3 at the end
 *     seed=N                   keys are drawn from this number: the same run every time
 *     short=secret | short=key chip authentication with a key drawn until the shared secret, or the number that stands for
 *                              the key (a point's x), begins with a zero byte
 */
#define OPENSSL_API_COMPAT 0x10100000L /* RAND_set_rand_method, which is how a program brings its own randomness */
#include <eac/ca.h>
#include <eac/eac.h>
#include <eac/pace.h>
#include <eac/ta.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY 70000

typedef struct {
    unsigned char at[CAPACITY];
    size_t length;
} bytes;

static EAC_CTX *ctx;
static int protected;

static void fail(const char *step)
{
    fprintf(stderr, "libeac_terminal: %s failed\n", step);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void append(bytes *to, const void *from, size_t length)
{
    if (to->length + length > CAPACITY)
        fail("a buffer");
    memcpy(to->at + to->length, from, length);
    to->length += length;
}

static void byte(bytes *to, unsigned value)
{
    unsigned char one = (unsigned char)value;
    append(to, &one, 1);
}

/* A data object with a tag of one or two bytes (ISO/IEC 7816-4 clause 6). */
static void object(bytes *to, unsigned tag, const void *value, size_t length)
{
    if (tag > 0xFF)
        byte(to, tag >> 8);
    byte(to, tag & 0xFF);
    if (length > 0xFF) {
        byte(to, 0x82);
        byte(to, (unsigned)(length >> 8));
    } else if (length > 0x7F) {
        byte(to, 0x81);
    }
    byte(to, length & 0xFF);
    append(to, value, length);
}

/* The value of the first object with this tag of one byte; a mistake in the coding ends the program. */
static int find(const bytes *in, unsigned tag, bytes *value)
{
    size_t i = 0;
    while (i + 2 <= in->length) {
        unsigned here = in->at[i++];
        size_t length = in->at[i++];
        if (length == 0x81 && i < in->length) {
            length = in->at[i++];
        } else if (length == 0x82 && i + 1 < in->length) {
            length = (size_t)in->at[i] << 8 | in->at[i + 1];
            i += 2;
        }
        if (length > in->length - i)
            fail("the coding of a response");
        if (here == tag) {
            value->length = 0;
            append(value, in->at + i, length);
            return 1;
        }
        i += length;
    }
    return 0;
}

static BUF_MEM *buffer(const void *from, size_t length)
{
    BUF_MEM *to = BUF_MEM_new();
    if (!to || !BUF_MEM_grow(to, length))
        fail("memory");
    memcpy(to->data, from, length);
    return to;
}

static void append_buffer(bytes *to, BUF_MEM *from, const char *step)
{
    if (!from)
        fail(step);
    append(to, from->data, from->length);
    BUF_MEM_free(from);
}

static void from_hex(const char *text, bytes *to)
{
    unsigned value;
    to->length = 0;
    while (sscanf(text, "%2x", &value) == 1) {
        byte(to, value);
        if (!text[1])
            break;
        text += 2;
    }
}

static void tell(const char *name, const void *value, size_t length)
{
    const unsigned char *at = value;
    printf("=%s=", name);
    for (size_t i = 0; i < length; i++)
        printf("%02X", at[i]);
    printf("\n");
    fflush(stdout);
}

/* One command to the card and its response, as they are. */
static void carry(const bytes *command, bytes *response)
{
    static char line[2 * CAPACITY + 2];
    for (size_t i = 0; i < command->length; i++)
        printf("%02X", command->at[i]);
    printf("\n");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        fail("reading a response");
    line[strcspn(line, "\r\n")] = 0;
    from_hex(line, response);
    if (response->length < 2)
        fail("a response without status word");
}

/* Header, data and Le (-1: none), in the short form where that is enough. */
static void command_apdu(bytes *out, const unsigned char header[4], const bytes *data, int le, int extended)
{
    out->length = 0;
    append(out, header, 4);
    if (data->length) {
        if (extended) {
            byte(out, 0);
            byte(out, (unsigned)(data->length >> 8));
        }
        byte(out, data->length & 0xFF);
        append(out, data->at, data->length);
    } else if (extended && le >= 0) {
        byte(out, 0);
    }
    if (le >= 0) {
        if (extended)
            byte(out, (unsigned)le >> 8);
        byte(out, (unsigned)le & 0xFF);
    }
}

static uint64_t seed, drawn;

/* SHA-256 of the seed and a counter, block after block. */
static int draw(unsigned char *to, int length)
{
    unsigned char block[SHA256_DIGEST_LENGTH];
    for (int i = 0; i < length; i++) {
        if (i % SHA256_DIGEST_LENGTH == 0) {
            uint64_t from[2] = {seed, drawn++};
            SHA256((const unsigned char *)from, sizeof from, block);
        }
        to[i] = block[i % SHA256_DIGEST_LENGTH];
    }
    return 1;
}

static int always(void)
{
    return 1;
}

static void draw_from(const char *number)
{
    static RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = always};
    char *end;
    seed = strtoull(number, &end, 10);
    if (*end || end == number) {
        fprintf(stderr, "libeac_terminal: seed=%s: a whole number is needed, for example seed=7\n", number);
        exit(2);
    }
    if (!RAND_set_rand_method(&method))
        fail("bringing randomness of its own");
}

/*
 * libeac 1.1 keeps no leading zero bytes of a modular shared secret (OpenSSL's DH_compute_key) nor of an x-coordinate that
 * stands for a point, one in 256 of either. PKCS #3 and BSI TR-03111 clause 3.1.2 want the length of the prime: here they
 * come back, and it is told.
 */
static void widen(const char *name, BUF_MEM *number, size_t size)
{
    size_t had = number->length;
    if (had >= size)
        return;
    if (!BUF_MEM_grow(number, size))
        fail("memory");
    memmove(number->data + size - had, number->data, had);
    memset(number->data, 0, size - had);
    tell(name, number->data, size);
}

static int modular(const KA_CTX *ka)
{
    return EVP_PKEY_base_id(ka->key) != EVP_PKEY_EC;
}

/* The length of the prime in bytes; a point, `point` bytes long, has it twice behind its first byte. */
static size_t prime(const KA_CTX *ka, size_t point)
{
    return modular(ka) ? (size_t)EVP_PKEY_size(ka->key) : (point - 1) / 2;
}

static void widen_secret(KA_CTX *ka, size_t point)
{
    widen("widened_secret", ka->shared_secret, prime(ka, point));
}

static BUF_MEM *padded(const bytes *data)
{
    BUF_MEM *raw = buffer(data->at, data->length), *out = EAC_add_iso_pad(ctx, raw);
    if (!out)
        fail("padding");
    BUF_MEM_free(raw);
    return out;
}

/* ICAO 9303-11 clause 9.8: the command's objects, with a checksum over header and objects. */
static void protect(unsigned char header[4], const bytes *data, int le, int extended, bytes *objects)
{
    static bytes covered, cryptogram;
    objects->length = covered.length = cryptogram.length = 0;
    if (!EAC_increment_ssc(ctx))
        fail("the send sequence counter");
    header[0] |= 0x0C;
    if (data->length) {
        BUF_MEM *plain = padded(data);
        byte(&cryptogram, 1);
        append_buffer(&cryptogram, EAC_encrypt(ctx, plain), "encryption");
        BUF_MEM_free(plain);
        object(objects, 0x87, cryptogram.at, cryptogram.length);
    }
    if (le >= 0) {
        unsigned char field[2] = {(unsigned char)(le >> 8), (unsigned char)le};
        object(objects, 0x97, extended ? field : field + 1, extended ? 2 : 1);
    }
    append(&covered, header, 4);
    BUF_MEM *block = padded(&covered);
    covered.length = 0;
    append_buffer(&covered, block, "the header");
    append(&covered, objects->at, objects->length);
    BUF_MEM *input = padded(&covered);
    bytes checksum = {.length = 0};
    append_buffer(&checksum, EAC_authenticate(ctx, input), "the checksum");
    BUF_MEM_free(input);
    object(objects, 0x8E, checksum.at, 8);
}

static unsigned unprotect(bytes *response, bytes *data)
{
    static bytes objects, covered, value;
    unsigned sw = (unsigned)response->at[response->length - 2] << 8 | response->at[response->length - 1];
    objects.length = covered.length = data->length = 0;
    append(&objects, response->at, response->length - 2);
    if (!objects.length)
        return sw;
    if (!EAC_increment_ssc(ctx))
        fail("the send sequence counter");
    if (find(&objects, 0x87, &value)) {
        object(&covered, 0x87, value.at, value.length);
        BUF_MEM *in = buffer(value.at + 1, value.length - 1), *plain = EAC_decrypt(ctx, in);
        if (!plain)
            fail("decryption");
        append_buffer(data, EAC_remove_iso_pad(plain), "padding of a response");
        BUF_MEM_free(in);
        BUF_MEM_free(plain);
    }
    if (!find(&objects, 0x99, &value) || value.length != 2 || (unsigned)(value.at[0] << 8 | value.at[1]) != sw)
        fail("the status inside secure messaging");
    object(&covered, 0x99, value.at, 2);
    if (!find(&objects, 0x8E, &value))
        fail("the checksum of a response");
    BUF_MEM *input = padded(&covered), *checksum = buffer(value.at, value.length);
    if (EAC_verify_authentication(ctx, input, checksum) != 1)
        fail("verifying the checksum of a response");
    BUF_MEM_free(input);
    BUF_MEM_free(checksum);
    return sw;
}

/* A command, protected once a channel is open. Ends the program when the status is not the one wanted. */
static void send(const char *step, unsigned cla, unsigned ins, unsigned p1p2, const bytes *data, int le, bytes *answer,
                 unsigned wanted)
{
    static bytes command, response, objects;
    static const bytes nothing;
    unsigned char header[4] = {(unsigned char)cla, (unsigned char)ins, (unsigned char)(p1p2 >> 8), (unsigned char)p1p2};
    unsigned sw;
    data = data ? data : &nothing;
    int extended = data->length > 200 || le > 256;
    if (protected) {
        protect(header, data, le, extended, &objects);
        command_apdu(&command, header, &objects, 0, extended);
        carry(&command, &response);
        sw = unprotect(&response, answer);
    } else {
        command_apdu(&command, header, data, le, extended);
        carry(&command, &response);
        sw = (unsigned)response.at[response.length - 2] << 8 | response.at[response.length - 1];
        answer->length = 0;
        append(answer, response.at, response.length - 2);
    }
    if (sw != wanted) {
        fprintf(stderr, "libeac_terminal: %s answered %04X, not %04X\n", step, sw, wanted);
        exit(1);
    }
}

static void general_authenticate(unsigned cla, unsigned tag, BUF_MEM *value, unsigned back, bytes *answer)
{
    static bytes inner, outer, response;
    inner.length = outer.length = 0;
    if (value)
        object(&inner, tag, value->data, value->length);
    object(&outer, 0x7C, inner.at, inner.length);
    send("GENERAL AUTHENTICATE", cla, 0x86, 0, &outer, 0, &response, 0x9000);
    bytes *whole = &outer;
    if (!find(&response, 0x7C, whole))
        fail("the dynamic authentication data");
    answer->length = 0;
    if (back && !find(whole, back, answer))
        fail("the object wanted in the dynamic authentication data");
}

/* ICAO 9303-11 clause 4.4, with the card's first offer and the card access number. */
static void pace(const char *can, bytes *chip_ephemeral)
{
    static bytes data, answer, file;
    unsigned char identifier[] = {0x01, 0x1C}, reference = 2;
    data.length = 0;
    append(&data, identifier, 2);
    send("SELECT EF.CardAccess", 0, 0xA4, 0x020C, &data, -1, &answer, 0x9000);
    send("READ BINARY EF.CardAccess", 0, 0xB0, 0, NULL, 0, &file, 0x9000);
    if (!EAC_CTX_init_ef_cardaccess(file.at, file.length, ctx) || !ctx->pace_ctx)
        fail("EF.CardAccess");
    PACE_SEC *secret = PACE_SEC_new(can, strlen(can), PACE_CAN);
    const ASN1_OBJECT *oid = OBJ_nid2obj(ctx->pace_ctx->protocol);
    tell("protocol", OBJ_nid2sn(ctx->pace_ctx->protocol), strlen(OBJ_nid2sn(ctx->pace_ctx->protocol)));
    data.length = 0;
    object(&data, 0x80, OBJ_get0_data(oid), OBJ_length(oid));
    object(&data, 0x83, &reference, 1);
    send("MSE:Set AT", 0, 0x22, 0xC1A4, &data, -1, &answer, 0x9000);

    general_authenticate(0x10, 0, NULL, 0x80, &answer);
    BUF_MEM *in = buffer(answer.at, answer.length);
    if (!PACE_STEP2_dec_nonce(ctx, secret, in))
        fail("the nonce");
    BUF_MEM *own = PACE_STEP3A_generate_mapping_data(ctx);
    general_authenticate(0x10, 0x81, own, 0x82, &answer);
    in = buffer(answer.at, answer.length);
    if (!PACE_STEP3A_map_generator(ctx, in))
        fail("the mapping");
    own = PACE_STEP3B_generate_ephemeral_key(ctx);
    general_authenticate(0x10, 0x83, own, 0x84, chip_ephemeral);
    in = buffer(chip_ephemeral->at, chip_ephemeral->length);
    if (!PACE_STEP3B_compute_shared_secret(ctx, in))
        fail("the key agreement");
    widen_secret(ctx->pace_ctx->ka_ctx, in->length);
    if (!PACE_STEP3C_derive_keys(ctx))
        fail("the keys of the session");
    own = PACE_STEP3D_compute_authentication_token(ctx, in);
    general_authenticate(0x00, 0x85, own, 0x86, &answer);
    if (PACE_STEP3D_verify_authentication_token(ctx, buffer(answer.at, answer.length)) != 1)
        fail("the chip's token");
    if (!EAC_CTX_set_encryption_ctx(ctx, EAC_ID_PACE))
        fail("the session");
    protected = 1;
}

static void read_file(const char *name, unsigned short_identifier)
{
    static bytes answer, file;
    size_t length = 6;
    file.length = 0;
    send(name, 0, 0xB0, (0x80 | short_identifier) << 8, NULL, 6, &answer, 0x9000);
    append(&file, answer.at, answer.length);
    if (file.length > 4 && file.at[1] == 0x82)
        length = 4 + ((size_t)file.at[2] << 8 | file.at[3]);
    else if (file.length > 3 && file.at[1] == 0x81)
        length = 3 + (size_t)file.at[2];
    else
        length = 2 + (size_t)file.at[1];
    while (file.length < length) {
        size_t rest = length - file.length;
        send(name, 0, 0xB0, (unsigned)file.length, NULL, rest > 0xC0 ? 0xC0 : (int)rest, &answer, 0x9000);
        if (!answer.length)
            fail("reading on in a file");
        append(&file, answer.at, answer.length);
    }
    tell(name, file.at, file.length);
}

/* Version 1 derives its keys from the shared secret alone; libeac's own derivation is version 2's. */
static void derive(KA_CTX *ka, unsigned char counter, BUF_MEM **key, int length)
{
    unsigned char digest[SHA256_DIGEST_LENGTH], four[4] = {0, 0, 0, counter};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned size;
    EVP_DigestInit(md, length > 16 ? EVP_sha256() : EVP_sha1());
    EVP_DigestUpdate(md, ka->shared_secret->data, ka->shared_secret->length);
    EVP_DigestUpdate(md, four, 4);
    EVP_DigestFinal(md, digest, &size);
    EVP_MD_CTX_free(md);
    *key = buffer(digest, (size_t)length);
}

/* The short form of a public key (BSI TR-03110-3 clause A.2.2.3): x of a point, as long as the prime, or a digest. */
static BUF_MEM *compressed(int protocol, const char *name, BUF_MEM *key)
{
    BUF_MEM *out = EAC_Comp(ctx, protocol, key);
    if (!out)
        fail("the short form of a key");
    if (out->length != SHA_DIGEST_LENGTH)
        widen(name, out, (key->length - 1) / 2);
    return out;
}

/* Whether the key drawn has what the option `wanted` asks for. */
static int is_short(const char *wanted, const KA_CTX *ka, const BUF_MEM *own)
{
    size_t size = prime(ka, own->length);
    const BUF_MEM *secret = ka->shared_secret;
    if (!strcmp(wanted, "secret"))
        return secret->length < size || !secret->data[0];
    return modular(ka) ? own->length < size || !own->data[0] : !own->data[1];
}

/* A key of the terminal for chip authentication and what it shares with the chip; drawn again until it is as wanted. */
static BUF_MEM *agree(KA_CTX *ka, BUF_MEM *chip, const char *wanted)
{
    for (int tries = 0; tries < 20000; tries++) {
        if (modular(ka)) {
            /* OpenSSL draws a modular private key only where there is none; the subgroup has an order of 256 bits. */
            DH *dh = EVP_PKEY_get1_DH(ka->key);
            BIGNUM *private = BN_new();
            if (!dh || !private || !BN_rand(private, 255, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) ||
                !DH_set0_key(dh, NULL, private))
                fail("drawing a private key");
            DH_free(dh);
        }
        BUF_MEM *own = ka->generate_key(ka->key, ctx->bn_ctx);
        if (!own)
            fail("the terminal's ephemeral key");
        ka->shared_secret = ka->compute_key(ka->key, chip, ctx->bn_ctx);
        if (!ka->shared_secret)
            fail("the shared secret with the chip");
        if (!wanted || is_short(wanted, ka, own))
            return own;
        BUF_MEM_free(own);
        BUF_MEM_free(ka->shared_secret);
    }
    fail("drawing a key that is short");
    return NULL;
}

/* ICAO 9303-11 clause 6.2. */
static BUF_MEM *chip_authentication(const char *how, const char *protocol, int parameters, const char *wanted)
{
    static bytes key, data, answer;
    int by_kat = !strncmp(how, "kat:", 4), nid = OBJ_sn2nid(protocol);
    if (nid == NID_undef || !EAC_CTX_init_ca(ctx, nid, parameters))
        fail("the chip authentication's protocol");
    from_hex(strchr(how, ':') + 1, &key);
    KA_CTX *ka = ctx->ca_ctx->ka_ctx;
    BUF_MEM *own = agree(ka, buffer(key.at, key.length), wanted);
    widen_secret(ka, own->length);
    data.length = 0;
    if (by_kat) {
        object(&data, 0x91, own->data, own->length);
        send("MSE:Set KAT", 0, 0x22, 0x41A6, &data, -1, &answer, 0x9000);
    } else {
        const ASN1_OBJECT *oid = OBJ_nid2obj(nid);
        object(&data, 0x80, OBJ_get0_data(oid), OBJ_length(oid));
        send("MSE:Set AT", 0, 0x22, 0x41A4, &data, -1, &answer, 0x9000);
        general_authenticate(0x00, 0x80, own, 0, &answer);
    }
    derive(ka, 1, &ka->k_enc, ka->enc_keylen);
    derive(ka, 2, &ka->k_mac, ka->mac_keylen);
    if (!EAC_CTX_set_encryption_ctx(ctx, EAC_ID_CA))
        fail("the session after chip authentication");
    return own;
}

/*
 * Terminal Authentication, version 1 (BSI TR-03110-1 clause 3.3): certificates, then the signature over card, challenge and
 * ephemeral key. The last certificate is the terminal's own.
 */
static void terminal_authentication(const char *key, const char *chr, char *certificates, const bytes *card,
                                    BUF_MEM *ephemeral)
{
    static bytes data, answer, text, challenge;
    const char *own = NULL;
    for (char *one = strtok(certificates, ","); one; one = strtok(NULL, ",")) {
        char *mark = strchr(one, ':');
        if (!mark)
            fail("a certificate without the reference of its issuer");
        data.length = 0;
        object(&data, 0x83, one, (size_t)(mark - one));
        send("MSE:Set DST", 0, 0x22, 0x81B6, &data, -1, &answer, 0x9000);
        own = mark + 1;
        from_hex(own, &text);
        /* Body and signature go to the card, without the template 7F21 around them. */
        size_t header = text.length > 4 && text.at[2] == 0x82 ? 5 : 4;
        data.length = 0;
        append(&data, text.at + header, text.length - header);
        send("PSO:Verify Certificate", 0, 0x2A, 0x00BE, &data, -1, &answer, 0x9000);
    }
    data.length = 0;
    object(&data, 0x83, chr, strlen(chr));
    send("MSE:Set AT", 0, 0x22, 0x81A4, &data, -1, &answer, 0x9000);
    send("GET CHALLENGE", 0, 0x84, 0, NULL, 8, &challenge, 0x9000);

    static bytes own_certificate;
    from_hex(key, &text);
    from_hex(own, &own_certificate);
    if (!EAC_CTX_init_ta(ctx, text.at, text.length, own_certificate.at, own_certificate.length) ||
        !TA_STEP4_set_nonce(ctx, buffer(challenge.at, challenge.length)))
        fail("the terminal's key and certificate");
    BUF_MEM *own_short = compressed(EAC_ID_CA, "widened_key", ephemeral);
    BUF_MEM *signature = TA_STEP5_sign(ctx, own_short, buffer(card->at, card->length), NULL);
    data.length = 0;
    append_buffer(&data, signature, "the terminal's signature");
    send("EXTERNAL AUTHENTICATE", 0, 0x82, 0, &data, -1, &answer, 0x9000);
}

static char *option(int count, char **arguments, const char *name)
{
    size_t length = strlen(name);
    for (int i = 2; i < count; i++)
        if (!strncmp(arguments[i], name, length) && (arguments[i][length] == '=' || !arguments[i][length]))
            return arguments[i] + length + (arguments[i][length] == '=');
    return NULL;
}

int main(int count, char **arguments)
{
    static bytes data, answer, chip_ephemeral, card;
    static const unsigned char application[] = {0xA0, 0, 0, 2, 0x47, 0x10, 0x01};
    if (count < 2) {
        fprintf(stderr, "usage: libeac_terminal CAN [key=VALUE...]; see the head of its source\n");
        return 2;
    }
    const char *wanted = option(count, arguments, "short");
    if (wanted && strcmp(wanted, "secret") && strcmp(wanted, "key")) {
        fprintf(stderr, "libeac_terminal: short=%s: there are short=secret and short=key\n", wanted);
        return 2;
    }
    EAC_init();
    if (option(count, arguments, "seed"))
        draw_from(option(count, arguments, "seed"));
    ctx = EAC_CTX_new();
    if (!ctx)
        fail("libeac");
    pace(arguments[1], &chip_ephemeral);
    append(&data, application, sizeof application);
    send("SELECT of the application", 0, 0xA4, 0x040C, &data, -1, &answer, 0x9000);
    read_file("EF.COM", 0x1E);
    char *ca = option(count, arguments, "ca");
    if (ca) {
        const char *parameters = option(count, arguments, "ca_parameters");
        BUF_MEM *own =
            chip_authentication(ca, option(count, arguments, "ca_oid"), atoi(parameters ? parameters : "0"), wanted);
        read_file("EF.DG1", 1);
        char *certificates = option(count, arguments, "ta_cert");
        if (certificates) {
            /* What identifies the card in the signature is the short form of its ephemeral key of PACE. */
            BUF_MEM *ephemeral = buffer(chip_ephemeral.at, chip_ephemeral.length);
            append_buffer(&card, compressed(EAC_ID_PACE, "widened_chip_key", ephemeral), "the card's name");
            terminal_authentication(option(count, arguments, "ta_key"), option(count, arguments, "ta_chr"), certificates,
                                    &card, own);
        }
    }
    if (option(count, arguments, "dg3"))
        read_file("EF.DG3", 3);
    printf("=done=\n");
    return 0;
}
