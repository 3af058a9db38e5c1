import ast
import os
import subprocess
import sys

import pytest

import anomaly
from anomaly.machinery.detector_input import checked_count, checked_number, checked_rows
from repository_sources import ROOT
from tools.errors import checked_word


def test_all_public_names_are_found():
    assert set(anomaly.__all__) <= set(dir(anomaly))
    for name in ("AdversarialAE", "AdversarialVAE", "ModelDistillation", "OutlierVAE", "elbo"):
        assert getattr(anomaly, name).__name__ == name
    with pytest.raises(AttributeError, match="Outlier"):
        _ = anomaly.Outlier


def test_type_checkers_see_the_names_that_python_finds():
    tree = ast.parse((ROOT / "anomaly" / "__init__.py").read_text("utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]  # if TYPE_CHECKING
    imports = [node for node in ast.walk(blocks[0]) if isinstance(node, ast.ImportFrom)]
    seen = {name.asname: node.module for node in imports for name in node.names if name.asname}
    assert seen == anomaly._MODULES


def test_importing_the_package_loads_no_tensorflow():
    code = "import sys, anomaly; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_name_asks_tensorflow_for_onednn_unless_the_user_has_chosen(monkeypatch):
    for choice, expected in ((None, "1"), ("0", "0")):
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
        if choice is not None:
            monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", choice)
        anomaly.__getattr__("elbo")
        assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == expected


def test_checked_values_come_back_in_their_type():
    assert checked_number("x", 1) == 1.0
    assert checked_count("x", 1e10) == 10**10
    assert checked_word("x", "a", ("a", "b")) == "a"
    assert checked_rows([[1, 2]]).dtype == "float32"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: checked_number("x", None), TypeError),
        (lambda: checked_number("x", True), TypeError),
        (lambda: checked_number("x", "1"), TypeError),
        (lambda: checked_number("x", [1, 2]), TypeError),
        (lambda: checked_number("x", float("inf")), ValueError),
        (lambda: checked_number("x", 0, above=0), ValueError),
        (lambda: checked_number("x", -1, at_least=0), ValueError),
        (lambda: checked_number("x", 2, at_most=1), ValueError),
        (lambda: checked_count("x", 1.5), ValueError),
        (lambda: checked_word("x", "c", ("a", "b")), ValueError),
    ],
)
def test_bad_values_are_named(call, error):
    with pytest.raises(error, match=r"^x="):
        call()
