"""The seal: a Merkle tree for each workspace, and its signed roots. Knows hashes, not tasks."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from telareview.accounts.encryption import decrypted
from telareview.accounts.models import Workspace
from telareview.ledger.guards import append_only


class Leaf(models.Model):
    """One leaf of a workspace's Merkle tree (RFC 6962 shape). Written by one sealer, in order, without gaps."""

    pk = models.CompositePrimaryKey("workspace_id", "index")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: From 0.
    index = models.BigIntegerField()
    #: The record sealed, by value: its source (see `sources.py`) and its id there.
    source = models.TextField()
    record_id = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    #: SHA-256(salt ‖ closed columns): part of the leaf, kept because an erasure takes what it was made from.
    closed = models.BinaryField(max_length=32, null=True)

    class Meta:
        verbose_name = _("leaf")
        verbose_name_plural = _("leaves")
        constraints = [models.UniqueConstraint(fields=["source", "record_id"], name="record_sealed_once")]
        triggers = append_only("leaves")

    def __str__(self) -> str:
        return f"leaf {self.index} of workspace {self.workspace_id}: {self.source} {self.record_id}"


class SigningKey(models.Model):
    """An Ed25519 key that signs a workspace's checkpoints. The newest signs; older ones still tell old signatures."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    #: Names the tree in checkpoints and the key in signatures (C2SP: without spaces and plus signs).
    name = models.TextField()
    public_key = models.BinaryField(max_length=32)
    #: Encrypted with a key made from SECRET_KEY, which is not in the database.
    private_key_encrypted = models.TextField(editable=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")

    def __str__(self) -> str:
        return self.name

    def private_key(self) -> str:
        """The 32 bytes as hexadecimal. Raises UnreadableSecret after a change of SECRET_KEY."""
        return decrypted(self.private_key_encrypted, what=f"The key that signs the checkpoints of {self.name}")


class Checkpoint(models.Model):
    """A signed root over the first `size` leaves, as C2SP checkpoint text; copies leave the house."""

    pk = models.CompositePrimaryKey("workspace_id", "size")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    #: The tree's right edge (`merkle.Frontier`), so that the next leaves need no look at the former ones.
    frontier = models.BinaryField()
    note = models.TextField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        triggers = append_only("checkpoints")

    def __str__(self) -> str:
        return f"checkpoint {self.size} of workspace {self.workspace_id}"


class Sending(models.Model):
    """One attempt to take checkpoints to a place outside: when, up to which size, and how it went."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: Digest of the place's kind and address: addresses may hold secrets.
    place = models.TextField()
    #: The newest checkpoint that was to be sent.
    size = models.BigIntegerField()
    tried_at = models.DateTimeField(db_default=Now())
    sent = models.BooleanField()
    #: Short name of what went wrong, for translation, and what is known of it; "" when it was sent.
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("sending")
        verbose_name_plural = _("sendings")
        indexes = [models.Index(fields=["workspace", "place", "-tried_at"], name="sending_newest_first")]

    def __str__(self) -> str:
        return f"checkpoint {self.size} to {self.place}"
