"""Seeded damage to the content of files: bytes, numbers in texts, and members of archives."""

import gzip
import io
import json
import re
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]
_MOST_EDITS = 4
_NUMBER = re.compile(rb"\d+")
_TEXTS = [b"-1", b"1e999", b"NaN", b"1000000000000", b"9" * 400, b"null", b"{}", b"[]", b'"x"']
_TEXTS += [b"[" * 5000, b"../../x", b"/tmp/x", b"\xff\xfe", b"\0", b"", b"\n", b"true", b"0"]

_VALUES = [None, True, -1, 0, 2, 10**9, 10**12, 10**30, 0.5, -1e300, "", "x", "../../x", "1\0"]
_VALUES += [[], ["x"], [1, [2]], {}, {"x": 1}]


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """The content after one to four edits at random places."""
    for _ in range(random.integers(1, _MOST_EDITS + 1)):
        edit = _EDITS[random.integers(len(_EDITS))]
        content = edit(content, random)
    return content


def inside_gzip(content: bytes, random: np.random.Generator) -> bytes:
    """A whole .gz with damaged content."""
    return gzip.compress(damaged(gzip.decompress(content), random), compresslevel=1, mtime=0)


def inside_zip(content: bytes, random: np.random.Generator) -> bytes:
    """A whole zip, sums and all, in which a member is damaged, lost, doubled or renamed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    buffer = io.BytesIO()
    kinds = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
    with (
        warnings.catch_warnings(action="ignore"),  # zipfile warns about doubled names
        zipfile.ZipFile(buffer, "w", kinds[random.integers(2)]) as archive,
    ):
        for name, member in _changed(members, random):
            archive.writestr(zipfile.ZipInfo(name), member)
    return buffer.getvalue()


def inside_tar(content: bytes, random: np.random.Generator) -> bytes:
    """A whole .tgz in which a member is damaged, lost, doubled, renamed or turned into a link."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = [(info.name, archive.extractfile(info).read()) for info in archive.getmembers()]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, member in _changed(members, random):
            info = tarfile.TarInfo(name)
            if random.random() < 0.1:
                info.type, info.linkname = tarfile.SYMTYPE, "../../x"
            else:
                info.size = len(member)
            archive.addfile(info, io.BytesIO(member))
    return buffer.getvalue()


def inside_json(content: bytes, random: np.random.Generator) -> bytes:
    """JSON, or JSON lines, in which one value is replaced, lost or renamed."""
    lines = content.splitlines() if content.count(b"\n{") else [content]
    place = random.integers(len(lines))
    value = json.loads(lines[place])
    _change_a_value(value, random)
    lines[place] = json.dumps(value).encode()
    return b"\n".join(lines)


def inside_zip_json(content: bytes, random: np.random.Generator) -> bytes:
    """A whole zip in which a member of JSON is changed as by `inside_json`."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chosen = random.choice([name for name in members if name.endswith(".json")])
    members[chosen] = inside_json(members[chosen], random)
    return whole_zip(members)


def whole_zip(members: Mapping[str, bytes]) -> bytes:
    """Zip file of members, given by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()


def inside_png(content: bytes, random: np.random.Generator) -> bytes:
    """A png in which a chunk is damaged and has the right sum again."""
    chunks, start = [], 8
    while start < len(content):
        size = int.from_bytes(content[start : start + 4])
        chunks.append(content[start + 4 : start + 8 + size])  # type and data of the chunk
        start += size + 12
    place = random.integers(len(chunks))
    chunks[place] = damaged(chunks[place], random)
    sums = [zlib.crc32(chunk).to_bytes(4) for chunk in chunks]
    sizes = [max(len(chunk) - 4, 0).to_bytes(4) for chunk in chunks]
    parts = zip(sizes, chunks, sums, strict=True)
    return content[:8] + b"".join(b"".join(part) for part in parts)


def mutants(
    seeds: Sequence[bytes], mutations: Sequence[Mutation], count: int, seed: int
) -> Iterator[bytes]:
    """Damaged forms of some files.

    Args:
        seeds: Whole files.
        mutations: Each applies to all of them.
        count: Number of mutants.
        seed: Seed of the random draws.
    """
    for index in range(count):
        random = np.random.default_rng((seed, index))
        mutation = mutations[random.integers(len(mutations))]
        yield mutation(seeds[random.integers(len(seeds))], random)


def _changed(
    members: Sequence[tuple[str, bytes]], random: np.random.Generator
) -> list[tuple[str, bytes]]:
    members = list(members)
    place = random.integers(len(members))
    name, content = members[place]
    match random.integers(8):
        case 0:
            del members[place]
        case 1:
            members.append((name, damaged(content, random)))
        case 2:
            members[place] = (["../../x", "/x", "", name + "x"][random.integers(4)], content)
        case _:
            members[place] = (name, damaged(content, random))
    return members


def _change_a_value(value: Any, random: np.random.Generator) -> None:
    """Changes an object or array of JSON, or one of those inside it, in place."""
    places = list(_places(value))
    where, key = places[random.integers(len(places))]
    match random.integers(8):
        case 0:
            del where[key]
        case 1 if isinstance(where, dict):
            where["../../x"] = where.pop(key)
        case _:
            where[key] = _VALUES[random.integers(len(_VALUES))]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of an object or array inside a value and one of its keys or indices."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(part)


def _span(content: bytes, random: np.random.Generator) -> slice:
    first = random.integers(len(content) + 1)
    return slice(first, first + int(random.integers(1, 64)))


def _put(content: bytes, where: slice, new: bytes) -> bytes:
    return content[: where.start] + new + content[where.stop :]


def _flip(content: bytes, random: np.random.Generator) -> bytes:
    place = _span(content, random).start
    old = content[place : place + 1]
    new = bytes([old[0] ^ (1 << int(random.integers(8)))]) if old else b"\1"
    return _put(content, slice(place, place + 1), new)


def _cut(content: bytes, random: np.random.Generator) -> bytes:
    return content[: _span(content, random).start]


def _delete(content: bytes, random: np.random.Generator) -> bytes:
    return _put(content, _span(content, random), b"")


def _double(content: bytes, random: np.random.Generator) -> bytes:
    span = _span(content, random)
    return _put(content, span, 2 * content[span])


def _scramble(content: bytes, random: np.random.Generator) -> bytes:
    span = _span(content, random)
    return _put(content, span, random.bytes(len(content[span])))


def _set_number(content: bytes, random: np.random.Generator) -> bytes:
    """Writes an extreme binary number over another, as in a header of sizes."""
    size = int(random.choice([1, 2, 4, 8]))
    number = int(random.choice([0, 1, 2, 255])) - int(random.integers(2))
    number = number % 256**size if random.integers(2) else 256**size // 2 - 1
    order = "big" if random.integers(2) else "little"
    first = int(random.integers(min(len(content), 256) + 1))  # sizes are near the start
    return _put(content, slice(first, first + size), number.to_bytes(size, order))


def _set_text(content: bytes, random: np.random.Generator) -> bytes:
    """Writes an extreme value over a decimal number, as in JSON, a table, or a header of .npy."""
    numbers = list(_NUMBER.finditer(content[:100_000]))
    if not numbers:
        return _flip(content, random)
    found = numbers[random.integers(len(numbers))]
    return _put(content, slice(*found.span()), _TEXTS[random.integers(len(_TEXTS))])


_EDITS = (_flip, _cut, _delete, _double, _scramble, _set_number, _set_text, _set_text)
