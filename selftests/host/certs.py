#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Read certificates of the library with programs of others.

A decoder of its own takes them apart: fields, extensions, types of strings.
openssl reads them and the containers, python3-cryptography checks signatures.

Usage: certs.py PROGRAM     that makes them; output is TAP, status 4 is skipped
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import (
        Encoding, PublicFormat)
except ImportError:
    x509 = None

ARC = "1.3.6.1.4.1.311.44."
NAMES = {
    ARC + "0.1": "type", ARC + "0.4": "version", ARC + "3.1": "group",
    ARC + "3.3": "roles", ARC + "3.5": "classifiers", "2.5.29.7": "subject",
    "2.5.29.8": "issuer", "2.5.29.17": "host", "2.5.29.35": "issuer key",
    "2.5.29.37": "usage",
}
CRITICAL = {"type", "version", "group", "roles", "classifiers"}

# Which extensions each has, as Microsoft's documents list them.
MEMBER = {"type", "version", "group", "roles", "classifiers", "subject",
          "issuer", "issuer key", "usage"}
KINDS = {
    "root.der": (2, {"type", "version", "group", "subject", "usage"}),
    "admin.der": (1, MEMBER),
    "inviting.der": (1, MEMBER),
    "identity.der": (3, {"type", "subject", "host", "usage"}),
}
ISSUERS = {"root.der": "root.der", "admin.der": "root.der",
           "inviting.der": "admin.der", "identity.der": "identity.der"}

ROLES = {"admin.der": "27713804 56aa 0a45 8ce5 4f565c6790f4",
         "inviting.der": "89fd7043 18dc fb4c 8dbf 9853a8a9f905"}
CLASSIFIERS = {"admin.der": [], "inviting.der": ["participant"]}

PROFILES = {
    "windows": (1024, "1.2.840.113549.1.1.5", 140, 162),
    "default": (3072, "1.2.840.113549.1.1.11", 398, 422),
}

BMP, UTF8, OID, INTEGER, OCTETS, BITS = 0x1e, 0x0c, 6, 2, 4, 3


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, passed, label, why=""):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} {label}"
              f"{'' if passed else f' # {why}'}")

    def equal(self, found, wanted, label):
        self.check(found == wanted, label, f"{found!r}, not {wanted!r}")

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def element(data):
    """Tag, content and what follows of the first element of DER."""
    tag, length, at = data[0], data[1], 2
    if length >= 0x80:
        at += length - 0x80
        length = int.from_bytes(data[2:at], "big")
        if at - 2 == 0 or length < 0x80 or data[2] == 0:
            raise ValueError("not DER")
    if at + length > len(data):
        raise ValueError("cut off")
    return tag, data[at:at + length], data[at + length:]


def elements(data):
    while data:
        tag, content, data = element(data)
        yield tag, content


def only(data, wanted):
    """The content of the only element, which has this tag."""
    tag, content, rest = element(data)
    if tag != wanted or rest:
        raise ValueError(f"tag {tag:02x}, {len(rest)} bytes follow")
    return content


def oid(content):
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7f
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first] + numbers[1:]))


def text(tag, content):
    return content.decode({BMP: "utf-16-be", UTF8: "utf-8"}[tag])


def other_names(data):
    """(type, tag of string, text) of each otherName of GeneralNames."""
    for tag, name in elements(only(data, 0x30)):
        if tag != 0xa0:
            raise ValueError(f"a name of tag {tag:02x}")
        (_, kind), (wrapper, value) = elements(name)
        string, content, rest = element(value)
        if wrapper != 0xa0 or rest:
            raise ValueError("not one string")
        yield oid(kind), string, text(string, content)


class Certificate:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.der = file.read()
        tbs, algorithm, signature = elements(only(self.der, 0x30))
        fields = list(elements(tbs[1]))
        self.tags = [tag for tag, _ in fields]
        (self.version, self.serial, self.algorithm, self.issuer, self.times,
         self.subject, self.key) = [content for _, content in fields[:7]]
        self.outer_algorithm = algorithm[1]
        self.signature = signature[1]
        self.extensions = dict(self.read_extensions(fields[7][1]))

    @staticmethod
    def read_extensions(data):
        for _, extension in elements(only(data, 0x30)):
            parts = list(elements(extension))
            critical = len(parts) == 3 and parts[1] == (1, b"\xff")
            yield NAMES[oid(parts[0][1])], (critical, parts[-1][1])

    def value(self, name):
        return self.extensions[name][1]

    def peer_name(self, name):
        (kind, tag, value), = other_names(self.value(name))
        if kind != ARC + "0.2" or tag != BMP:
            raise ValueError(f"{kind} of tag {tag:02x}")
        return value

    def authority(self):
        bits = list(elements(self.key))[1][1]
        return hashlib.sha1(bits[1:]).hexdigest()


def friendly(name):
    """Attribute, tag of string, text of the only part of an X.500 name."""
    attribute = only(only(name, 0x31), 0x30)
    (_, kind), (tag, content) = elements(attribute)
    return oid(kind), tag, text(tag, content)


def run(*command):
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def check_fields(tap, cert, label, profile):
    bits, algorithm, key_len, spki_len = PROFILES[profile]
    tap.equal(cert.tags, [0xa0, 2, 0x30, 0x30, 0x30, 0x30, 0x30, 0xa3],
              f"{label}: fields, no unique identifiers")
    tap.equal(cert.version, b"\x02\x01\x02", f"{label}: version 3")
    tap.check(len(cert.serial) == 16 and 0 < cert.serial[0] < 0x80,
              f"{label}: serial of 16 bytes", cert.serial.hex())
    kind, parameters = elements(cert.algorithm)
    tap.equal((oid(kind[1]), parameters), (algorithm, (5, b"")),
              f"{label}: algorithm of the signature")
    tap.equal(cert.outer_algorithm, cert.algorithm,
              f"{label}: the same algorithm outside")
    tap.equal(len(cert.signature), 1 + bits // 8,
              f"{label}: length of the signature")
    key = x509.load_der_x509_certificate(cert.der).public_key()
    tap.equal((key.key_size, key.public_numbers().e), (bits, 65537),
              f"{label}: key")
    pkcs1 = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    tap.equal((len(pkcs1), len(spki)), (key_len, spki_len),
              f"{label}: lengths of the key")
    tap.equal(only(spki, 0x30), cert.key, f"{label}: encoding of the key")
    tap.equal(hashlib.sha1(pkcs1).hexdigest(), cert.authority(),
              f"{label}: hash of the key")


def check_times(tap, cert, label):
    (first, start), (last, end) = elements(cert.times)
    tap.equal((first, last), (0x17, 0x18), f"{label}: types of times")
    tap.equal(int(end[:4]), 2000 + int(start[:2]) + 1000,
              f"{label}: a thousand years")
    tap.equal(end[4:], start[2:], f"{label}: to the second")


def check_extensions(tap, cert, name, label):
    kind, wanted = KINDS[name]
    tap.equal(set(cert.extensions), wanted, f"{label}: extensions")
    tap.equal({each for each, (critical, _) in cert.extensions.items()
               if critical}, wanted & CRITICAL, f"{label}: critical ones")
    tap.equal(cert.value("type"), bytes([4, 4, kind, 0, 0, 0]),
              f"{label}: type")
    if "version" in wanted:
        tap.equal(cert.value("version"), bytes([4, 4, 1, 0, 2, 0]),
                  f"{label}: version 1.2")
    usages = [oid(content) for _, content in
              elements(only(cert.value("usage"), 0x30))]
    tap.equal(usages, [ARC + "3.4", "1.3.6.1.5.5.7.3.1"], f"{label}: usages")
    authority, _, classifier = cert.peer_name("subject").partition(".")
    tap.equal(authority, cert.authority(), f"{label}: authority")
    tap.check(classifier in ("group", "member", "User1"),
              f"{label}: classifier", classifier)


def check_host(tap, cert, label):
    authority, _, classifier = cert.peer_name("subject").partition(".")
    host = only(only(cert.value("host"), 0x30), 0x82)
    tap.equal(host.decode(), f"{classifier.lower()}.p{authority}.pnrp.net",
              f"{label}: name of a host")


def check_membership(tap, certs, name, label):
    cert, issuer = certs[name], certs[ISSUERS[name]]
    tap.equal(cert.peer_name("issuer"), issuer.peer_name("subject"),
              f"{label}: peer name of the issuer")
    tap.equal(cert.peer_name("group"), certs["root.der"].peer_name("subject"),
              f"{label}: group")
    tap.equal(cert.issuer, issuer.subject, f"{label}: issuer")
    roles = list(elements(only(cert.value("roles"), 0x30)))
    tap.equal(roles, [(OCTETS, bytes.fromhex(ROLES[name]))],
              f"{label}: roles")
    tap.equal(list(other_names(cert.value("classifiers"))),
              [(ARC + "0.3", BMP, each) for each in CLASSIFIERS[name]],
              f"{label}: classifiers")
    tap.equal(only(cert.value("issuer key"), 0x30),
              b"\x80\x14" + bytes.fromhex(issuer.authority()),
              f"{label}: hash of the issuer's key")


def check_signature(tap, certs, name, label):
    cert = x509.load_der_x509_certificate(certs[name].der)
    issuer = x509.load_der_x509_certificate(certs[ISSUERS[name]].der)
    try:
        issuer.public_key().verify(
            cert.signature, cert.tbs_certificate_bytes, padding.PKCS1v15(),
            cert.signature_hash_algorithm)
        why = None
    except Exception as error:  # whatever it is, it did not verify
        why = repr(error)
    tap.check(not why, f"{label}: signature", why)


def check_openssl(tap, path, label):
    status, output = run("openssl", "asn1parse", "-inform", "DER", "-in", path)
    tap.check(status == 0 and "cons: SEQUENCE" in output,
              f"{label}: openssl asn1parse", output)
    status, output = run("openssl", "x509", "-inform", "DER", "-in", path,
                         "-noout", "-text")
    tap.check(status == 0 and "Version: 3 (0x2)" in output and
              "rsaEncryption" in output, f"{label}: openssl x509", output)


def check_container(tap, certs, path, wanted, label):
    with open(path, "rb") as file:
        data = file.read()
    kind, wrapper = elements(only(data, 0x30))
    version, digests, content, inside, signers = elements(
        only(wrapper[1], 0x30))
    tap.equal((oid(kind[1]), version, digests, signers),
              ("1.2.840.113549.1.7.2", (2, b"\x01"), (0x31, b""),
               (0x31, b"")), f"{label}: nobody signs the container")
    tap.equal(oid(only(content[1], OID)), "1.2.840.113549.1.7.1",
              f"{label}: no content")
    tap.equal((inside[0], inside[1]),
              (0xa0, b"".join(certs[name].der for name in wanted)),
              f"{label}: certificates, from the root on")
    status, output = run("openssl", "pkcs7", "-inform", "DER", "-in", path,
                         "-print_certs")
    tap.equal((status, len(re.findall("BEGIN CERTIFICATE", output))),
              (0, len(wanted)), f"{label}: openssl pkcs7")


def check_profile(tap, program, profile, directory):
    subprocess.run([program, directory, profile], check=True)
    certs = {name: Certificate(os.path.join(directory, name))
             for name in KINDS}
    for name, cert in certs.items():
        label = f"{profile}: {name}"
        check_fields(tap, cert, label, profile)
        check_times(tap, cert, label)
        check_extensions(tap, cert, name, label)
        check_signature(tap, certs, name, label)
        check_openssl(tap, os.path.join(directory, name), label)
        if name in ROLES:
            check_membership(tap, certs, name, label)
    check_host(tap, certs["identity.der"], f"{profile}: identity.der")
    tap.equal(friendly(certs["identity.der"].subject),
              ("2.5.4.3", UTF8, "John \U0001f600"),
              f"{profile}: a name past the first plane")
    tap.equal(friendly(certs["root.der"].subject), ("2.5.4.3", BMP, "group"),
              f"{profile}: a name within it")
    check_container(tap, certs, os.path.join(directory, "chain.p7b"),
                    ["root.der", "admin.der", "inviting.der"],
                    f"{profile}: chain.p7b")
    check_container(tap, certs, os.path.join(directory, "identity.p7b"),
                    ["identity.der"], f"{profile}: identity.p7b")


def main():
    if not x509:
        print("1..0 # SKIP python3-cryptography is not installed")
        return 4
    print("TAP version 13")
    tap = Tap()
    for profile in PROFILES:
        with tempfile.TemporaryDirectory() as directory:
            check_profile(tap, sys.argv[1], profile, directory)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
