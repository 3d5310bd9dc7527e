"""Merkle trees: the published vectors of RFC 6962, and properties beside a second implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
)
from tests.ledger.trees import climb, mth

#: The reference data of Certificate Transparency: eight leaves, and the root over the first 1, 2, … of them.
DATA = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(each)
    for each in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
#: Index and size → the published proof.
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [leaf_hash(each) for each in DATA]

some_data = st.lists(st.binary(max_size=6), min_size=1, max_size=70)


def test_the_empty_tree_has_the_hash_of_nothing():
    assert root_of([]) == EMPTY_ROOT == mth([])
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size):
    assert root_of(LEAVES[:size]) == ROOTS[size - 1] == mth(DATA[:size])


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_published_inclusion_proofs(index, size):
    assert [each.hex() for each in inclusion_proof(index, LEAVES[:size])] == PATHS[index, size]


@pytest.mark.parametrize("first", [2, 6])
def test_the_published_consistency_proofs(first):
    [(second, wanted)] = [(second, proof) for (each, second), proof in CONSISTENCY.items() if each == first]

    assert [each.hex() for each in consistency_proof(first, LEAVES[:second])] == wanted


@given(some_data)
def test_roots_are_those_of_the_definition(data):
    assert root_of(map(leaf_hash, data)) == mth(data)


@given(some_data, st.data())
def test_every_leaf_can_be_proven_and_no_other(data, drawn):
    leaves = [leaf_hash(each) for each in data]
    root = mth(data)
    index = drawn.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(index, leaves)

    assert climb(leaves[index], index, len(leaves), proof) == root
    assert is_included(leaves[index], index, len(leaves), proof, root)
    assert not is_included(leaf_hash(b"never sealed"), index, len(leaves), proof, root)
    assert not is_included(leaves[index], index + len(leaves), len(leaves), proof, root)
    assert not is_included(leaves[index], index, len(leaves), [*proof, root], root)
    assert not proof or not is_included(leaves[index], index, len(leaves), proof[:-1], root)


@given(some_data, st.data())
def test_a_tree_that_only_grew_can_prove_it_and_no_other(data, drawn):
    leaves = [leaf_hash(each) for each in data]
    first = drawn.draw(st.integers(1, len(leaves)))
    proof = consistency_proof(first, leaves)
    old, new = mth(data[:first]), mth(data)

    assert is_consistent(first, old, len(leaves), new, proof)
    assert not is_consistent(first, leaf_hash(b"another"), len(leaves), new, proof)
    assert not is_consistent(first, old, len(leaves), leaf_hash(b"another"), proof)
    assert not is_consistent(first, old, len(leaves), new, [*proof, new])
    assert not is_consistent(0, old, len(leaves), new, proof)


@given(some_data, st.data())
def test_a_frontier_goes_on_where_it_was_kept(data, drawn):
    cut = drawn.draw(st.integers(0, len(data)))
    first = Frontier()
    first.extend(map(leaf_hash, data[:cut]))

    second = Frontier.from_bytes(cut, first.to_bytes())
    second.extend(map(leaf_hash, data[cut:]))

    assert second.size == len(data)
    assert second.root() == mth(data)


@pytest.mark.parametrize(("size", "joined"), [(1, b""), (0, b"x" * 32), (3, b"x" * 63), (-1, b"")])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size, joined):
    with pytest.raises(ValueError, match="peaks"):
        Frontier.from_bytes(size, joined)


def test_proofs_outside_the_tree_are_refused():
    with pytest.raises(IndexError):
        inclusion_proof(8, LEAVES)
    with pytest.raises(IndexError):
        consistency_proof(9, LEAVES)


def test_a_leaf_cannot_pass_for_a_node():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")

    assert leaf_hash(left + right) != node_hash(left, right)
