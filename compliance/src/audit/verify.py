#!/usr/bin/env python3
"""Verifies an audit export of Balcão, offline, with nothing but Python 3.8 or newer.

    python3 verify.py FOLDER VKEY [OLD_CHECKPOINT]

Prints `OK n events` and exits 0, or `INVALID file: where and why` and exits 1. VKEY must have reached you by another
way than the folder; so must this script (read it: it is short). OLD_CHECKPOINT is a checkpoint you kept from earlier:
with it, a history that was rewritten since is refused. Everything is recomputed and parsing accepts exact forms only.
Forms: C2SP signed-note and tlog-checkpoint, RFC 6962 trees, RFC 8032 signatures, and VERIFY.md.
"""

import base64
import binascii
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timedelta, timezone

MAX_NOTE = 64 * 1024
MAX_LINE = 64 * 1024
MAX_MANIFEST = 1024 * 1024
KEYS = ["action", "actor", "actor_kind", "at", "detail", "object", "object_kind", "outcome", "request", "seq",
        "session", "subject", "team", "v"]
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
RFC3339 = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
                     r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")


class Invalid(Exception):
    pass


def need(condition, file, why):
    if not condition:
        raise Invalid(f"{file}: {why}")


# Ed25519 (RFC 8032, section 5.1), verification only --------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def is_same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def decompress(encoded):
    """The point, or None when the encoding is not the one of a point."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_weak(point):
    return is_same(multiply(8, point), (0, 1, 1, 0))


def is_signed(public, message, signature):
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_weak(a) or is_weak(r):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return is_same(multiply(s, BASE), add(r, multiply(k, a)))


# Exact forms ------------------------------------------------------------------------------------------------------


def read(folder, name, limit):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise Invalid(f"{name}: cannot be read ({error})")
    need(len(data) <= limit, name, f"is longer than {limit} bytes")
    return data


def unbase64(text):
    """The bytes, or None when the text is not their one padded encoding."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def hash_line(text):
    data = unbase64(text)
    return data if data is not None and len(data) == 32 else None


def decimal(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text):
        return None
    number = int(text)
    return number if number < 2**63 else None


def is_name(name):
    return name != "" and "+" not in name and not any(c.isspace() or ord(c) < 32 or 127 <= ord(c) < 160 for c in name)


class Key:
    def __init__(self, vkey):
        parts = vkey.split("+", 2)
        need(len(parts) == 3 and is_name(parts[0]), "key", "is not name+hash+base64")
        self.name, key_id, typed = parts[0], parts[1], unbase64(parts[2])
        need(re.fullmatch(r"[0-9a-f]{8}", key_id), "key", "its hash is not 8 lower-case hexadecimal digits")
        need(typed is not None and len(typed) == 33 and typed[0] == 1, "key", "is not an Ed25519 key (type 1, 32 bytes)")
        self.id, self.public = bytes.fromhex(key_id), typed[1:]
        point = decompress(self.public)
        need(point is not None and not is_weak(point), "key",
             "is not a point of the curve that signs")
        need(hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4] == self.id, "key",
             "its hash does not belong to its name and key: was it copied whole?")

    def open(self, file, note):
        """The text of a signed note, once every line of this key verifies."""
        try:
            note = note.decode("utf-8")
        except UnicodeDecodeError:
            raise Invalid(f"{file}: is not UTF-8")
        for number, line in enumerate(note.split("\n"), 1):
            need(all(c >= " " for c in line), file, f"line {number}: holds a control character (CRLF?)")
        body, gap, tail = note.rpartition("\n\n")
        need(gap, file, "has no empty line before its signatures")
        need(tail.endswith("\n"), file, "its last line has no line feed")
        text, verified = body + "\n", False
        for index, line in enumerate(tail[:-1].split("\n")):
            number = text.count("\n") + 2 + index
            need(index < 100, file, f"line {number}: too many signatures")
            name, space, signature = line[2:].partition(" ")
            data = unbase64(signature)
            need(line.startswith("\u2014 ") and space and is_name(name) and data is not None and len(data) > 4, file,
                 f"line {number}: is not a signature line")
            if name != self.name or data[:4] != self.id:
                continue
            need(len(data) == 68, file, f"line {number}: its signature is not 64 bytes long")
            need(is_signed(self.public, text.encode(), data[4:]), file,
                 f"line {number}: the signature does not match the text")
            verified = True
        need(verified, file, f"has no signature of the key {self.name}+{self.id.hex()}")
        return text


def without_unknown(key, note):
    """A note that opened, as it was before others added signatures to it: cosigning is no damage."""
    body, _, tail = note.decode("utf-8").rpartition("\n\n")
    ours = f"\u2014 {key.name} "
    lines = [line for line in tail[:-1].split("\n")
             if line.startswith(ours) and unbase64(line[len(ours):])[:4] == key.id]
    return "".join([body, "\n\n"] + [line + "\n" for line in lines]).encode()


def checkpoint(file, note, key):
    """(size, root) of a signed checkpoint of this log."""
    lines = key.open(file, note)[:-1].split("\n")
    need(lines[0] != "", file, "line 1: no origin")
    size = decimal(lines[1]) if len(lines) > 1 else None
    need(size is not None, file, "line 2: not a size in decimal without leading zeroes")
    root = hash_line(lines[2]) if len(lines) > 2 else None
    need(root is not None, file, "line 3: not 32 bytes of base64")
    need("" not in lines[3:], file, "an extension line is empty")
    need(lines[0] == key.name, file, f"line 1: is of the log {lines[0]}, the key is of {key.name}")
    need(size > 0, file, "line 2: a log of size 0 proves nothing")
    return size, root


# The tree (RFC 6962, section 2.1) ---------------------------------------------------------------------------------


def tree_root(hashes):
    peaks = []  # (height, hash), largest first
    for leaf in hashes:
        height, node = 0, leaf
        while peaks and peaks[-1][0] == height:
            node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
            height += 1
        peaks.append((height, node))
    if not peaks:
        return hashlib.sha256().digest()
    node = peaks.pop()[1]
    while peaks:
        node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
    return node


def consistency_proof(hashes, old):
    """The proof that the tree of the first `old` leaves is a beginning of this one, 0 < old <= len(hashes)."""
    path, whole = [], True
    while old < len(hashes):
        split = 1 << (len(hashes) - 1).bit_length() - 1
        left, right = hashes[:split], hashes[split:]
        if old <= split:
            path.append(tree_root(right))
            hashes = left
        else:
            path.append(tree_root(left))
            hashes, old, whole = right, old - split, False
    if not whole:
        path.append(tree_root(hashes))
    return path[::-1]


def read_leaves(folder, size, root):
    wanted = size * 32
    try:
        actual = os.path.getsize(os.path.join(folder, "leaves.bin"))
    except OSError as error:
        raise Invalid(f"leaves.bin: cannot be read ({error})")
    need(actual == wanted, "leaves.bin", f"has {actual} bytes, the checkpoint's {size} leaves need {wanted}")
    data = read(folder, "leaves.bin", wanted)
    leaves = [data[at:at + 32] for at in range(0, len(data), 32)]
    need(len(leaves) == size and tree_root(leaves) == root, "leaves.bin",
         f"the root of its {len(leaves)} hashes is not the checkpoint's")
    return leaves


def check_consistency(folder, leaves):
    file = "consistency"
    try:
        text = read(folder, file, 16 * 1024).decode("ascii")
    except UnicodeDecodeError:
        raise Invalid(f"{file}: is not ASCII")
    need(text.endswith("\n"), file, "its last line has no line feed")
    lines = text[:-1].split("\n")
    old = decimal(lines[0])
    need(old is not None, file, "line 1: not a size in decimal without leading zeroes")
    need(old <= len(leaves), file, f"line 1: {old} is more than the tree's {len(leaves)} leaves")
    proof = [hash_line(line) for line in lines[1:]]
    need(None not in proof, file, f"line {proof.index(None) + 2 if None in proof else 0}: not 32 bytes of base64")
    expected = consistency_proof(leaves, old) if old else []
    need(len(proof) == len(expected), file, f"has {len(proof)} hashes, the proof from {old} needs {len(expected)}")
    for number, (has, needs) in enumerate(zip(proof, expected), 2):
        need(has == needs, file, f"line {number}: is not the hash of that part of the tree")


# The manifest and the events --------------------------------------------------------------------------------------


def is_integer(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < high


def once(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice")
    return dict(pairs)


def refuse_number(text):
    raise ValueError(f"the number {text}")


def parse_json(data):
    return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse_number)


def instant(text):
    """An RFC 3339 instant in the form of leaves, or None."""
    match = RFC3339.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    fraction = ((match[7] or "") + "000000")[:6]
    try:
        at = datetime(*(int(match[i]) for i in range(1, 7)), int(fraction), timezone.utc)
        if match[8]:
            shift = timedelta(hours=int(match[9]), minutes=int(match[10]))
            at = at - shift if match[8] == "+" else at + shift
    except (ValueError, OverflowError):
        return None
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def read_manifest(folder, key, vkey):
    file = "manifest.json"
    data = read(folder, file, MAX_MANIFEST)
    lines = key.open("manifest.note", read(folder, "manifest.note", MAX_NOTE)).split("\n")
    need(len(lines) == 3 and lines[0] == f"{key.name}/export", "manifest.note",
         "line 1: is not about an export of this log")
    need(hash_line(lines[1]) == hashlib.sha256(data).digest(), file, "is not the manifest that manifest.note signed")
    try:
        manifest = parse_json(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{file}: is not a manifest: {error}")
    need(isinstance(manifest, dict), file, "is not a manifest: not an object")
    for name in ("origin", "from", "to", "filter", "events", "files", "vkey", "witnesses"):
        need(name in manifest, file, f"is not a manifest: {name} is missing")
    need(manifest["origin"] == key.name, file, f"origin: is not {key.name}")
    need(manifest["vkey"] == vkey, file, "vkey: is not the key given")
    for name in ("from", "to"):
        manifest[name] = instant(manifest[name])
        need(manifest[name], file, f"{name}: is not an RFC 3339 instant")
    need(manifest["filter"] is None or isinstance(manifest["filter"], dict), file, "filter: is not an object")
    manifest["filter"] = manifest["filter"] or {}
    need(is_integer(manifest["events"], 0, 2**64), file, "is not a manifest: events")
    need(is_integer(manifest["witnesses"], 0, 2**64) or isinstance(manifest["witnesses"], list), file,
         "witnesses: is neither a number nor a list")
    files = manifest["files"]
    need(isinstance(files, dict) and all(isinstance(value, str) for value in files.values()), file,
         "is not a manifest: files")
    for name in ("events.jsonl", "leaves.bin", "checkpoint"):
        need(name in files, file, f"files: does not name {name}")
    return manifest


def passes(event, wanted):
    teams = wanted.get("teams") or []
    return ((not teams or event["team"] in teams) and wanted.get("actor") in (None, event["actor"])
            and wanted.get("subject") in (None, event["subject"]))


def check_form(event, line, where):
    file = "events.jsonl"
    need(sorted(event) == KEYS, file, f"{where}: does not have exactly the keys of an event")
    need(is_integer(event["v"], 1, 2), file, f"{where}: is of another version than 1")
    for name, value in event.items():
        if name in ("action", "actor_kind", "outcome"):
            sound = isinstance(value, str)
        elif name == "at":
            sound = isinstance(value, str) and INSTANT.fullmatch(value)
        elif name == "detail":
            sound = isinstance(value, dict) and all(
                isinstance(word, str) or is_integer(word, -2**63, 2**63) for word in value.values())
        elif name in ("seq", "v"):
            sound = is_integer(value, 0, 2**63)
        else:
            sound = value is None or isinstance(value, str)
        need(sound, file, f"{where}: {name} has another form than it must")
    need(json.dumps(event, sort_keys=True, separators=(",", ":")).encode() == line, file,
         f"{where}: is not in the one form an event has (order, spaces, escapes)")


def check_line(line, number, manifest, leaves):
    file, where = "events.jsonl", f"line {number}"
    odd = re.search(rb"[^ -~]", line)
    need(not odd, file, f"{where}: byte {odd.end() if odd else 0} is not printable ASCII (CRLF?)")
    try:
        event = parse_json(line)
    except (ValueError, RecursionError):
        event = None
    need(isinstance(event, dict), file, f"{where}: is not a JSON object")
    seq = event.get("seq")
    need(is_integer(seq, 0, 2**63), file, f"{where}: seq is not a position")
    where = f"{where}: leaf {seq}"
    need(seq < len(leaves), file, f"{where}: the tree has only {len(leaves)} leaves")
    need(hashlib.sha256(b"\x00" + line).digest() == leaves[seq], file,
         f"{where}: is not what the log says there (edited, or re-serialised)")
    check_form(event, line, where)
    need(manifest["from"] <= event["at"] < manifest["to"], file, f"{where}: is not of the manifest's period")
    need(passes(event, manifest["filter"]), file, f"{where}: does not pass the manifest's filter")
    return seq


def check_events(folder, manifest, leaves):
    file, count, next_seq = "events.jsonl", 0, 0
    try:
        with open(os.path.join(folder, file), "rb") as lines:
            while True:
                line = lines.readline(MAX_LINE)
                if not line:
                    break
                count += 1
                need(line.endswith(b"\n"), file, f"line {count}: has no line feed at its end, or is too long")
                seq = check_line(line[:-1], count, manifest, leaves)
                need(seq >= next_seq, file,
                     f"line {count}: leaf {seq}: comes after leaf {next_seq - 1}; positions must ascend")
                next_seq = seq + 1
    except OSError as error:
        raise Invalid(f"{file}: cannot be read ({error})")
    need(count == manifest["events"], file, f"has {count} lines, the manifest says {manifest['events']}")
    return count


def check_files(folder, manifest, key):
    for name, wanted in sorted(manifest["files"].items()):
        need(name and name[0] != "." and not set(name) & set("/\\\0"), "manifest.json",
             "files: names a file outside the folder")
        digest = hashlib.sha256()
        try:
            with open(os.path.join(folder, name), "rb") as file:
                for block in iter(lambda: file.read(1 << 18), b""):
                    digest.update(block)
        except (OSError, ValueError) as error:
            raise Invalid(f"{name}: cannot be read ({error})")
        if name == "checkpoint" and digest.hexdigest() != wanted:
            digest = hashlib.sha256(without_unknown(key, read(folder, name, MAX_NOTE)))
        need(digest.hexdigest() == wanted, name, "does not have the SHA-256 that the manifest names")


def verify(folder, vkey, old_checkpoint=None):
    key = Key(vkey)
    size, root = checkpoint("checkpoint", read(folder, "checkpoint", MAX_NOTE), key)
    leaves = read_leaves(folder, size, root)
    if old_checkpoint is not None:
        old_size, old_root = checkpoint("previous checkpoint", read("", old_checkpoint, MAX_NOTE), key)
        need(old_size <= size, "checkpoint", f"line 2: has {size} leaves, the previous checkpoint had {old_size}")
        need(tree_root(leaves[:old_size]) == old_root, "leaves.bin",
             f"leaves 0 to {old_size - 1} are not those of the previous checkpoint: history was rewritten")
    check_consistency(folder, leaves)
    manifest = read_manifest(folder, key, vkey)
    events = check_events(folder, manifest, leaves)
    check_files(folder, manifest, key)
    if manifest["witnesses"] in (0, []):
        print("note: no witness cosigned; only the operator vouches that there is one log", file=sys.stderr)
    return events


def main(arguments):
    if len(arguments) not in (2, 3):
        print("usage: python3 verify.py FOLDER VKEY [OLD_CHECKPOINT]", file=sys.stderr)
        return 2
    try:
        events = verify(*arguments)
    except Invalid as invalid:
        print(f"INVALID {invalid}")
        return 1
    print(f"OK {events} events")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
