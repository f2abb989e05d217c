"""A desk's folder as it is mounted by Kubernetes, and the ways in which a version comes into it."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tests.reload.versions import Version

FOLDERS = ("rules", "entities", "articles")
RECEIVERS = """\
version: 1
receivers: [{id: console, type: console}]
routes: [{id: desk, receivers: [console]}]
"""

How = Literal["swapped", "in place", "slowly"]


class MountedDesk:
    """A folder with links to `..data`, itself a link that is swapped: rules -> ..data/rules, ..data -> ..7."""

    def __init__(self, folder: Path, settings: str, version: Version) -> None:
        self.folder = folder
        self._mounted = 0
        folder.mkdir()
        (folder / "newswatch.yaml").write_text(settings)
        (folder / "feeds.yaml").write_text("version: 1\nfeeds: []\n")
        (folder / "receivers.yaml").write_text(RECEIVERS)
        self._swap(version.files)
        for name in FOLDERS:
            (folder / name).symlink_to(f"..data/{name}")

    def put(self, version: Version, how: How) -> None:
        """`in place` and `slowly`: only rules/all.yaml changes, and can be met half-written."""
        if how == "swapped":
            self._swap(version.files)
            return
        rules = self.folder / "rules" / "all.yaml"
        text = version.files["rules/all.yaml"]
        if how == "slowly":
            rules.write_text(text[: text.index("AND")])
            time.sleep(0.3)
        rules.write_text(text)

    def _swap(self, files: Mapping[str, str]) -> None:
        self._mounted += 1
        new = self.folder / f"..{self._mounted}"
        for path, text in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text)
        link, data = self.folder / "..new", self.folder / "..data"
        link.symlink_to(new.name)
        link.replace(data)
        shutil.rmtree(self.folder / f"..{self._mounted - 1}", ignore_errors=True)
