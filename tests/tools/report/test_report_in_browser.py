"""The report in headless Chromium: it shows, sorts at a click, asks for nothing, says no error."""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterable

import html5lib
import pytest

from run_folder_fixture import write_run
from tools.analysis.run_analysis import analyse_again
from tools.report.blocks import Table
from tools.report.page import page_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Clicks the heading of a column twice; the page's policy allows scripts that stand in it.
CLICKS = """<script>
const table = document.querySelector("table.sortable");
const headings = [...table.tHead.rows[0].cells];
const column = headings.findIndex((cell) => cell.textContent === "worst");
const shown = () => [...table.tBodies[0].rows].map((row) => row.cells[column].textContent);
const found = [shown()];
for (let click = 0; click < 2; click++) {
  headings[column].querySelector("button").click();
  found.push(shown());
}
document.body.dataset.found = JSON.stringify(found);
</script></body>"""


# Which share of the window's width the widest heading of a row takes.
WIDEST = """<script>
const widths = [...document.querySelectorAll("tbody th")].map((cell) => cell.offsetWidth);
document.body.dataset.found = Math.max(...widths) / window.innerWidth;
</script></body>"""
PHONE = "--window-size=400,800"
# A page in a frame of a width that windows without a head do not go down to.
FRAME = """<body><iframe width="{width}" height="800" srcdoc="{page}"></iframe><script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => {{
  const page = frame.contentDocument.documentElement;
  const captions = [...page.querySelectorAll("caption > span")].map((span) => span.offsetWidth);
  document.body.dataset.found = JSON.stringify([
    page.clientWidth, page.scrollWidth, Math.max(...captions)
  ]);
}});
</script></body>"""


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("run"))
    return analyse_again(folder).report.read_text("utf-8")


def test_it_is_html_without_a_parse_error(text):
    html5lib.HTMLParser(strict=True).parse(text)


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    return found


def visit(browser: str, text: str, folder, *flags: str) -> tuple[str, str, set[str]]:
    """The page after its scripts, what the browser printed, and the addresses asked for."""
    page, log = folder / "report.html", folder / "requests.json"
    page.write_text(text, "utf-8")
    result = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--log-net-log={log}",
            f"--user-data-dir={folder / 'profile'}",
            *flags,
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    return result.stdout, result.stderr, set(_addresses(json.loads(log.read_text("utf-8"))))


def found_in(page: str):
    """What a script of the tests has left in the page."""
    return json.loads(re.search(r'data-found="([^"]*)"', page)[1].replace("&quot;", '"'))


def _addresses(log: dict) -> Iterable[str]:
    """Of all requests but the browser's own, which have no page that they come from."""
    for event in log["events"]:
        parameters = event.get("params", {})
        if "url" in parameters and parameters.get("initiator", "not an origin") != "not an origin":
            yield parameters["url"]


def test_it_sorts_at_a_click_and_asks_for_nothing(text, browser, tmp_path):
    page, printed, addresses = visit(browser, text.replace("</body>", CLICKS), tmp_path)
    first, falling, rising = (
        [cell.removeprefix("~ ") for cell in cells] for cells in found_in(page)
    )
    assert sorted(first) == rising == falling[::-1]
    assert len(set(first)) > 2
    assert "CONSOLE" not in printed
    assert {address for address in addresses if not address.startswith("data:")} == set()


def test_a_fault_and_a_request_would_be_seen(text, browser, tmp_path):
    wrong = (
        '<img src="http://127.0.0.1:9/x.png" alt=""><script>undefinedFunction();</script></body>'
    )
    open_page = re.sub(r"<meta http-equiv=[^>]*>", "", text)
    _, printed, addresses = visit(browser, open_page.replace("</body>", wrong), tmp_path)
    assert "undefinedFunction" in printed
    assert "http://127.0.0.1:9/x.png" in addresses


def test_numbers_of_any_length_are_sorted_as_numbers(browser, tmp_path):
    cells = ("0.766", "~ 0.9712", "", "1,000.5 [1,000, 1,001]", "1.000", "-3")
    rows = [["name", cell] for cell in cells]
    table = Table("numbers", ["score", "worst"], rows, is_sortable=True)
    text = page_html("title", "facts", {"numbers": [table]})
    page, _, _ = visit(browser, text.replace("</body>", CLICKS), tmp_path)
    falling = ["1,000.5 [1,000, 1,001]", "1.000", "~ 0.9712", "0.766", "-3", ""]
    assert found_in(page)[1:] == [falling, falling[::-1]]


def test_long_names_leave_a_phone_room_for_numbers(browser, tmp_path):
    name = "published: likelihood path, COPOD (likelihood path paper)"
    rows = [[name, *["0.9712 [0.9601, 0.9823]"] * 5]]
    text = page_html(
        "title", "facts", {"scores": [Table("scores", "abcdef", rows, is_sortable=True)]}
    )
    page, _, _ = visit(browser, text.replace("</body>", WIDEST), tmp_path, PHONE)
    assert 0 < found_in(page) < 0.4


@pytest.mark.parametrize("width", [1300, 390])
def test_tables_scroll_by_themselves_and_the_page_never_does(width, text, browser, tmp_path):
    frame = FRAME.format(width=width, page=html.escape(text))
    page, _, _ = visit(browser, frame, tmp_path, "--window-size=1400,900")
    client, scroll, widest_caption = found_in(page)
    assert width - 20 <= client <= width
    assert scroll <= client
    assert widest_caption <= client
