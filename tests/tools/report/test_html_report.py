import dataclasses
import re

import numpy as np
import pytest

from html_page import Page
from run_folder_fixture import change_manifest, change_scores, table_of, write_run
from tools.files.whole_files import write_npz
from tools.report.gallery import Plot, draw_plots
from tools.report.html_report import report_html
from tools.report.markup import element, joined, pairs
from tools.scores.score_files import read_scores, write_scores

SCRIPT = "<script>alert('x')</script>"
SECTIONS = (
    "Verdict,Scores,Statistics over members,All metrics,Flagged examples,Plots,Missing data sets,"
    "Settings,Provenance"
)
PLOT = Plot("roc", b"\x89PNG", caption="One & all", alt='AUROC of "near": 0.7')


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path)


@pytest.fixture
def table(folder):
    return table_of(folder, elbo_threshold=110.0)


@pytest.fixture
def page(table):
    return Page(report_html(table, [PLOT]))


def with_aurocs(table, aurocs):
    """The table with other AUROCs for some (score, statistic), and 0.5 for the rest.

    Those of the set `far` are higher by 0.01.
    """
    rows = (
        dataclasses.replace(
            row, auroc=aurocs.get((row.score, row.statistic), 0.5) + 0.01 * (row.dataset == "far")
        )
        for row in table.rows
    )
    return dataclasses.replace(table, rows=tuple(rows))


def test_sections_stand_in_order_and_the_contents_point_to_them(page):
    assert page.text("h2") == SECTIONS.split(",")
    targets = [attributes["href"] for attributes in page.all("a")]
    assert targets == [f"#{attributes['id']}" for attributes in page.all("h2")]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)


def test_page_names_language_title_and_size_for_phones(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.text("title") == page.text("h1") == ["Out-of-distribution detection: digits"]
    assert any(attributes.get("name") == "viewport" for attributes in page.all("meta"))


def test_nothing_is_loaded_from_elsewhere(table):
    text = report_html(table, [PLOT])
    assert not re.search(r"https?:|//\w|@import|url\(", text)
    for _, attributes in Page(text).elements:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith(("#", "data:"))


def test_pictures_have_words(page):
    (image,) = page.all("img")
    assert image["alt"] == 'AUROC of "near": 0.7'
    assert image["src"] == "data:image/png;base64,iVBORw=="
    assert page.text("figcaption") == ["One & all"]


def test_tables_have_captions_and_headings(page):
    n_tables = len(page.all("table"))
    assert n_tables == len(page.all("caption")) == len(page.all("thead")) == 10
    assert {attributes.get("scope") for attributes in page.all("th")} == {"col", "row"}
    assert [attributes["class"] for attributes in page.all("table")].count("sortable") == 2


def test_every_row_of_the_table_is_there_to_be_sorted(table, page):
    statistics = [text for text in page.text("td") if text == "disagreement"]
    assert len(statistics) == len(table.rows) // 6
    assert len(page.text("button")) == 12 + 6  # and those of the scores, a row each
    assert page.text("th").count("iwae disagreement") == page.text("th").count("rate waic") == 1
    assert all(f"{row.auroc:.4f}" in page.visible for row in table.rows)


def test_text_from_outside_is_escaped(folder):
    change_manifest(folder, missing={SCRIPT: f"{SCRIPT} & so on"})
    folder.update_manifest(settings={SCRIPT: SCRIPT}, device=SCRIPT, likelihood=SCRIPT)
    plot = Plot("x", b"", caption=SCRIPT, alt=f'"{SCRIPT}', dataset=SCRIPT)
    text = report_html(table_of(folder), [plot])
    assert "<script>alert" not in text
    page = Page(text)
    assert page.visible.count(SCRIPT) >= 8
    assert page.all("img")[0]["alt"] == f'"{SCRIPT}'


def test_verdict_shows_the_scores_named_before_looking(table):
    aurocs = {("iwae", "waic"): 0.8765, ("iwae", "mean"): 0.98}
    page = Page(report_html(with_aurocs(table, aurocs), []))
    assert page.text("h3")[:2] == ["iwae waic", "iwae mean"]
    assert [text for text in page.text("p") if len(text) == 6] == ["0.8815", "0.9850"]
    assert "At least 0.99 on 0 of 2 OoD sets; lowest, flips apart, on near: 0.8765" in page.visible
    assert "At least 0.99 on 1 of 2 OoD sets; lowest, flips apart, on near: 0.9800" in page.visible
    assert "and this is one of them" in page.visible


def test_a_better_score_found_afterwards_is_called_optimistic(table):
    aurocs = {("iwae", "waic"): 0.8, ("rate", "variance"): 0.9}
    page = Page(report_html(with_aurocs(table, aurocs), []))
    assert "Highest worst AUROC, flips apart: rate variance, 0.9000" in page.visible
    assert "optimistic" in page.visible


def test_without_iwae_the_first_score_is_the_headline(folder):
    page = Page(report_html(table_of(folder, keys=("rate", "elbo")), []))
    assert page.text("h3")[:2] == ["rate waic", "rate mean"]


def test_flagged_examples_are_counted_per_threshold(table, page):
    _, waic, *_ = table.flag_rules
    assert "elbo mean > 110" in page.visible
    assert f"iwae waic > {waic.threshold:.5g}" in page.visible
    assert page.text("small") == [
        "elbo_threshold",
        *3 * ["95th percentile of the calibration split"],
    ]
    for rule in table.flag_rules:
        n = rule.flagged["near"]
        assert f"{n} ({100 * n / 40:.1f} %)" in page.visible


def test_without_elbo_threshold_its_column_is_left_out(folder):
    page = Page(report_html(table_of(folder), []))
    assert "elbo_threshold" not in page.text("small")


def test_without_elbo_the_scores_named_before_looking_have_thresholds(folder):
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, lambda scores: {"rate": scores["rate"]})
    page = Page(report_html(table_of(folder, keys=("rate",)), []))
    assert "rate waic >" in page.visible
    assert "elbo mean >" not in page.visible


def test_missing_sets_are_listed_with_the_reason(folder, page):
    assert "no source answered" in page.visible
    change_manifest(folder, missing={})
    assert "None: every OoD set" in Page(report_html(table_of(folder), [])).visible


def test_intervals_are_explained(folder, page):
    assert "stratified bootstrap of 50 draws" in page.visible
    without = Page(report_html(table_of(folder, draws=0), [])).visible
    assert "No intervals: the bootstrap had 0 draws" in without


def test_provenance_is_told(folder, page):
    for text in ("versions.numpy", "2.4.6", "timings.training", "12.5", "ab" * 32, "git_commit"):
        assert text in page.visible
    assert "bernoulli on grey values in [0, 1] is not a normalised density" in page.visible
    folder.update_manifest(likelihood="continuous_bernoulli")
    visible = Page(report_html(table_of(folder), [])).visible
    assert "continuous_bernoulli is a normalised density" in visible


def test_gallery_has_each_plot_once_with_words(table):
    drawn = draw_plots(table)
    shared = ["roc_iwae_waic", "roc_iwae_mean", "histogram_iwae", "variance_iwae"]
    expected = [*shared, "training_history"]
    for name in ("digits", "near", "far"):
        expected += [f"extremes_{name}", f"reconstructions_{name}"]
    assert [plot.name for plot in drawn] == expected
    assert all(plot.alt and plot.caption and plot.png.startswith(b"\x89PNG") for plot in drawn)
    auroc = next(row.auroc for row in table.rows if row.statistic == "waic")
    assert f"near {auroc:.4f}" in drawn[0].alt
    assert "step 30, elbo -170, iwae -165" in drawn[4].alt


def test_gallery_of_one_member_has_no_variance(tmp_path):
    drawn = draw_plots(table_of(write_run(tmp_path, members=1)))
    assert "variance_iwae" not in [plot.name for plot in drawn]


def test_gallery_without_pictures_and_history(folder):
    for path in [*folder.path.glob("pictures/*"), *folder.path.glob("*/history.jsonl")]:
        path.unlink()
    names = [plot.name for plot in draw_plots(table_of(folder))]
    assert names == ["roc_iwae_waic", "roc_iwae_mean", "histogram_iwae", "variance_iwae"]


def test_gallery_of_critics_has_samples_and_no_reconstructions(folder):
    generated = np.zeros((64, 28, 28, 1), np.uint8)
    for member in range(3):
        write_npz(folder.samples(member), {"images": generated})
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, lambda scores: {"logit": -scores["rate"], **scores})
    for path in folder.path.glob("pictures/*"):
        with np.load(path) as pictures:
            kept = {n: pictures[n] for n in pictures if not n.endswith("reconstructions")}
        write_npz(path, kept | {"score": np.array("extra_logit")})
    table = table_of(folder, keys=("logit",))
    drawn = {plot.name: plot for plot in draw_plots(table)}
    assert {"roc_logit_variance", "roc_logit_mean", "samples", "extremes_near"} <= drawn.keys()
    assert not any(name.startswith("reconstructions") for name in drawn)
    assert "WAIC of extra_logit" in drawn["extremes_near"].caption
    cards = Page(report_html(table, [])).text("h3")[:2]
    assert cards == ["logit variance", "logit mean"]


def test_an_attacked_set_is_shown_beside_what_it_was_made_of(folder):
    with np.load(folder.pictures("near")) as near, np.load(folder.pictures("far")) as far:
        same_rows = dict(far) | {"first_ids": near["first_ids"]}
    far_file = read_scores(folder.scores("far"))
    near_ids = read_scores(folder.scores("near")).ids
    write_scores(folder.scores("far"), far_file.scores, near_ids, {})
    rows = {f"{group}_ids": near_ids[:size] for group, size in (("most", 16), ("least", 16))}
    write_npz(folder.pictures("far"), same_rows | rows)
    folder.update_manifest(adversarial={"far": "near"})
    names = {plot.name for plot in draw_plots(table_of(folder))}
    assert {"attack_far", "reconstructions_near"} <= names
    assert not {"attack_near", "reconstructions_far"} & names


def test_elements_escape_children_and_attributes():
    made = element("td", "<&>", element("br"), 3, class_="a", aria_label='"<')
    assert made == '<td class="a" aria-label="&quot;&lt;">&lt;&amp;&gt;<br>3</td>'
    assert joined("<", element("p", joined("a", "&"))) == "&lt;<p>a&amp;</p>"


def test_pairs_escape_names_and_values():
    made = pairs("<c>", {"<a>": "<b>"})
    assert '<th scope="row">&lt;a&gt;</th><td><code>&lt;b&gt;</code></td>' in made
    assert "<caption><span>&lt;c&gt;</span></caption>" in made
