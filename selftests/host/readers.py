#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what the library writes with what programs of others make of it.

xmllint, Python's parser of XML and openssl read texts and PFX of the library,
and the library reads PFX that openssl made.

Usage: readers.py TEXTS      the program; output is TAP
"""

import base64
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

PASSWORD = "password"
DATATYPE = "{urn:schemas-microsoft-com:datatypes}dt"
NAME = "6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe"
GROUP = "2bcba40abd09492eb706b74f8f8932a6efb10979.HomeGroupPeerGroupClassifier"
CLOUD = [("CLOUDNAME", "Global_"), ("SCOPE", "GLOBAL"), ("CLOUDFLAGS", "0")]

# Root, version, and the children in their order; None stands for base64.
TEXTS = {
    "invitation.xml": ("PEERINVITATION", "1.1", CLOUD + [("GMC", None)]),
    "membership.xml": ("PEERGROUPCONFIG", "1.1", [
        ("IDENTITYPEERNAME", NAME), ("GROUPPEERNAME", GROUP)] + CLOUD + [
            ("GMC", None), ("COMMENT", "<&> \u20ac"), ("FLAGS", "0"),
            ("MEMBERDATALIFETIME", "2419200"), ("PRESENCELIFETIME", "300")]),
    "identity.xml": ("PEERIDENTITYINFO", "1.0", [("IDC", None)]),
    "identity-cert.xml": ("PEERIDENTITYINFO", "1.0", [("IDC", None)]),
    "export.xml": ("PEERIDENTITYEXPORT", "1.0",
                   [("PEERNAME", NAME), ("DATA", None)]),
    "export-twice.xml": ("PEERIDENTITYEXPORT", "1.0",
                         [("PEERNAME", NAME), ("DATA", None)]),
}

# How openssl makes PFX, and what the library says to each.
MADE = {
    "by default": ([], "RSA 2048"),
    "of 3DES": (["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES",
                 "-macalg", "sha1"], "RSA 2048"),
    "of AES-128": (["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC",
                    "-iter", "100000"], "RSA 2048"),
    "with names": (["-name", "John", "-CSP", "x"], "RSA 2048"),
    "without encryption": (["-keypbe", "NONE", "-certpbe", "NONE"],
                           "RSA 2048"),
    "of RC2": (["-legacy"], "unsupported"),
    "without a MAC": (["-nomac"], "no MAC"),
}


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, good, name, why=""):
        self.count += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.count} {name}")
        if not good and why:
            print("#   " + str(why).replace("\n", "\n#   "))

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, capture_output=True,
                          check=False)
    return (done.returncode,
            (done.stdout + done.stderr).decode(errors="replace"))


def content(root):
    """The children of an element, base64 that says so as None."""
    return [(child.tag, None if child.get(DATATYPE) == "bin.base64"
             else child.text) for child in root]


def data_of(path):
    for child in ElementTree.parse(path).getroot():
        if child.get(DATATYPE):
            return base64.b64decode(child.text, validate=True)
    return None


def check_text(tap, directory, name):
    path = os.path.join(directory, name)
    expected = TEXTS[name]
    status, output = run("xmllint", "--noout", path)
    tap.check(status == 0 and not output, f"xmllint reads {name}", output)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tap.check(not re.search(r"[\r\n]|<\?|<!", text),
              f"{name} is one line without a declaration", text)
    root = ElementTree.fromstring(text)
    found = (root.tag, root.get("VERSION"), content(root))
    tap.check(found == expected, f"Python reads {name}", found)


def check_certificates(tap, directory):
    for name, command in (("identity.xml", "pkcs7"),
                          ("invitation.xml", "pkcs7"),
                          ("membership.xml", "pkcs7"),
                          ("identity-cert.xml", "x509")):
        data = data_of(os.path.join(directory, name))
        status, output = run("openssl", command, "-inform", "DER", "-noout",
                             stdin=data)
        tap.check(status == 0, f"openssl {command} reads {name}", output)


def check_twice(tap, directory):
    """As in the one export of Windows XP that was published."""
    text = data_of(os.path.join(directory, "export-twice.xml")).decode(
        "utf-16le")
    lines = text.split("\r\n")
    tap.check(lines.pop() == "" and all(len(line) == 64 for line in lines[:-1])
              and 0 < len(lines[-1]) <= 64, "lines of the inner base64", text)
    with open(os.path.join(directory, "pfx-windows.der"), "rb") as file:
        pfx = file.read()
    tap.check(base64.b64decode("".join(lines), validate=True) == pfx,
              "Python decodes twice")
    tap.check(data_of(os.path.join(directory, "export.xml")) == pfx,
              "Python decodes once")


def modulus(text):
    return re.findall("Modulus=[0-9A-F]+", text)


def check_pfx(tap, directory, name, algorithm):
    path = os.path.join(directory, name)
    status, output = run("openssl", "pkcs12", "-in", path, "-nodes", "-info",
                         "-passin", "pass:" + PASSWORD)
    tap.check(status == 0 and output.count(algorithm) == 2,
              f"openssl opens {name}", output)
    _, key = run("openssl", "rsa", "-noout", "-modulus",
                 stdin=output.encode())
    _, cert = run("openssl", "x509", "-noout", "-modulus", "-inform", "DER",
                  stdin=data_of(os.path.join(directory, "identity-cert.xml")))
    tap.check(modulus(key) and modulus(key) == modulus(cert),
              f"openssl finds the key in {name}", key + cert)
    status, output = run("openssl", "pkcs12", "-in", path, "-noout",
                         "-passin", "pass:another")
    tap.check(status != 0, f"{name} keeps its password", output)


def check_made(tap, texts, directory):
    key, cert, pfx = (os.path.join(directory, name)
                      for name in ("key.pem", "cert.pem", "made.pfx"))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
        "/CN=John", "-keyout", key, "-out", cert)
    for name, (options, expected) in MADE.items():
        status, output = run("openssl", "pkcs12", "-export", "-inkey", key,
                             "-in", cert, "-out", pfx, "-passout",
                             "pass:p\u00e4ss", *options)
        if status:
            tap.check(False, f"openssl makes a PFX {name}", output)
            continue
        _, output = run(texts, "pfx", pfx, "p\u00e4ss")
        tap.check(expected in output, f"a PFX of openssl {name}", output)


def main():
    texts = sys.argv[1]
    tap = Tap()
    print("TAP version 13")
    with tempfile.TemporaryDirectory() as directory:
        status, output = run(texts, "make", directory)
        tap.check(status == 0 and not output, "the library writes all",
                  output)
        for name in TEXTS:
            check_text(tap, directory, name)
        check_certificates(tap, directory)
        check_twice(tap, directory)
        check_pfx(tap, directory, "pfx-default.der", "PBES2, PBKDF2, AES-256-CBC")
        check_pfx(tap, directory, "pfx-windows.der",
                  "pbeWithSHA1And3-KeyTripleDES-CBC")
        check_made(tap, texts, directory)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
