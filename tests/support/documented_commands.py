"""The command lines that README.md and docs/ show, as a shell would read them."""

import re
import shlex
from collections.abc import Iterator

from repository_sources import ROOT

INSTALLED = {
    "vae-run": "vae_wgan/vae_run.py",
    "wgan-run": "vae_wgan/wgan_run.py",
    "anomaly-run": "vae_wgan/anomaly_run.py",
    "features-run": "vae_wgan/features_run.py",
}
_BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(python (?:-m \w|scripts/|vae_wgan/|anomaly/)[^`]*)`")


def documented_commands() -> dict[str, list[list[str]]]:
    """The commands of each page in their order, each a list of words; those of this project's."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = {path.name: list(_commands(path.read_text("utf-8"))) for path in pages}
    return {page: commands for page, commands in found.items() if commands}


def _commands(text: str) -> Iterator[list[str]]:
    blocks = _BLOCK.findall(text)
    inline = [" ".join(words.split()) for words in _INLINE.findall(_BLOCK.sub("", text))]
    for line in "\n".join([*blocks, *inline]).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] in INSTALLED:
            words = ["python", INSTALLED[words[0]], *words[1:]]
        if words:
            yield words
