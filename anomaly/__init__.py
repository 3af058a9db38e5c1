"""Anomaly detectors with a fit and predict interface.

    from anomaly import OutlierVAE, save_detector

A name loads its module when it is first used, so `import anomaly` loads no TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

from tools import __version__ as __version__
from tools.run.kernels import use_onednn

if TYPE_CHECKING:  # what editors and type checkers read; _MODULES is what Python reads
    from anomaly.detectors.adversarial_ae import AdversarialAE as AdversarialAE
    from anomaly.detectors.adversarial_vae import AdversarialVAE as AdversarialVAE
    from anomaly.detectors.ensemble_detector import EnsembleDetector as EnsembleDetector
    from anomaly.detectors.model_distillation import ModelDistillation as ModelDistillation
    from anomaly.detectors.outlier_vae import OutlierVAE as OutlierVAE
    from anomaly.detectors.sklearn_detector import SklearnDetector as SklearnDetector
    from anomaly.machinery.detector_files import load_detector as load_detector
    from anomaly.machinery.detector_files import save_detector as save_detector
    from anomaly.machinery.detector_losses import elbo as elbo
    from anomaly.model_zoo import fetch_detector as fetch_detector
    from tools.data.corruptions.masks import apply_mask as apply_mask
    from tools.report.detector_plots import plot_change as plot_change
    from tools.report.detector_plots import plot_feature_outlier_image as plot_feature_outlier_image
    from tools.report.detector_plots import plot_instance_score as plot_instance_score

_MODULES = {
    "AdversarialAE": "anomaly.detectors.adversarial_ae",
    "AdversarialVAE": "anomaly.detectors.adversarial_vae",
    "EnsembleDetector": "anomaly.detectors.ensemble_detector",
    "ModelDistillation": "anomaly.detectors.model_distillation",
    "OutlierVAE": "anomaly.detectors.outlier_vae",
    "SklearnDetector": "anomaly.detectors.sklearn_detector",
    "apply_mask": "tools.data.corruptions.masks",
    "elbo": "anomaly.machinery.detector_losses",
    "fetch_detector": "anomaly.model_zoo",
    "load_detector": "anomaly.machinery.detector_files",
    "plot_change": "tools.report.detector_plots",
    "plot_feature_outlier_image": "tools.report.detector_plots",
    "plot_instance_score": "tools.report.detector_plots",
    "save_detector": "anomaly.machinery.detector_files",
}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    use_onednn()  # TensorFlow reads the choice of kernels when it is imported
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
