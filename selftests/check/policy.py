#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare the policies the loaded module reports with the spec.

Prints TAP: one result a command and attribute. What the kernel accepts must
be in the spec, with the same type and limits; what the spec has in a request
must be accepted. The multicast groups have to be the same.
"""

import os
import socket
import struct
import sys

import yaml

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SPEC = os.path.join(TOP, "Documentation/netlink/specs/peergroup.yaml")

SKIP = 4

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLMSG_ERROR, NLMSG_DONE, GENL_ID_CTRL = 2, 3, 16
CTRL_CMD_GETFAMILY, CTRL_CMD_GETPOLICY = 3, 10
CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 2, 7
CTRL_ATTR_POLICY, CTRL_ATTR_OP_POLICY = 8, 9
CTRL_ATTR_MCAST_GRP_NAME = 1
POLICY_DO, POLICY_DUMP = 1, 2

# enum netlink_policy_type_attr
(TYPE, MIN_S, MAX_S, MIN_U, MAX_U, MIN_LEN, MAX_LEN, POLICY_IDX, MAXTYPE,
 _BITFIELD, _PAD, MASK) = range(1, 13)

# enum netlink_attribute_type
TYPES = {1: "flag", 2: "u8", 3: "u16", 4: "u32", 5: "u64", 6: "s8", 7: "s16",
         8: "s32", 9: "s64", 10: "binary", 12: "string", 13: "nest"}

LIMITS = {MIN_S: ("min", "<q"), MAX_S: ("max", "<q"), MIN_U: ("min", "<Q"),
          MAX_U: ("max", "<Q"), MIN_LEN: ("min-len", "<I"),
          MAX_LEN: ("max-len", "<I"), MASK: ("mask", "<Q")}


class Refused(Exception):
    """The kernel answered a request with an error."""


class Tap:
    """Results, counted."""

    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, *faults):
        """Passed if there are no faults."""
        faults = [fault for fault in faults if fault]
        self.count += 1
        self.failed += bool(faults)
        print("not ok" if faults else "ok", self.count, name)
        for fault in faults:
            print("#  ", fault)

    def end(self):
        """Print the plan and say how to exit."""
        print(f"1..{self.count}")
        return int(self.failed > 0)


def attributes(data):
    """The attributes in data as pairs of type and payload."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


def messages(sock):
    """The payloads of an answer behind the generic netlink header."""
    while True:
        data = sock.recv(65536)
        while data:
            length, kind = struct.unpack_from("=IH", data)
            payload = data[16:length]
            data = data[(length + 3) & ~3:]
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                error = struct.unpack_from("=i", payload)[0]
                if error:
                    raise Refused(os.strerror(-error))
                return
            yield payload[4:]


def ask(command, flags, family):
    """Send a request about a family to the controller."""
    name = family.encode() + b"\0"
    attr = struct.pack("=HH", 4 + len(name), CTRL_ATTR_FAMILY_NAME) + name
    attr += bytes(-len(attr) % 4)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        sock.bind((0, 0))
        sock.send(struct.pack("=IHHIIBBH", 20 + len(attr), GENL_ID_CTRL,
                              NLM_F_REQUEST | flags, 1, 0, command, 2, 0)
                  + attr)
        return list(messages(sock))


def read_kernel(family):
    """{command: {DO or DUMP: policy}}, {policy: {attribute: properties}}"""
    ops, policies = {}, {}
    for message in ask(CTRL_CMD_GETPOLICY, NLM_F_DUMP, family):
        for kind, payload in attributes(message):
            for key, nest in attributes(payload):
                if kind == CTRL_ATTR_OP_POLICY:
                    ops[key] = {mode: struct.unpack("=I", index)[0]
                                for mode, index in attributes(nest)}
                elif kind == CTRL_ATTR_POLICY:
                    policy = policies.setdefault(key, {})
                    for attr, properties in attributes(nest):
                        policy[attr] = dict(attributes(properties))
    return ops, policies


def read_groups(family):
    """The names of the multicast groups."""
    names = []
    for message in ask(CTRL_CMD_GETFAMILY, NLM_F_ACK, family):
        for kind, payload in attributes(message):
            if kind == CTRL_ATTR_MCAST_GROUPS:
                names += [dict(attributes(group))[CTRL_ATTR_MCAST_GRP_NAME]
                          for _, group in attributes(payload)]
    return [name.rstrip(b"\0").decode() for name in names]


def kernel_limits(properties):
    """The type and limits of an attribute in the kernel's policy."""
    kind = struct.unpack("=I", properties[TYPE])[0]
    limits = {"type": TYPES.get(kind, f"type {kind}")}
    for key, (name, form) in LIMITS.items():
        if key in properties:
            limits[name] = struct.unpack(form, properties[key])[0]
    return limits


class Spec:
    """The spec, with names and limits resolved."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            spec = yaml.safe_load(file)
        self.family = spec["name"]
        self.definitions = {item["name"]: item for item in spec["definitions"]}
        self.sets = {item["name"]: dict(enumerate(item["attributes"], 1))
                     for item in spec["attribute-sets"]}
        self.ops = dict(enumerate(spec["operations"]["list"], 1))
        self.groups = [item["name"] for item in spec["mcast-groups"]["list"]]

    def number(self, value):
        """A limit, which may be the name of a constant."""
        if isinstance(value, str):
            return self.definitions[value]["value"]
        return value

    def values(self, enum):
        """The values of an enum."""
        item = self.definitions[enum]
        start = item.get("value-start", 0)
        return range(start, start + len(item["entries"]))

    def limits(self, attr):
        """What the kernel should report of an attribute."""
        kind = attr["type"]
        limits = {"type": kind}
        checks = attr.get("checks", {})
        if kind[0] in "us" and kind[1:].isdigit():
            limits.update(self.scalar_limits(attr, int(kind[1:]), checks))
        elif kind == "string":
            # The kernel does not report the least length of strings.
            if "max-len" in checks:
                limits["max-len"] = self.number(checks["max-len"])
        elif "exact-len" in checks:
            length = self.number(checks["exact-len"])
            limits.update({"min-len": length, "max-len": length})
        return limits

    def scalar_limits(self, attr, bits, checks):
        """The limits of a number."""
        if "flags-mask" in checks:
            return {"mask": sum(1 << value for value in
                                self.values(checks["flags-mask"]))}
        if attr["type"][0] == "s":
            low, high = -1 << (bits - 1), (1 << (bits - 1)) - 1
        else:
            low, high = 0, (1 << bits) - 1
        if "enum" in attr:
            low, high = min(self.values(attr["enum"])), max(self.values(attr["enum"]))
        return {"min": self.number(checks.get("min", low)),
                "max": self.number(checks.get("max", high))}


class Comparison:
    """The kernel's policies against the spec."""

    def __init__(self, tap, spec, policies):
        self.tap, self.spec, self.policies = tap, spec, policies
        self.done = set()

    def attribute(self, set_name, number, properties):
        """Compare one attribute, and what is nested in it."""
        attr = self.spec.sets[set_name].get(number)
        if not attr:
            self.tap.result(f"{set_name} {number}",
                            "the kernel accepts it, the spec does not have it")
            return
        is_, should = kernel_limits(properties), self.spec.limits(attr)
        self.tap.result(f"{set_name} {attr['name']}", *(
            f"{name} is {is_.get(name)}, should be {should.get(name)}"
            for name in sorted(is_.keys() | should.keys())
            if is_.get(name) != should.get(name)))
        if POLICY_IDX in properties:
            index = struct.unpack("=I", properties[POLICY_IDX])[0]
            self.policy(attr.get("nested-attributes"), index)

    def policy(self, set_name, index):
        """Compare all attributes of a policy, once."""
        if (set_name, index) in self.done:
            return
        self.done.add((set_name, index))
        for number, properties in sorted(self.policies[index].items()):
            self.attribute(set_name, number, properties)

    def request(self, op, mode, index):
        """Compare what a command accepts with its request in the spec."""
        set_name = op["attribute-set"]
        numbers = {attr["name"]: number for number, attr in
                   self.spec.sets[set_name].items()}
        request = op[mode].get("request", {}).get("attributes", [])
        self.tap.result(f"{op['name']} {mode}", *(
            f"{name} is not accepted" for name in request
            if numbers[name] not in self.policies.get(index, {})))
        self.policy(set_name, index)


def compare(tap, spec):
    """Compare everything."""
    ops, policies = read_kernel(spec.family)
    comparison = Comparison(tap, spec, policies)
    for number, op in spec.ops.items():
        for mode, key in (("do", POLICY_DO), ("dump", POLICY_DUMP)):
            if (mode in op) != (key in ops.get(number, {})):
                tap.result(f"{op['name']} {mode}",
                           "only the kernel or only the spec has it")
            elif mode in op:
                comparison.request(op, mode, ops[number][key])
    tap.result("commands", *(f"the spec does not have {number}"
                             for number in ops if number not in spec.ops))
    groups = read_groups(spec.family)
    tap.result("multicast groups", groups != spec.groups and
               f"are {groups}, should be {spec.groups}")


def main():
    """Skip without the module."""
    spec = Spec(SPEC)
    try:
        ask(CTRL_CMD_GETFAMILY, NLM_F_ACK, spec.family)
    except Refused:
        print("1..0 # SKIP the module is not loaded")
        return SKIP
    tap = Tap()
    compare(tap, spec)
    return tap.end()


sys.exit(main())
