"""Xet, by which clients send large files: chunks in compressed packs (xorbs), and lists of chunks that make a file.

Only sending is served. Since no answer names the Xet hash of a file, clients download by plain HTTP. No chunk is known
to a client but those in the cache of its own. See the Xet protocol specification (hashes, xorbs, shards, upload) and,
for grants of xorbs, the README of the crate `xet-client`.
"""

import hashlib
import secrets
import struct
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from hub_buckets import BUCKET, Bucket
from hub_calls import API, REVISION, Answer
from hub_repositories import HubError, Repository

LIFETIME = 3600  # seconds
ENTRY = 48  # bytes of everything in a shard
HAS_METADATA, HAS_VERIFICATION = 1 << 30, 1 << 31
LAST = b"\xff" * 32


def give_token(call, type, id, access, revision=""):
    """A token of the storage, for one repository or bucket, which the client takes to the address in `casUrl`."""
    repository = call.find_repository(type, id, write=access == "write" and not call.ask("create_pr"))
    if access == "write":
        call.require_user()
    token, ends = f"xet_{secrets.token_hex(16)}", int(time.time()) + LIFETIME
    call.hub.xet_tokens[token] = repository
    headers = {
        "X-Xet-Cas-Url": call.hub.storage_url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(ends),
    }
    return Answer({"casUrl": call.hub.storage_url, "accessToken": token, "exp": ends}, headers=headers)


def find_session(call) -> Repository | Bucket:
    token = call.headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in call.hub.xet_tokens:
        raise HubError(401, "Unauthorized")
    return call.hub.xet_tokens[token]


def find_chunk(call, hash):
    """Where a chunk is known from; that it is not known is always a fair answer, and costs bandwidth alone."""
    find_session(call)
    raise HubError(404, "No such chunk")


def grant_xorb(call, hash):
    """The address to which a xorb is to be sent; 200 if it is here."""
    find_session(call)
    if hash in call.hub.xorbs:
        return {}
    key = secrets.token_hex(16)
    call.hub.grants[key] = None
    return Answer({"id": key, "method": "PUT", "url": f"{call.hub.storage_url}/xorb/{key}", "headers": {}}, 201)


def receive_xorb(call, key):
    if key not in call.hub.grants:
        raise HubError(403, "No such grant")
    call.hub.grants[key] = list(read_chunks(call.data))
    return b""


def commit_xorb(call, hash, key):
    find_session(call)
    if call.hub.grants.get(key) is None:
        raise HubError(404, "Nothing was sent for this grant")
    call.hub.xorbs[hash] = call.hub.grants.pop(key)
    return {"was_inserted": True}


def receive_shard(call):
    """Puts the files of a shard together and keeps them as the LFS objects of the repository, or in the bucket."""
    repository = find_session(call)
    for xet, sha256, terms in read_files(call.data):
        try:
            data = b"".join(chunk for xorb, start, stop in terms for chunk in call.hub.xorbs[xorb][start:stop])
        except KeyError as error:
            raise HubError(400, f"A shard names a xorb that was not sent: {error}") from error
        if isinstance(repository, Bucket):
            repository.objects[xet] = data
            continue
        if sha256 is None:
            raise HubError(400, "A file of a dataset needs its sha256")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise HubError(400, "The chunks of a file do not make what its sha256 says")
        repository.objects[sha256] = data
    return {"result": 1}


def read_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks of a xorb; a footer may follow them, and begins with another byte than a chunk does."""
    at = 0
    while at < len(data) and data[at] == 0:
        packed = int.from_bytes(data[at + 1 : at + 4], "little")
        scheme = data[at + 4]
        size = int.from_bytes(data[at + 5 : at + 8], "little")
        chunk = data[at + 8 : at + 8 + packed]
        at += 8 + packed
        if scheme:
            chunk = pa.decompress(chunk, decompressed_size=size, codec="lz4", asbytes=True)
        yield ungroup_bytes(chunk) if scheme == 2 else chunk


def ungroup_bytes(data: bytes) -> bytes:
    """Undoes the grouping of every first, second, third and fourth byte, by which columns of numbers get smaller."""
    grouped = np.frombuffer(data, np.uint8)
    plain = np.empty_like(grouped)
    at = 0
    for first in range(4):
        size = len(plain[first::4])
        plain[first::4] = grouped[at : at + size]
        at += size
    return plain.tobytes()


def spell(hash: bytes) -> str:
    """A hash as text: four numbers of eight bytes, each with its bytes the other way round."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", hash))


def read_files(shard: bytes) -> Iterator[tuple[str, str | None, list[tuple[str, int, int]]]]:
    """The Xet hash and sha256 of each file of a shard, and from which chunks of which xorbs it is made."""
    at = ENTRY  # behind the header
    while shard[at : at + 32] != LAST:
        flags, count = struct.unpack_from("<2I", shard, at + 32)
        xet, sha256, terms = spell(shard[at : at + 32]), None, []
        for entry in range(at + ENTRY, at + ENTRY * (1 + count), ENTRY):
            start, stop = struct.unpack_from("<2I", shard, entry + 40)
            terms.append((spell(shard[entry : entry + 32]), start, stop))
        at += ENTRY * (1 + count) + (ENTRY * count if flags & HAS_VERIFICATION else 0)
        if flags & HAS_METADATA:
            sha256 = spell(shard[at : at + 32])
            at += ENTRY
        yield xet, sha256, terms


ROUTES = [
    ("GET", f"{API}/xet-(?P<access>read|write)-token/{REVISION}", give_token),
    ("GET", f"/api/(?P<type>bucket)s/{BUCKET}/xet-(?P<access>read|write)-token", give_token),
]
STORAGE_ROUTES = [
    ("GET", "/v1/chunks/[^/]+/(?P<hash>[0-9a-f]+)", find_chunk),
    ("POST", "/v1/xorb-grants/[^/]+/(?P<hash>[0-9a-f]+)", grant_xorb),
    ("PUT", "/xorb/(?P<key>[^/]+)", receive_xorb),
    ("POST", "/v1/xorb-commits/[^/]+/(?P<hash>[0-9a-f]+)/grant/(?P<key>[^/]+)", commit_xorb),
    ("POST", "/v1/shards", receive_shard),
]
