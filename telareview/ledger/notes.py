"""Checkpoints as C2SP signed notes: their text, Ed25519 signatures, and keys as people pass them on.

A checkpoint's text is three lines: the tree's name, its size, and its root in base64. A note is the text, an empty
line, and a line for each signature: an em dash, the key's name, and base64 of key id ‖ signature.
(c2sp.org/signed-note, c2sp.org/tlog-checkpoint)
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from telareview.accounts.encryption import encrypted
from telareview.accounts.models import Workspace
from telareview.ledger.models import SigningKey

#: Says "Ed25519" in key ids and in keys as text.
ED25519 = b"\x01"
KEY_ID_BYTES = 4
#: Of the public key, in the name of its tree: two installations may have workspaces of one name.
NAME_DIGITS = 8
#: Lines up to an empty one, then lines of signatures. Notes may follow each other in one text.
NOTE = re.compile(r"((?:[^\n]+\n)+)\n((?:— [^\n]+\n)+)")
TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as somebody kept it. Nothing is believed of it before its signature was checked."""

    name: str
    size: int
    root: bytes
    text: str
    #: (key's name, key id ‖ signature)
    signatures: tuple[tuple[str, bytes], ...]

    def is_signed_by(self, keys: Iterable[SigningKey]) -> bool:
        """Whether one of the keys made one of the signatures."""
        for key in keys:
            public = bytes(key.public_key)
            for name, raw in self.signatures:
                if name == key.name == self.name and raw[:KEY_ID_BYTES] == key_id(name, public):
                    try:
                        Ed25519PublicKey.from_public_bytes(public).verify(raw[KEY_ID_BYTES:], self.text.encode())
                    except InvalidSignature:
                        continue
                    return True
        return False


def read_notes(joined: str) -> Iterator[Note]:
    """The notes in a text, one after the other. Raises ValueError, with the line, where something else stands."""
    at = 0
    while joined[at:].strip():
        found = NOTE.match(joined, at)
        told = TEXT.fullmatch(found[1]) if found else None
        if not found or not told:
            line = joined.count("\n", 0, at) + 1
            raise ValueError(f"What begins in line {line} is no signed checkpoint.")
        signatures = tuple(_signature(line) for line in found[2].removesuffix("\n").split("\n"))
        yield Note(told[1], int(told[2]), b64decode(told[3]), found[1], signatures)
        at = found.end()


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix("— ").partition(" ")
    try:
        return name, b64decode(encoded, validate=True)
    except ValueError:
        return name, b""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, ready to sign."""

    name: str
    key: Ed25519PrivateKey
    public_key: bytes

    def note(self, size: int, root: bytes) -> str:
        """The signed checkpoint of a tree of this size and root."""
        text = checkpoint_text(self.name, size, root)
        signature = key_id(self.name, self.public_key) + self.key.sign(text.encode())
        return f"{text}\n— {self.name} {b64encode(signature).decode()}\n"


def checkpoint_text(name: str, size: int, root: bytes) -> str:
    """What is signed."""
    return f"{name}\n{size}\n{b64encode(root).decode()}\n"


def key_id(name: str, public_key: bytes) -> bytes:
    """Tells in a signature which key made it; four bytes, no secret."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, public_key: bytes) -> str:
    """The public key as one word, `name+id+key`: what an auditor keeps."""
    return f"{name}+{key_id(name, public_key).hex()}+{b64encode(ED25519 + public_key).decode()}"


def newest_key(workspace: Workspace) -> SigningKey | None:
    """The key that signs at present; None before the first seal."""
    return SigningKey.objects.filter(workspace=workspace).order_by("-pk").first()


def make_key(workspace: Workspace) -> SigningKey:
    """A stored new key, which signs from now on. The tree keeps the name that its first key gave it."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    first = SigningKey.objects.filter(workspace=workspace).order_by("pk").first()
    return SigningKey.objects.create(
        workspace=workspace,
        name=first.name if first else f"telareview/{workspace.slug}/{sha256(public).hexdigest()[:NAME_DIGITS]}",
        public_key=public,
        private_key_encrypted=encrypted(private.private_bytes_raw().hex()),
    )


def signer_of(workspace: Workspace) -> Signer:
    """The workspace's signer; its key is made here when there is none. Raises UnreadableSecret."""
    key = newest_key(workspace) or make_key(workspace)
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.private_key()))
    return Signer(key.name, private, bytes(key.public_key))
