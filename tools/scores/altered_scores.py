"""Which sets of altered images stand for all of their kind."""

from collections.abc import Mapping

from tools.run.manifest import RESAMPLING, Alteration


def strongest(altered: Mapping[str, Alteration]) -> dict[str, list[str]]:
    """{group: names of the sets at the last level of their kind}, of sets by name."""
    last: dict[tuple[str, str], str] = {}
    for name, alteration in altered.items():
        if alteration.group == RESAMPLING:  # its levels are two sides of one comparison
            continue
        kind = alteration.group, alteration.kind
        if kind not in last or alteration.level > altered[last[kind]].level:
            last[kind] = name
    groups: dict[str, list[str]] = {}
    for (group, _), name in last.items():
        groups.setdefault(group, []).append(name)
    return groups
