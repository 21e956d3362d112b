"""A PC/SC client on a string: one command a line on standard input, one answer a line on standard output.

The answer is the error code in hex (00000000 for success), then what there is to say. It does what it is told and
nothing else, so that the tests see every error as a program would.
"""

import sys

from smartcard import scard

PROTOCOLS = {"T0": scard.SCARD_PROTOCOL_T0, "T1": scard.SCARD_PROTOCOL_T1}
PROTOCOLS["any"] = PROTOCOLS["T0"] | PROTOCOLS["T1"]
NAMES = {scard.SCARD_PROTOCOL_T0: "T0", scard.SCARD_PROTOCOL_T1: "T1"}
ACTIONS = {
    "leave": scard.SCARD_LEAVE_CARD,
    "reset": scard.SCARD_RESET_CARD,
    "unpower": scard.SCARD_UNPOWER_CARD,
}


def as_hex(values):
    return bytes(value & 0xFF for value in values).hex()


class Client:
    def __init__(self):
        self.context = None
        self.card = None
        self.protocol = 0
        self.state = 0

    def establish(self):
        code, self.context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        return code, ""

    def readers(self):
        code, names = scard.SCardListReaders(self.context, [])
        return code, "|".join(names)

    def connect(self, protocol, *name):
        code, self.card, self.protocol = scard.SCardConnect(
            self.context, " ".join(name), scard.SCARD_SHARE_SHARED, PROTOCOLS[protocol]
        )
        return code, NAMES.get(self.protocol, "")

    def reconnect(self, action):
        code, self.protocol = scard.SCardReconnect(
            self.card, scard.SCARD_SHARE_SHARED, PROTOCOLS["any"], ACTIONS[action]
        )
        return code, NAMES.get(self.protocol, "")

    def disconnect(self, action):
        return scard.SCardDisconnect(self.card, ACTIONS[action]), ""

    def transmit(self, command):
        code, answer = scard.SCardTransmit(self.card, self.protocol, list(bytes.fromhex(command)))
        return code, as_hex(answer)

    def attribute(self, number):
        code, value = scard.SCardGetAttrib(self.card, int(number, 16))
        return code, as_hex(value)

    def control(self, number):
        code, value = scard.SCardControl(self.card, int(number, 16), [])
        return code, as_hex(value)

    def now(self, *name):
        """What the reader is now, whatever was known of it before."""
        self.state = scard.SCARD_STATE_UNAWARE
        return self.change(0, *name)

    def change(self, milliseconds, *name):
        """Waits for a change of the reader since the last call; says what it is, and how often it has changed."""
        states = [(" ".join(name), self.state)]
        code, states = scard.SCardGetStatusChange(self.context, int(milliseconds), states)
        if code != 0:
            return code, ""
        _, state, atr = states[0]
        self.state = state & ~scard.SCARD_STATE_CHANGED
        present = "present" if state & scard.SCARD_STATE_PRESENT else "empty"
        return code, f"{present} {state >> 16} {as_hex(atr)}"


def main():
    client = Client()
    for line in sys.stdin:
        name, *arguments = line.split()
        code, text = getattr(client, name)(*arguments)
        print(f"{code & 0xFFFFFFFF:08X} {text}".rstrip(), flush=True)


main()
