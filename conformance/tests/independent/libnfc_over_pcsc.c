/*
 * The few functions of libnfc that mrtdreader calls, carried over PC/SC: preloaded, it lets that program read a card in any
 * PC/SC reader. The first reader with a card is "the NFC device", its card the only target.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

static SCARDCONTEXT service;
static SCARDHANDLE card;
static DWORD protocol;
static char reader[1024];

static int connected(void)
{
    static char names[16 * MAX_READERNAME];
    DWORD length = sizeof names;
    if (card)
        return 1;
    if (SCardListReaders(service, NULL, names, &length) != SCARD_S_SUCCESS)
        return 0;
    for (char *name = names; *name; name += strlen(name) + 1) {
        LONG result = SCardConnect(service, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol);
        if (result == SCARD_S_SUCCESS) {
            strncpy(reader, name, sizeof reader - 1);
            return 1;
        }
        fprintf(stderr, "%s: %s\n", name, pcsc_stringify_error(result));
    }
    return 0;
}

void nfc_init(void **context)
{
    LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &service);
    if (result != SCARD_S_SUCCESS)
        fprintf(stderr, "PC/SC: %s\n", pcsc_stringify_error(result));
    *context = result == SCARD_S_SUCCESS ? &service : NULL;
}

void nfc_exit(void *context)
{
    (void)context;
    SCardReleaseContext(service);
}

size_t nfc_list_devices(void *context, char (*names)[1024], size_t count)
{
    (void)context;
    if (!count || !connected())
        return 0;
    snprintf(names[0], 1024, "%s", reader);
    return 1;
}

void *nfc_open(void *context, const char *name)
{
    (void)context;
    (void)name;
    return connected() ? &card : NULL;
}

void nfc_close(void *device)
{
    (void)device;
    SCardDisconnect(card, SCARD_RESET_CARD);
    card = 0;
}

const char *nfc_device_get_name(void *device)
{
    (void)device;
    return reader;
}

int nfc_device_set_property_bool(void *device, int property, bool enable)
{
    (void)device;
    (void)property;
    (void)enable;
    return 0;
}

int nfc_initiator_init(void *device)
{
    (void)device;
    return 0;
}

/* The caller's idea of the target stays as it is: mrtdreader only asks whether there is one. */
int nfc_initiator_select_passive_target(void *device, ...)
{
    (void)device;
    return connected() ? 1 : 0;
}

void nfc_perror(const void *device, const char *text)
{
    (void)device;
    fprintf(stderr, "%s\n", text);
}

int nfc_initiator_transceive_bytes(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t room,
                                   int timeout)
{
    (void)device;
    (void)timeout;
    DWORD received = room;
    SCARD_IO_REQUEST answered;
    LONG result = SCardTransmit(card, protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0, command, length, &answered,
                                response, &received);
    if (result != SCARD_S_SUCCESS) {
        fprintf(stderr, "PC/SC: %s\n", pcsc_stringify_error(result));
        return -1;
    }
    return (int)received;
}
