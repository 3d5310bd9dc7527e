"""In the demo creating and approving can be tried, however old its data are."""

import pytest

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import ensure_default_workspace
from telareview.demo.management.commands.demo import let_write


@pytest.mark.django_db
@pytest.mark.parametrize("switch", [True, False])
def test_a_demo_made_before_writing_existed_writes_when_it_starts_again(settings, switch):
    settings.TELA_ALLOW_WRITES = False
    assert not ensure_default_workspace().allow_writes
    settings.TELA_ALLOW_WRITES = switch

    let_write(ensure_default_workspace())

    assert Workspace.objects.get().allow_writes is switch
