"""Claims of the code and the paper of 2018, checked against our runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from scripts.reproduction.experiments import Finished
from scripts.reproduction.figures import detection_rows, split_rows
from tools.scores.detection import DetectionRow

HOLDS, FAILS, ARTEFACT, UNKNOWN = "holds", "does not hold", "was an artefact", "not measured"
Answer = tuple[str, str]  # verdict, evidence
Values = Mapping[str, float]


class Claim(NamedTuple):
    """A sentence, the experiments that it is about, and the function that checks them."""

    sentence: str
    experiments: tuple[str, ...]
    ask: Callable[[Mapping[str, Finished]], Answer]


def answers(experiments: Mapping[str, Finished]) -> list[tuple[str, str, str]]:
    """Sentence, verdict and evidence of every claim."""
    lines = []
    for sentence, needed, ask in CLAIMS:
        missing = [name for name in needed if name not in experiments]
        try:
            verdict = (UNKNOWN, f"not run: {', '.join(missing)}") if missing else ask(experiments)
        except _UnmeasuredError as error:
            verdict = UNKNOWN, str(error)
        lines.append((sentence, *verdict))
    return lines


class _UnmeasuredError(LookupError):
    """Error: a data set was not scored."""


def _row(rows: Sequence[DetectionRow], score: str, statistic: str, dataset: str) -> DetectionRow:
    of_dataset = [row for row in rows if row.dataset == dataset]
    if not of_dataset:
        raise _UnmeasuredError(f"{dataset} could not be had")
    (row,) = (row for row in of_dataset if (row.score, row.statistic) == (score, statistic))
    return row


def _aurocs(experiment: Finished, pair: tuple[str, str], datasets: Sequence[str]) -> Values:
    rows = detection_rows(experiment)
    return {name: _row(rows, *pair, name).auroc for name in datasets}


def _single_vae_tells_other_images(experiments: Mapping[str, Finished]) -> Answer:
    sets = ("notmnist", "fashion_mnist")
    values = _aurocs(experiments["mnist"], ("iwae", "single"), sets)
    return _judged(min(values.values()) >= 0.995, values)


def _likelihood_fails(experiments: Mapping[str, Finished]) -> Answer:
    values = _aurocs(experiments["fashion_mnist"], ("iwae", "single"), ["mnist"])
    return _judged(values["mnist"] < 0.6, values)


def _waic_repairs(train: str, test: str, published: float) -> Callable:
    def ask(experiments: Mapping[str, Finished]) -> Answer:
        rows = detection_rows(experiments[train])
        values = {name: _row(rows, "iwae", name, test).auroc for name in ("single", "waic")}
        gained = values["waic"] > values["single"]
        verdict, evidence = _judged(gained and values["waic"] >= published - 0.05, values)
        return verdict, f"{evidence}; published for WAIC: {published}"

    return ask


def _critics_disagree(experiments: Mapping[str, Finished]) -> Answer:
    sets = ("notmnist", "fashion_mnist", "uniform_noise")
    values = _aurocs(experiments["wgan_mnist"], ("extra_logit", "variance"), sets)
    return _judged(min(values.values()) >= 0.99, values)


def _extra_training_is_needed(experiments: Mapping[str, Finished]) -> Answer:
    rows = detection_rows(experiments["wgan_mnist"])
    before, after = (
        _row(rows, key, "variance", "fashion_mnist") for key in ("logit", "extra_logit")
    )
    values = {"before": before.auroc, "after": after.auroc}
    return _judged(after.auroc_low > before.auroc_high, values)


def _variance_of_posterior_means(experiments: Mapping[str, Finished]) -> Answer:
    rows = {row["score"]: float(row["auroc"]) for row in split_rows(experiments["credit"])}
    names = {"trained": "", "untrained": "untrained_"}
    values = {name: rows[f"{prefix}posterior_mean_variance"] for name, prefix in names.items()}
    if values["trained"] <= values["untrained"]:
        why = "in 2018 printed labels were swapped and every member scored rows in another order"
        return ARTEFACT, f"AUROC {_listed(values)}; {why}"
    return _judged(values["trained"] >= 0.9, values)


def _judged(is_so: bool, aurocs: Values) -> Answer:
    return HOLDS if is_so else FAILS, f"AUROC {_listed(aurocs)}"


def _listed(values: Values) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


CLAIMS = (
    Claim(
        "The likelihood of one VAE on MNIST tells notMNIST and Fashion-MNIST apart",
        ("mnist",),
        _single_vae_tells_other_images,
    ),
    Claim(
        "The likelihood of one VAE on Fashion-MNIST fails on MNIST",
        ("fashion_mnist",),
        _likelihood_fails,
    ),
    Claim(
        "WAIC repairs Fashion-MNIST against MNIST",
        ("fashion_mnist",),
        _waic_repairs("fashion_mnist", "mnist", 0.766),
    ),
    Claim(
        "WAIC repairs CIFAR-10 against SVHN", ("cifar10",), _waic_repairs("cifar10", "svhn", 1.0)
    ),
    Claim(
        "WAIC repairs CIFAR-10 against CelebA",
        ("cifar10",),
        _waic_repairs("cifar10", "celeba", 0.997),
    ),
    Claim(
        "The variance of extra-trained WGAN critics tells other images and noise from MNIST",
        ("wgan_mnist",),
        _critics_disagree,
    ),
    Claim(
        "Training the critics on as classifiers is what makes their variance tell",
        ("wgan_mnist",),
        _extra_training_is_needed,
    ),
    Claim(
        "The ensemble variance of posterior means finds frauds: AUROC .927",
        ("credit",),
        _variance_of_posterior_means,
    ),
)
