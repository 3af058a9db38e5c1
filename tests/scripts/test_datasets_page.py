"""The page of data sets says what the code knows."""

from scripts.datasets_page import PAGE, ROWS, page
from tools.data.images.image_datasets import IMAGE_DATASETS


def test_the_page_is_that_of_the_code():
    assert PAGE.read_text("utf-8") == page(), "python scripts/datasets_page.py"


def test_every_split_has_its_number_of_images():
    assert {name: set(rows) for name, rows in ROWS.items()} == {
        name: set(dataset.files) for name, dataset in IMAGE_DATASETS.items()
    }
