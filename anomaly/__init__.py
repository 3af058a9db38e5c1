"""Anomaly detectors with a fit and predict interface.

    from anomaly import OutlierVAE, save_detector

Names load their module when they are first asked for, so `import anomaly` loads no TensorFlow.
"""

import importlib

__version__ = "0.1.0"

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
    "plot_feature_outlier_image": "tools.report.detector_plots",
    "plot_instance_score": "tools.report.detector_plots",
    "save_detector": "anomaly.machinery.detector_files",
}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
