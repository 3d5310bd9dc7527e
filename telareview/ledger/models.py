"""The seal: gap-free Merkle leaves over versions, and signed roots. Knows hashes, not tasks."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from telareview.ledger.guards import append_only


class Leaf(models.Model):
    """One leaf of the Merkle tree (RFC 6962 shape). Written by one sealer, in order, without gaps."""

    index = models.BigIntegerField(primary_key=True)
    #: The version sealed, by value.
    version_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("leaf")
        verbose_name_plural = _("leaves")
        triggers = append_only("leaves")

    def __str__(self) -> str:
        return str(self.index)


class Checkpoint(models.Model):
    """A signed root over the first `size` leaves, as C2SP checkpoint text; copies leave the house."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        triggers = append_only("checkpoints")

    def __str__(self) -> str:
        return str(self.size)
