"""Fits and predicts on request, with the detectors of one library; the same script for both.

python scripts/benchmarks/detector_worker.py anomaly|alibi_detect IMAGES.npy

Each line on standard input is "fit DETECTOR" or "predict DETECTOR ROWS"; the answer is one line of
JSON on standard output: the seconds it took, and the process's highest memory so far. Runs in the
peer's environment too, so it imports nothing of ours but the networks, and `anomaly` by name.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from scripts.zoo_networks import ae_networks, classifier, distilled_classifier, vae_networks

MODULES = {
    "anomaly": dict.fromkeys(("OutlierVAE", "AdversarialAE", "ModelDistillation"), "anomaly"),
    "alibi_detect": {
        "OutlierVAE": "alibi_detect.od",
        "AdversarialAE": "alibi_detect.ad",
        "ModelDistillation": "alibi_detect.ad",
    },
}
PREDICT_BATCH = 128  # of the adversarial detectors; OutlierVAE is asked with its default


def make_detector(library: str, name: str, image_shape: tuple[int, int, int]) -> Any:
    """A new detector with the documents' networks."""
    kind = getattr(importlib.import_module(MODULES[library][name]), name)
    if name == "OutlierVAE":
        encoder, decoder = vae_networks(image_shape, 1024)
        return kind(
            threshold=0.015, encoder_net=encoder, decoder_net=decoder, latent_dim=1024, samples=2
        )
    model = classifier(image_shape)
    if name == "AdversarialAE":
        encoder, decoder = ae_networks(image_shape)
        return kind(threshold=1, encoder_net=encoder, decoder_net=decoder, model=model)
    return kind(threshold=1, distilled_model=distilled_classifier(image_shape), model=model)


def main(library: str, images_path: str, requests: TextIO, answers: TextIO) -> None:
    """Answers each request until there are no more."""
    images = np.load(images_path)
    detectors = {}
    for request in requests:
        action, name, *rows = request.split()
        if action == "fit" or name not in detectors:
            detectors[name] = make_detector(library, name, images.shape[1:])
        started = time.perf_counter()
        if action == "fit":
            detectors[name].fit(images, epochs=1, verbose=False)
        else:
            options = {} if name == "OutlierVAE" else {"batch_size": PREDICT_BATCH}
            detectors[name].predict(images[: int(rows[0])], **options)
        answer = {
            "seconds": time.perf_counter() - started,
            "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:], requests=sys.stdin, answers=sys.stdout)
