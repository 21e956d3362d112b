#!/usr/bin/env python3
"""A whole login on a CIE in a PC/SC reader, in Python and from the standards alone: key agreement, device authentication,
PIN, the holder's certificate, a signature. It shares no line of code with the card or the judge, only the published key of
the terminals' authority; secure messaging is its own.

    login_and_sign.py READER PIN AUTHORITY.json

READER is a part of the reader's name, AUTHORITY.json holds the authority's primes p and q. Exit code 0: the signature made
by the card verifies with the key in the certificate read from the card.
"""

import hashlib
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from smartcard.System import readers
from smartcard.util import toHexString

CIE_APPLICATION = bytes.fromhex("A00000000039")
DEVICE_AUTHENTICATION = bytes.fromhex("2A8122F42A02040104")
TERMINAL_SERIAL_NUMBER = bytes.fromhex("2000000000000001")


def number(data):
    return int.from_bytes(data, "big")


def tlv(tag, value):
    """A BER-TLV data object; tag as a number (ISO/IEC 7816-4 clause 6)."""
    length = len(value)
    header = bytes([length]) if length < 0x80 else bytes([0x81, length]) if length < 0x100 else b"\x82" + length.to_bytes(2, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + header + value


def parse(data):
    """The objects of one level: a list of (tag, value)."""
    found = []
    while data:
        size = 1
        if data[0] & 0x1F == 0x1F:
            size = 2
            while data[size - 1] & 0x80:
                size += 1
        tag, data = number(data[:size]), data[size:]
        length, data = data[0], data[1:]
        if length > 0x80:
            length, data = number(data[: length & 0x7F]), data[length & 0x7F :]
        found.append((tag, data[:length]))
        data = data[length:]
    return found


def inside(data, *path):
    for tag in path:
        data = dict(parse(data))[tag]
    return data


def des3(key, data, decrypt=False):
    cipher = Cipher(algorithms.TripleDES(key), modes.CBC(bytes(8)))
    step = cipher.decryptor() if decrypt else cipher.encryptor()
    return step.update(data) + step.finalize()


def pad(data):
    data += b"\x80"
    return data + bytes(-len(data) % 8)


def unpad(data):
    return data[: data.rindex(b"\x80")]


def retail_mac(key, data):
    """ISO/IEC 9797-1 algorithm 3 with DES; the data are padded already."""
    left, right = key[:8], key[8:]
    last = des3(left * 3, data)[-8:]
    single = lambda k, block, back: des3(k * 3, block, back)
    return single(left, single(right, last, True), False)


class Card:
    def __init__(self, connection):
        self.connection = connection
        self.keys = None
        self.counter = 0

    def carry(self, command):
        data, sw1, sw2 = self.connection.transmit(list(command))
        return bytes(data), sw1 << 8 | sw2

    def send(self, step, header, data=b"", le=None):
        """A short command, protected once keys are agreed; anything but 9000 ends the program."""
        header = bytes.fromhex(header)
        if self.keys:
            answer, sw = self.protected(header, data, le)
        else:
            field = bytes([len(data)]) + data if data else b""
            answer, sw = self.carry(header + field + (bytes([le & 0xFF]) if le is not None else b""))
        if sw != 0x9000:
            sys.exit(f"{step} answered {sw:04X}")
        return answer

    def protected(self, header, data, le):
        """Long data go in a chain of protected commands (ISO/IEC 7816-4 clauses 5.3.3 and 10)."""
        while len(data) > 0xE0:
            part, data = data[:0xE0], data[0xE0:]
            answer, sw = self.protected_link(bytes([header[0] | 0x10]) + header[1:], part, None)
            if sw != 0x9000:
                return answer, sw
        return self.protected_link(header, data, le)

    def protected_link(self, header, data, le):
        encryption, checksum = self.keys
        header = bytes([header[0] | 0x0C]) + header[1:]
        objects = tlv(0x87, b"\x01" + des3(encryption, pad(data))) if data else b""
        objects += tlv(0x97, bytes([le & 0xFF])) if le is not None else b""
        self.counter += 1
        mac = retail_mac(checksum, pad(self.counter.to_bytes(8, "big") + pad(header) + objects))
        objects += tlv(0x8E, mac)
        answer, outer = self.carry(header + bytes([len(objects)]) + objects + b"\x00")
        while outer >> 8 == 0x61:
            more, outer = self.carry(bytes([0x00, 0xC0, 0, 0, outer & 0xFF]))
            answer += more
        parts = dict(parse(answer))
        covered = answer[: len(answer) - len(tlv(0x8E, parts[0x8E]))]
        self.counter += 1
        if retail_mac(checksum, pad(self.counter.to_bytes(8, "big") + covered)) != parts[0x8E]:
            sys.exit("the checksum of an answer is wrong")
        inner = number(parts[0x99])
        if inner != outer:
            sys.exit("the status inside secure messaging is another than outside")
        plain = unpad(des3(encryption, parts[0x87][1:], True)) if 0x87 in parts else b""
        return plain, inner

    def read_file(self, identifier):
        self.send("SELECT of a file", "00A40204", bytes.fromhex(identifier), 0)
        content = b""
        while True:
            header = bytes.fromhex("00B0") + len(content).to_bytes(2, "big")
            if self.keys:
                part, sw = self.protected(header, b"", 0x80)
            else:
                part, sw = self.carry(header + b"\x80")
            content += part
            if sw == 0x9000 and part:
                continue
            if sw in (0x6B00, 0x6282) and content:
                return content
            sys.exit(f"READ BINARY answered {sw:04X}")


def public_key(file):
    """PKCS#1 RSAPublicKey: modulus and exponent as numbers."""
    modulus, exponent = (value for _, value in parse(inside(file, 0x30))[:2])
    return number(modulus), number(exponent)


def agree_keys(card):
    group = inside(card.send("GET DATA", "00CB3FFF", bytes.fromhex("4D087006BFA10102A380"), 0), 0x70, 0xBFA101, 0xA3)
    (_, g), (_, p), (_, q) = parse(group)
    exponent = 1 + number(os.urandom(32)) % (number(q) - 1)
    own = pow(number(g), exponent, number(p)).to_bytes(256, "big")
    template = bytes.fromhex("80019B830181") + tlv(0x91, own)
    head, tail = template[:0xE0], template[0xE0:]
    card.send("MSE SET, key agreement", "102241A6", head)
    card.send("MSE SET, key agreement", "002241A6", tail)
    chip = inside(card.send("GET DATA", "00CB3FFF", bytes.fromhex("4D04A6029100"), 0), 0xA6, 0x91)
    secret = pow(number(chip), exponent, number(p)).to_bytes(256, "big")
    derive = lambda counter: hashlib.sha256(secret + counter.to_bytes(4, "big")).digest()[:16]
    card.keys, card.counter = (derive(1), derive(2)), 1
    return own, chip, g + p + q


def authenticate_devices(card, authority, served, device_key, agreement):
    """The terminal's certificate and proof, then the card's (IAS-ECC, device authentication)."""
    own, chip, group = agreement
    p, q = int(authority["p"], 16), int(authority["q"], 16)
    modulus, exponent, reference, authorization = served
    if p * q != number(modulus):
        sys.exit("the card serves another authority")
    private = pow(number(exponent), -1, (p - 1) * (q - 1))
    terminal = rsa.generate_private_key(65537, 2048).private_numbers()
    holder = bytes(4) + TERMINAL_SERIAL_NUMBER
    content = b"\x8A" + reference[4:] + holder + authorization[:6] + b"\x01" + DEVICE_AUTHENTICATION
    content += terminal.public_numbers.n.to_bytes(256, "big") + b"\x00\x01\x00\x01"
    block = b"\x6A" + content[:222] + hashlib.sha256(content).digest() + b"\xBC"
    signature = pow(number(block), private, p * q).to_bytes(256, "big")
    certificate = tlv(0x7F21, tlv(0x5F37, signature) + tlv(0x5F38, content[222:]) + tlv(0x42, reference[4:]))
    card.send("MSE SET, authority", "002281B6", bytes.fromhex("800141830184"), 0)
    card.send("PSO VERIFY CERTIFICATE", "002A00AE", certificate)
    card.send("MSE SET, terminal", "002281A4", tlv(0x83, holder))
    challenge = card.send("GET CHALLENGE", "00840000", le=8)
    filling = os.urandom(222)
    digest = hashlib.sha256(filling + own + TERMINAL_SERIAL_NUMBER + challenge + chip + group).digest()
    block = b"\x6A" + filling + digest + b"\xBC"
    proof = pow(number(block), terminal.d, terminal.public_numbers.n).to_bytes(256, "big")
    card.send("EXTERNAL AUTHENTICATE", "00820000", TERMINAL_SERIAL_NUMBER + proof)
    card.send("MSE SET, device key", "002241A4", bytes.fromhex("84018280019B"))
    random = os.urandom(8)
    answer = card.send("INTERNAL AUTHENTICATE", "00880000", random, 0)
    serial, signature = answer[:8], answer[8:]
    modulus, exponent = device_key
    block = pow(number(signature), exponent, modulus).to_bytes(256, "big")
    if (block[0], block[-1]) != (0x6A, 0xBC):
        # The signature is the smaller of s and n - s (ISO/IEC 9796-2 scheme 1).
        block = (modulus - number(block)).to_bytes(256, "big")
    digest = hashlib.sha256(block[1:223] + chip + serial + random + own + group).digest()
    if block[223:255] != digest:
        sys.exit("the card's proof is wrong")
    card.counter = number(challenge[-4:] + random[-4:])
    return serial


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    wanted, pin, authority = sys.argv[1], sys.argv[2].encode(), json.load(open(sys.argv[3], encoding="utf-8"))
    found = [reader for reader in readers() if wanted in str(reader)]
    if not found:
        sys.exit(f"no reader has {wanted!r} in its name; there are: {', '.join(map(str, readers())) or 'none'}")
    connection = found[0].createConnection()
    connection.connect()
    print("ATR", toHexString(connection.getATR()).replace(" ", ""))
    card = Card(connection)
    card.send("SELECT of the MF", "00A40000")
    card.send("SELECT of the CIE", "00A4040C", CIE_APPLICATION)
    device_key = public_key(card.read_file("1004"))
    served = inside(card.send("GET DATA", "00CB3FFF", bytes.fromhex("4D097007BFA004037F4980"), 0), 0x70, 0xBFA004, 0x7F49)
    served = [value for _, value in parse(served)]
    agreement = agree_keys(card)
    serial = authenticate_devices(card, authority, served, device_key, agreement)
    print("card", serial.hex().upper(), "has proven itself")
    card.send("VERIFY", "00200081", pin)
    certificate = x509.load_der_x509_certificate(card.read_file("1003").rstrip(b"\x00"))
    print("certificate of", certificate.subject.rfc4514_string())
    message = b"signed over PC/SC"
    digest_info = bytes.fromhex("3031300D060960864801650304020105000420") + hashlib.sha256(message).digest()
    card.send("MSE SET, signature", "002241A4", bytes.fromhex("800102840181"))
    signature = card.send("INTERNAL AUTHENTICATE", "00880000", digest_info, 0)
    certificate.public_key().verify(signature, message, padding.PKCS1v15(), SHA256())
    print("signature verifies:", signature[:8].hex().upper() + "...")


if __name__ == "__main__":
    main()
