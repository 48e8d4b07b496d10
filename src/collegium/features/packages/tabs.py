"""The pages of a package: each feature that has one puts it here when it is loaded."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class _Package(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def import_state(self) -> str: ...

    @property
    def may_change(self) -> bool: ...


class _Tab(NamedTuple):
    rank: int
    suffix: str
    words: str
    only_to_change: bool = False


_TABS = [_Tab(1, "", "Contents"), _Tab(2, "/rule", "Rule"), _Tab(3, "/versions", "Versions")]


def package_tab(suffix: str, words: str, *, rank: int, only_to_change: bool = False) -> None:
    """Puts a page among those of a package that is ready: ``package_tab("/results", "Results", rank=4)``.

    ``only_to_change``: for those who may change the package.
    """
    if all(known.suffix != suffix for known in _TABS):
        _TABS.append(_Tab(rank, suffix, words, only_to_change))
        _TABS.sort()


def tabs(package: _Package) -> list[tuple[str, str]]:
    """Words and addresses of the pages of a package that is ready."""
    shown = [tab for tab in _TABS if package.may_change or not tab.only_to_change]
    return [(tab.words, package.path + tab.suffix) for tab in shown] if package.import_state == "ready" else []
