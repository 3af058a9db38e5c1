"""A served run answers by its run's scores; what is malformed is a 4xx with a sentence."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from anomaly.serving import app as app_module
from anomaly.serving.app import make_app, model_name
from anomaly.serving.served_run import serve_run
from tiny_run import bars, made_up_table
from tools.run.run_folder import RunFolder
from vae_wgan.run.scorer import open_scorer

ROWS = made_up_table(6, 1).drop(columns="Class").iloc[1:]
RECORDS = json.loads(ROWS.to_json(orient="records"))


@pytest.fixture(scope="module")
def table(tiny_run):
    folder = tiny_run("table_flow").folder / "run"
    run = serve_run(folder, "rows", target_fpr=0.2, timeout=60)
    with TestClient(make_app(run, largest_request=50_000), raise_server_exceptions=False) as client:
        yield client, open_scorer(RunFolder(folder), target_fpr=0.2)


@pytest.fixture(scope="module")
def pictures(tiny_run):
    folder = tiny_run("wgan").folder / "run"
    run = serve_run(folder, "pictures", target_fpr=0.2, timeout=60)
    with TestClient(make_app(run), raise_server_exceptions=False) as client:
        yield client, open_scorer(RunFolder(folder), target_fpr=0.2)


def test_rows_have_the_scores_of_the_run(table):
    client, scorer = table
    expected = scorer.scored_table(ROWS.reset_index(drop=True))
    answer = client.post("/score", json={"rows": RECORDS})
    assert answer.status_code == 200
    found = answer.json()["results"]
    np.testing.assert_allclose([row["score"] for row in found], expected["score"], rtol=1e-4)
    np.testing.assert_array_equal([row["flagged"] for row in found], expected["flagged"])
    for same in (RECORDS, RECORDS[0]):
        assert client.post("/score", json=same).json()["results"][0]["score"] == pytest.approx(
            found[0]["score"], rel=1e-5
        )


def test_a_row_that_cannot_be_scored_says_why_and_the_others_are_scored(table):
    bad = RECORDS[0] | {"b": "x"}
    found = table[0].post("/score", json=[bad, RECORDS[1]]).json()["results"]
    assert found[0]["score"] is None
    assert found[0]["problem"] == "column b: 'x' is no number"
    assert found[1]["score"] is not None


def tensors(frame):
    return [
        {
            "name": name,
            "shape": [len(frame), 1],
            "datatype": "BYTES" if name == "shop" else "FP64",
            "data": frame[name].tolist(),
        }
        for name in frame
    ]


def test_the_open_inference_protocol(table):
    client, scorer = table
    assert client.get("/v2").json()["name"] == "generative-ensembles"
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/rows/ready").status_code == 200
    described = client.get("/v2/models/rows").json()
    assert {each["name"]: each["datatype"] for each in described["inputs"]} == {
        **dict.fromkeys(["Time", "a", "b", "amount"], "FP64"),
        "shop": "BYTES",
    }
    whole = ROWS.dropna()
    answer = client.post("/v2/models/rows/infer", json={"id": "7", "inputs": tensors(whole)})
    assert answer.json()["id"] == "7"
    outputs = {each["name"]: each["data"] for each in answer.json()["outputs"]}
    expected = scorer.scored_table(whole.reset_index(drop=True))
    np.testing.assert_allclose(outputs["score"], expected["score"], rtol=1e-4)
    assert all(isinstance(flag, bool) for flag in outputs["flagged"])


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/score", "{", "no JSON"),
        ("/score", "[NaN]", "no JSON"),
        ("/score", "[" * 5000, "nested too deeply"),
        ("/score", "[]", "rows are objects"),
        ("/score", "[1]", "rows are objects"),
        ("/score", '[{"a": [1]}]', "column a holds a list"),
        ("/score", '[{"a": 1}]', "lacks Time, b, amount, shop"),
        ("/v2/models/rows/infer", "{}", 'has "inputs"'),
        ("/v2/models/rows/infer", '{"inputs": [{}]}', "has no name"),
        ("/v2/models/rows/infer", '{"inputs": [{"name": "a"}]}', "shape is a list"),
        (
            "/v2/models/rows/infer",
            '{"inputs": [{"name": "a", "shape": [1], "datatype": "X"}]}',
            "datatype is BYTES or",
        ),
        (
            "/v2/models/rows/infer",
            '{"inputs": [{"name": "a", "shape": [2], "datatype": "FP64", "data": [1]}]}',
            "has not 1 values",
        ),
        (
            "/v2/models/rows/infer",
            '{"inputs": [{"name": "a", "shape": [2], "datatype": "FP64", "data": [1, [2]]}]}',
            "different lengths",
        ),
    ],
)
def test_what_is_malformed_is_refused_with_a_sentence(path, body, words, table):
    answer = table[0].post(path, content=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_unknown_addresses_and_large_requests(table):
    client, _ = table
    assert "no model 'other'" in client.get("/v2/models/other").json()["error"]
    assert client.get("/nothing").status_code == 404
    assert client.get("/score").status_code == 405
    for body in (b"x" * 50_001, (b"x" * 10_000 for _ in range(6))):
        answer = client.post("/score", content=body)
        assert (answer.status_code, answer.json()) == (
            413,
            {"error": "a request has at most 50000 bytes"},
        )


def test_a_bug_shows_no_traceback(table, monkeypatch):
    monkeypatch.setattr(app_module, "table_of", lambda value: 1 / 0)
    answer = table[0].post("/score", json=RECORDS)
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "the server failed; its log says how"},
    )


def test_requests_at_once_get_their_own_answers_and_are_counted(table):
    client, _ = table
    alone = [client.post("/score", json=row).json()["results"][0]["score"] for row in RECORDS]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: client.post("/score", json=row).json(), RECORDS * 4))
    found = [answer["results"][0]["score"] for answer in answers]
    np.testing.assert_allclose(found, alone * 4, rtol=1e-5)
    text = client.get("/metrics").text
    assert "anomaly_rows_total" in text
    assert 'anomaly_request_seconds_count{path="/score",status="200"}' in text
    assert "anomaly_change_evidence" in text


def test_uploaded_pictures_json_images_and_tensors_are_one(pictures):
    client, scorer = pictures
    images = bars(3, seed=9)
    files = []
    for number, image in enumerate(images):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        files.append(("files", (f"{number}.png", file.getvalue())))
    files.insert(1, ("files", ("broken.png", b"no picture")))
    expected = scorer.scored_images(images[..., None] / np.float32(255))["score"]
    uploaded = client.post("/score/pictures", files=files).json()["results"]
    assert [line["path"] for line in uploaded] == ["0.png", "broken.png", "1.png", "2.png"]
    assert uploaded[1]["score"] is None and uploaded[1]["problem"]
    scores = [line["score"] for line in uploaded if line["score"] is not None]
    np.testing.assert_allclose(scores, expected, rtol=1e-3)
    nested = client.post("/score", json={"images": images.tolist()}).json()["results"]
    np.testing.assert_allclose([line["score"] for line in nested], scores, rtol=1e-5)
    tensor = {"name": "images", "datatype": "UINT8", "shape": [3, 28, 28, 1]}
    tensor["data"] = images.reshape(-1).tolist()
    answer = client.post("/v2/models/pictures/infer", json={"inputs": [tensor]}).json()
    np.testing.assert_allclose(answer["outputs"][0]["data"], scores, rtol=1e-5)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"images": [[[0.5, 0.5], [0.5, 0.5]]]}, "images have the shape (2, 2, 1)"),
        ({"images": [[[300]]]}, "beyond 0 to 255"),
        ({"images": [[["a"]]]}, "a list of numbers"),
        ({"rows": []}, "images are nested lists"),
    ],
)
def test_images_that_do_not_fit_are_refused(body, words, pictures):
    answer = pictures[0].post("/score", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_an_upload_of_something_else_is_refused(pictures):
    assert pictures[0].post("/score/pictures", content=b"x").status_code == 400


def test_a_folder_names_the_model():
    assert model_name(Path("runs/my photos")) == "my-photos"
