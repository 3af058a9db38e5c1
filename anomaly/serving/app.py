"""The web application of a served run: Open Inference Protocol v2, /score, health, metrics."""

import logging
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from fastapi import FastAPI, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from anomaly.serving.batching import BusyError
from anomaly.serving.request_bodies import (
    images_of,
    images_of_tensors,
    inputs_of,
    parsed_body,
    table_of,
    table_of_tensors,
)
from anomaly.serving.served_run import ServedRun
from anomaly.serving.server_metrics import Metrics
from anomaly.serving.size_limit import SizeLimit
from tools import __version__
from tools.data.images.new_pictures import read_new_pictures
from tools.data.tables.encoded_columns import CategoricalColumn
from tools.errors import InputError

_LOG = logging.getLogger(__name__)
LARGEST_REQUEST = 16 * 1024 * 1024  # bytes
MOST_FILES = 100  # pictures in one upload
_OUTPUTS = {"score": "FP64", "p_value": "FP64", "flagged": "BOOL", "reason": "BYTES"}


def make_app(run: ServedRun, *, largest_request: int = LARGEST_REQUEST) -> FastAPI:
    """The application.

    Args:
        run: The run to serve.
        largest_request: Bytes of a request at most.
    """
    metrics, state = Metrics(), {"ready": False}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        run.warm_up()
        run.batcher.start()
        state["ready"] = True
        yield
        state["ready"] = False
        await run.batcher.stop()

    app = FastAPI(title=f"Anomaly scores of {run.name}", version=__version__, lifespan=lifespan)
    _add_health(app, run, state)
    _add_scores(app, run, metrics)
    _add_protocol(app, run, metrics)
    _add_errors(app)

    @app.get("/metrics", summary="Latency, rows, share flagged, evidence of a change (Prometheus)")
    def show_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.middleware("http")
    async def timed(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        known = getattr(request.scope.get("route"), "path", "other")
        metrics.seconds.labels(known, response.status_code).observe(time.perf_counter() - started)
        return response

    app.add_middleware(SizeLimit, largest=largest_request)
    return app


def _add_health(app: FastAPI, run: ServedRun, state: dict[str, bool]) -> None:
    @app.get("/v2/health/live", summary="Whether the server answers")
    def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/v2/health/ready", summary="Whether it scores")
    def ready() -> JSONResponse:
        return JSONResponse({"ready": state["ready"]}, 200 if state["ready"] else 503)

    @app.get("/v2/models/{name}/ready", summary="Whether the model scores")
    def model_ready(name: str) -> JSONResponse:
        _check_name(name, run)
        return JSONResponse({"name": name, "ready": state["ready"]}, 200 if state["ready"] else 503)


def _add_scores(app: FastAPI, run: ServedRun, metrics: Metrics) -> None:
    @app.post(
        "/score",
        summary="Scores of JSON rows or images",
        openapi_extra=_json_body(_example(run)),
    )
    async def score(request: Request) -> dict[str, Any]:
        value = parsed_body(await request.body())
        if run.is_table:
            scored = await run.table(table_of(value))
        else:
            scored = await run.images(images_of(value))
        metrics.note(scored, run.verdict)
        return _answer(scored, run)

    if run.is_table:
        return

    @app.post("/score/pictures", summary="Scores of uploaded pictures")
    async def score_pictures(files: list[UploadFile]) -> dict[str, Any]:
        if len(files) > MOST_FILES:
            raise InputError(f"an upload has at most {MOST_FILES} pictures, not {len(files)}")
        with tempfile.TemporaryDirectory() as scratch:
            paths = [Path(scratch) / str(number) for number in range(len(files))]
            for path, file in zip(paths, files, strict=True):
                path.write_bytes(await file.read())
            form = run.scorer.ensemble.picture_form
            pictures = read_new_pictures(paths, Path(scratch), form)
        problems = [problem.replace(f"{scratch}/", "picture ") for problem in pictures.problems]
        scored = await run.pictures(pictures._replace(problems=problems))
        metrics.note(scored, run.verdict)
        return _answer(scored.assign(path=[file.filename for file in files]), run)


def _add_protocol(app: FastAPI, run: ServedRun, metrics: Metrics) -> None:
    @app.get("/v2", summary="The server, by the Open Inference Protocol")
    def server() -> dict[str, Any]:
        return {"name": "generative-ensembles", "version": __version__, "extensions": []}

    @app.get("/v2/models/{name}", summary="Inputs and outputs of the model")
    def model(name: str) -> dict[str, Any]:
        _check_name(name, run)
        outputs = [{"name": n, "datatype": t, "shape": [-1]} for n, t in _OUTPUTS.items()]
        return {
            "name": name,
            "versions": ["1"],
            "platform": "generative-ensembles",
            "inputs": _inputs(run),
            "outputs": outputs,
        }

    @app.post(
        "/v2/models/{name}/infer",
        summary="Scores, by the Open Inference Protocol",
        openapi_extra=_json_body({"inputs": [_example_tensor(each) for each in _inputs(run)]}),
    )
    async def infer(name: str, request: Request) -> dict[str, Any]:
        _check_name(name, run)
        value = parsed_body(await request.body())
        tensors = inputs_of(value)
        if run.is_table:
            scored = await run.table(table_of_tensors(tensors))
        else:
            scored = await run.images(images_of_tensors(tensors))
        if (problems := scored.loc[scored["problem"] != "", "problem"]).size:
            raise InputError(f"row {problems.index[0]}: {problems.iloc[0]}")
        metrics.note(scored, run.verdict)
        answer: dict[str, Any] = {"model_name": name, "model_version": "1"}
        if isinstance(value.get("id"), str):
            answer["id"] = value["id"]
        return answer | {"outputs": [_output(scored, name) for name in _OUTPUTS]}


def _output(scored: pd.DataFrame, name: str) -> dict[str, Any]:
    data = scored[name].astype(bool) if name == "flagged" else scored[name]
    shape, kind = [len(scored)], _OUTPUTS[name]
    return {"name": name, "datatype": kind, "shape": shape, "data": data.tolist()}


def _add_errors(app: FastAPI) -> None:
    async def refused(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": " ".join(str(error).split())}, 400)

    async def busy(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": "1"})

    async def of_protocol(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 400
        return JSONResponse({"error": str(getattr(error, "detail", "bad request"))}, status)

    async def bug(request: Request, error: Exception) -> JSONResponse:
        _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"error": "the server failed; its log says how"}, 500)

    async def malformed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "an upload is a form with pictures named files"}, 400)

    app.add_exception_handler(InputError, refused)
    app.add_exception_handler(BusyError, busy)
    app.add_exception_handler(HTTPException, of_protocol)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, bug)


def _answer(scored: pd.DataFrame, run: ServedRun) -> dict[str, Any]:
    lines = scored.astype(object).where(scored.notna(), None).to_dict("records")
    return {"model": run.name, "score": run.scorer.name, "results": lines}


def _check_name(name: str, run: ServedRun) -> None:
    if name != run.name:
        raise HTTPException(404, f"there is no model {name[:100]!r}; the model is {run.name}")


def _inputs(run: ServedRun) -> list[dict[str, Any]]:
    """Inputs of the model by the Open Inference Protocol."""
    encoder = run.scorer.ensemble.encoder
    if encoder is None:
        return [{"name": "images", "datatype": "UINT8", "shape": [-1, *run.image_shape]}]
    words = {column.name for column in encoder.columns if isinstance(column, CategoricalColumn)}
    words |= {column.name for column in encoder.date_columns}
    return [
        {"name": name, "datatype": "BYTES" if name in words else "FP64", "shape": [-1]}
        for name in encoder.needed
    ]


def _example(run: ServedRun) -> dict[str, Any]:
    """A request to /score that can be sent as it is."""
    if not run.is_table:
        return {"images": "a list of images, each HEIGHT lists of WIDTH numbers 0 to 255"}
    zeros = {each["name"]: "" if each["datatype"] == "BYTES" else 0 for each in _inputs(run)}
    return {"rows": [zeros]}


def _example_tensor(described: dict[str, Any]) -> dict[str, Any]:
    shape = [1, *described["shape"][1:]]
    data = [""] if described["datatype"] == "BYTES" else ["NUMBERS"]
    return described | {"shape": shape, "data": data}


def _json_body(example: dict[str, Any]) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": example}},
        }
    }


def model_name(folder: Path) -> str:
    """A run folder's name as part of an address."""
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name) or "model"
