"""Checkpoints as C2SP signed notes: their text, Ed25519 signatures, and keys as people pass them on.

A checkpoint's text is three lines: the tree's name, its size, and its root in base64. A note is the text, an empty
line, and a line for each signature: an em dash, the key's name, and base64 of key id ‖ signature.
(c2sp.org/signed-note, c2sp.org/tlog-checkpoint)
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from telareview.accounts.encryption import encrypted
from telareview.accounts.models import Workspace
from telareview.ledger.models import SigningKey

#: Says "Ed25519" in key ids and in keys as text.
ED25519 = b"\x01"
KEY_ID_BYTES = 4
#: Of the public key, in the name of its tree: two installations may have workspaces of one name.
NAME_DIGITS = 8


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
