from tools.report.text_lines import rows_csv
from tools.report.transfer_table import HEADINGS, transfer_section
from tools.scores.transfer import TransferRow

ROWS = [
    TransferRow("noise", "iwae", 0, True, -900.0, -300.25, 1.0, 0.75),
    TransferRow("noise", "iwae", 1, False, -910.0, -800.0, 1.0, 0.99),
]


def test_the_section_marks_the_member_that_was_attacked():
    text = str(transfer_section(ROWS))
    assert text.count("attacked") == 1
    assert "-300.2" in text
    assert "0.7500" in text
    assert all(name in text for name in HEADINGS)


def test_the_csv_has_all_fields():
    header, first, second = rows_csv(ROWS).splitlines()
    assert header.startswith("dataset,score,member,attacked,before,after")
    assert first == "noise,iwae,0,True,-900.000000,-300.250000,1.000000,0.750000"
    assert second.split(",")[3] == "False"
