"""What the entries of a manifest look like, checked before any of them is used."""

from typing import Any

_MOST_DRAWS = 1_000_000  # more would take days


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_draws(value: Any) -> bool:
    return _is_count(value) and value <= _MOST_DRAWS


def _is_decimal(value: Any) -> bool:
    return _is_text(value) and value.isdecimal()


def _is_optional(value: Any) -> bool:
    return value is None or _is_text(value) or _is_number(value)


# A dict's entries need not be there; "*" stands for any. A list has one form for all its parts.
_FORM = {
    "status": _is_text,
    "training_data": {"*": _is_text},
    "timings": {"*": _is_number},
    "costs": {"*": _is_number},
    "versions": {"*": _is_text},
    "git_commit": _is_optional,
    "likelihood": _is_optional,
    "anomalies": [_is_text],
    "peers": [_is_text],
    "adversarial": {"*": _is_text},
    "history": {"steps": [_is_count]},
    "device": _is_text,
    "protocol": {},
    "encoder": {},
    "settings": {
        "score_keys": [_is_text],
        "alerts": [_is_decimal],
        "bootstrap": _is_draws,
        "num_models": _is_count,
        "num_pools": _is_count,
        "ddof": _is_count,
        "max_steps": _is_count,
        "extra_steps": _is_count,
        "seed": _is_count,
        "elbo_threshold": lambda value: value is None or _is_number(value),
        "model": _is_text,
    },
    "datasets": {
        "in_distribution": _is_text,
        "out_of_distribution": [_is_text],
        "missing": {"*": _is_text},
        "altered": [_is_text],
        "checksums": {"*": _is_text},
        "sizes": {"*": _is_count},
    },
}


def malformed_entry(manifest: Any) -> str:
    """The first entry that has another form than a run writes it in, as a path; empty: none."""
    return _malformed(manifest, _FORM, "manifest")


def _malformed(value: Any, form: Any, path: str) -> str:
    if callable(form):
        return "" if form(value) else path
    if not isinstance(value, type(form)):
        return path
    if isinstance(form, list):
        parts = [(f"{path}[{index}]", part, form[0]) for index, part in enumerate(value)]
    else:
        names = value.keys() if "*" in form else form.keys() & value.keys()
        parts = [
            (f"{path}.{name}", value[name], form.get(name, form.get("*"))) for name in sorted(names)
        ]
    faults = (_malformed(part, part_form, place) for place, part, part_form in parts)
    return next(filter(None, faults), "")
