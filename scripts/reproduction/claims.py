"""What the code and the paper of 2018 claim, and what our runs say to it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from scripts.reproduction.experiments import Finished
from scripts.reproduction.figures import detection_rows, split_rows

HOLDS, FAILS, ARTEFACT, UNKNOWN = "holds", "does not hold", "was an artefact", "not measured"
Answer = tuple[str, str]  # verdict, how we know


class Claim(NamedTuple):
    """A sentence, the experiments that it is about, and how they are asked."""

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
        except KeyError as error:
            verdict = UNKNOWN, f"no row {error}: the data set could not be had"
        lines.append((sentence, *verdict))
    return lines


def _aurocs(experiment: Finished) -> dict[tuple[str, str, str], float]:
    return {
        (row.score, row.statistic, row.dataset): row.auroc for row in detection_rows(experiment)
    }


def _single_vae_tells_other_images(experiments: Mapping[str, Finished]) -> Answer:
    aurocs = _aurocs(experiments["mnist"])
    sets = ("notmnist", "fashion_mnist")
    values = {name: aurocs["iwae", "single", name] for name in sets}
    return _judged(min(values.values()) >= 0.995, values)


def _likelihood_fails(experiments: Mapping[str, Finished]) -> Answer:
    values = {"mnist": _aurocs(experiments["fashion_mnist"])["iwae", "single", "mnist"]}
    return _judged(values["mnist"] < 0.6, values)


def _waic_repairs(train: str, test: str, published: float) -> Callable:
    def ask(experiments: Mapping[str, Finished]) -> Answer:
        aurocs = _aurocs(experiments[train])
        values = {name: aurocs["iwae", name, test] for name in ("single", "waic")}
        gained = values["waic"] > values["single"]
        verdict, evidence = _judged(gained and values["waic"] >= published - 0.05, values)
        return verdict, f"{evidence}; published for WAIC: {published}"

    return ask


def _critics_disagree(experiments: Mapping[str, Finished]) -> Answer:
    aurocs = _aurocs(experiments["wgan_mnist"])
    sets = ("notmnist", "fashion_mnist", "uniform_noise")
    values = {name: aurocs["extra_logit", "variance", name] for name in sets}
    return _judged(min(values.values()) >= 0.99, values)


def _extra_training_is_needed(experiments: Mapping[str, Finished]) -> Answer:
    aurocs = _aurocs(experiments["wgan_mnist"])
    keys = {"before": "logit", "after": "extra_logit"}
    values = {when: aurocs[key, "variance", "fashion_mnist"] for when, key in keys.items()}
    return _judged(values["after"] > values["before"], values)


def _variance_of_posterior_means(experiments: Mapping[str, Finished]) -> Answer:
    rows = {row["score"]: float(row["auroc"]) for row in split_rows(experiments["credit"])}
    names = {"trained": "", "untrained": "untrained_"}
    values = {name: rows[f"{prefix}posterior_mean_variance"] for name, prefix in names.items()}
    is_so = values["trained"] > max(values["untrained"], 0.9)
    why = "in 2018 printed labels were swapped and every member scored rows in another order"
    return HOLDS if is_so else ARTEFACT, f"AUROC {_listed(values)}; {why}"


def _judged(is_so: bool, aurocs: Mapping[str, float]) -> Answer:
    return HOLDS if is_so else FAILS, f"AUROC {_listed(aurocs)}"


def _listed(values: Mapping[str, float]) -> str:
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
        "The ensemble variance of posterior means finds frauds: AUROC .927, AP .940",
        ("credit",),
        _variance_of_posterior_means,
    ),
)
