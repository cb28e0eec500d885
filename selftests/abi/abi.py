#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare <p2p.h> with the header of mingw-w64, and the library with both.

Both headers are compiled for their own targets. Offset and size of every field
of every structure, every constant, every base type and every prototype that
<p2p.h> declares are compared; codes that mingw lacks, with a table. The shared
library must export exactly what the headers declare.

Usage: abi.py [LIBRARY]      Output is TAP, exit status 4 means skipped.
"""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
INCLUDE = os.path.join(TOP, "include")
MINGW = "x86_64-w64-mingw32-gcc"

# Codes of facility P2P, as in Microsoft's list of COM error codes.
CODES = {
    "FACILITY_P2P": 99,
    "PEER_S_NO_EVENT_DATA": 0x00630002,
    "PEER_E_IPV6_NOT_INSTALLED": 0x80630001,
    "PEER_E_NOT_INITIALIZED": 0x80630002,
    "PEER_E_CANNOT_START_SERVICE": 0x80630003,
    "PEER_E_NOT_LICENSED": 0x80630004,
    "PEER_E_CONNECTION_NOT_FOUND": 0x80630103,
    "PEER_E_CONNECTION_FAILED": 0x80630109,
    "PEER_E_CONNECTION_NOT_AUTHENTICATED": 0x8063010a,
    "PEER_E_CONNECTION_REFUSED": 0x8063010b,
    "PEER_E_CLASSIFIER_TOO_LONG": 0x80630201,
    "PEER_E_TOO_MANY_IDENTITIES": 0x80630202,
    "PEER_E_NO_KEY_ACCESS": 0x80630203,
    "PEER_E_GROUPS_EXIST": 0x80630204,
    "PEER_E_IDENTITY_NOT_FOUND": 0x80630401,
    "PEER_E_EVENT_HANDLE_NOT_FOUND": 0x80630501,
    "PEER_E_INVITATION_NOT_TRUSTED": 0x80630701,
    "PEER_E_CHAIN_TOO_LONG": 0x80630703,
    "PEER_E_INVALID_TIME_PERIOD": 0x80630705,
    "PEER_E_CIRCULAR_CHAIN_DETECTED": 0x80630706,
    "PEER_E_CERT_STORE_CORRUPTED": 0x80630801,
    "PEER_E_NO_CLOUD": 0x80631001,
    "PEER_E_CLOUD_NAME_AMBIGUOUS": 0x80631005,
    "PEER_E_NOT_AUTHORIZED": 0x80632020,
    "PEER_E_PASSWORD_DOES_NOT_MEET_POLICY": 0x80632021,
    "PEER_E_INVALID_GROUP_PROPERTIES": 0x80632040,
    "PEER_E_INVALID_PEER_NAME": 0x80632050,
    "PEER_E_INVALID_CLASSIFIER": 0x80632060,
    "PEER_E_INVALID_FRIENDLY_NAME": 0x80632070,
    "PEER_E_UNSUPPORTED_VERSION": 0x80632090,
    "PEER_E_GROUP_NOT_READY": 0x80632091,
    "PEER_E_GROUP_IN_USE": 0x80632092,
    "PEER_E_INVALID_GROUP": 0x80632093,
    "PEER_E_NO_MEMBERS_FOUND": 0x80632094,
    "PEER_E_NO_MEMBER_CONNECTIONS": 0x80632095,
    "PEER_E_UNABLE_TO_LISTEN": 0x80632096,
    "PEER_E_IDENTITY_DELETED": 0x806320a0,
    "PEER_E_SERVICE_NOT_AVAILABLE": 0x806320a1,
}

# Wide on Linux so that L"" works; all that differs on purpose.
DIFFERENT = {"sizeof(WCHAR)", "signed(WCHAR)"}

# Macros with arguments, and the fields of a structure of the system.
EXPRESSIONS = [
    "MAKEWORD(1, 2)", "MAKEWORD(0x1ff, 3)", "LOBYTE(0x1234)", "HIBYTE(0x1234)",
    "SUCCEEDED(1)", "SUCCEEDED(E_FAIL)", "FAILED(1)", "FAILED(E_FAIL)",
    "MAKE_HRESULT(1, 99, 5)", "HRESULT_CODE(E_OUTOFMEMORY)",
    "HRESULT_FACILITY(E_OUTOFMEMORY)", "HRESULT_FROM_WIN32(0)",
    "HRESULT_FROM_WIN32(1068)", "HRESULT_FROM_WIN32(E_FAIL)",
    "sizeof(HGROUP)", "sizeof(PEER_ROLE_ID)",
]
SYSTEM_FIELDS = [("SOCKADDR_IN6", field) for field in (
    "sin6_family", "sin6_port", "sin6_flowinfo", "sin6_addr", "sin6_scope_id")]

BIAS = 1 << 40      # so that no value is 0, which assemblers write otherwise
ABSENT = BIAS - 1


def text_of(path):
    """A header without comments and continued lines."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return text.replace("\\\n", " ")


def structures(text):
    """(type, fields) of each typedef struct."""
    pattern = r"typedef struct \w+ \{(.*?)\} (\w+)"
    for body, name in re.findall(pattern, text, flags=re.S):
        yield name, re.findall(r"(\w+)(?:\[\d+\])?;", body)


def enum_members(text):
    for body in re.findall(r"typedef enum \w+ \{(.*?)\}", text, flags=re.S):
        yield from re.findall(r"(\w+) =", body)


def enum_types(text):
    return re.findall(r"typedef enum \w+ \{.*?\} (\w+);", text, flags=re.S)


def plain_macros(text):
    """Names of macros that have a value and no arguments."""
    return re.findall(r"^#define (\w+)[ \t]+[^ \t\n]*[0-9(]", text, flags=re.M)


def base_types(text):
    """Names of the scalar types; a pointer's sign means nothing."""
    scalars = re.findall(r"^typedef (?!struct|enum|GUID)[\w ]+ (\w+);", text,
                         flags=re.M)
    pointers = re.findall(r"^typedef [\w ]+ \*(\w+)(?:;|,)", text, flags=re.M)
    return scalars, pointers + re.findall(r", \*(\w+);", text)


def prototypes(text):
    """Name to normalized prototype."""
    found = {}
    pattern = r"\b(HRESULT|VOID)\s+WINAPI\s+(Peer\w+)\s*\(([^)]*)\)"
    for result, name, args in re.findall(pattern, text):
        args = re.sub(r"\s+", " ", args).replace("* ", "*").strip()
        found[name] = f"{result} {name}({args or 'void'})"
    return found


def items(base, header):
    """(label, C expression, macro that must exist or None)."""
    for name, fields in structures(base + header):
        yield f"sizeof({name})", f"sizeof({name})", None
        for field in fields:
            yield from field_items(name, field)
    for name, field in SYSTEM_FIELDS:
        yield from field_items(name, field)
    for name in enum_members(header):
        yield name, name, None
    for name in enum_types(header):
        yield f"sizeof({name})", f"sizeof({name})", None
    for name in plain_macros(base) + plain_macros(header):
        yield name, name, name
    for expression in EXPRESSIONS:
        yield expression, expression, None
    scalars, pointers = base_types(base + header)
    for name in scalars + pointers:
        yield f"sizeof({name})", f"sizeof({name})", None
    for name in scalars:
        yield f"signed({name})", f"(({name})-1 < 1)", None


def field_items(name, field):
    yield (f"offset of {name}.{field}", f"offsetof({name}, {field})", None)
    yield (f"size of {name}.{field}", f"sizeof((({name} *)0)->{field})", None)


def source(wanted, includes):
    lines = [f"#include <{name}>" for name in includes]
    lines.append("const unsigned long long abi[] = {")
    for _, expression, macro in wanted:
        if macro:
            lines.append(f"#ifdef {macro}")
        lines.append(f"{BIAS}ULL + (unsigned int)({expression}),")
        if macro:
            lines += ["#else", f"{ABSENT}ULL,", "#endif"]
    return "\n".join(lines + ["};", ""])


def evaluate(compiler, wanted, includes):
    """The values of all expressions, None for what does not exist."""
    result = subprocess.run(
        compiler + ["-x", "c", "-S", "-o", "-", "-"],
        input=source(wanted, includes), capture_output=True, text=True,
        check=False)
    if result.returncode:
        sys.exit(f"Bail out! {compiler[0]} failed:\n{result.stderr}")
    values = re.findall(r"^\s*\.quad\s+(\d+)$", result.stdout, flags=re.M)
    assert len(values) == len(wanted), (len(values), len(wanted))
    return [None if int(value) == ABSENT else int(value) - BIAS
            for value in values]


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, passed, label, why=""):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} {label}"
              f"{'' if passed else ' # ' + why}")

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def compare_values(tap, base, header):
    wanted = list(items(base, header))
    ours = evaluate(["gcc", "-std=gnu11", f"-I{INCLUDE}"], wanted, ["p2p.h"])
    theirs = evaluate(
        [MINGW, "-D_WIN32_WINNT=0x0601", "-DNTDDI_VERSION=0x06010000"],
        wanted, ["stddef.h", "winsock2.h", "ws2tcpip.h", "p2p.h"])

    for (label, _, _), our, their in zip(wanted, ours, theirs):
        if label in DIFFERENT or label == "P2P_H" or label == "P2PBASE_H":
            continue
        if their is None:
            their = CODES.get(label)
        tap.check(our is not None and our == their, label,
                  f"{our} here, {their} there")


def compare_prototypes(tap, header):
    mingw_header = subprocess.run(
        [MINGW, "-E", "-x", "c", "-M", "-"], input="#include <p2p.h>\n",
        capture_output=True, text=True, check=True).stdout
    path = re.search(r"\S*/p2p\.h", mingw_header).group()
    theirs = prototypes(text_of(path))
    for name, prototype in sorted(prototypes(header).items()):
        tap.check(prototype == theirs.get(name), f"prototype of {name}",
                  f"{prototype} here, {theirs.get(name)} there")


def compare_exports(tap, header, library):
    native = text_of(os.path.join(INCLUDE, "peergroup.h"))
    declared = set(prototypes(header))
    # Not of Windows, hence without WINAPI and not compared with it.
    declared |= set(re.findall(r"\b(PeerEvent\w+)\(", header))
    declared |= set(re.findall(r"\b(pg_\w+)\(", native))
    output = subprocess.run(["nm", "-D", "--defined-only", library],
                            capture_output=True, text=True, check=True).stdout
    exported = {}
    for line in output.splitlines():
        kind, symbol = line.split()[1:]
        if kind == "T":
            name, _, version = symbol.partition("@@")
            exported[name] = version
    for name in sorted(declared | set(exported)):
        tap.check(name in declared and exported.get(name) == "LIBPEERGROUP_1",
                  f"export of {name}",
                  f"declared: {name in declared}, "
                  f"exported as: {exported.get(name)}")


def main():
    if not shutil.which(MINGW):
        print(f"1..0 # SKIP {MINGW} is not installed")
        return 4

    print("TAP version 13")
    tap = Tap()
    base = text_of(os.path.join(INCLUDE, "p2pbase.h"))
    header = text_of(os.path.join(INCLUDE, "p2p.h"))
    compare_values(tap, base, header)
    compare_prototypes(tap, header)
    if len(sys.argv) > 1:
        compare_exports(tap, header, sys.argv[1])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
