"""The story of one run of `vae_run.py`: data, members, scores, report."""

import sys

from tools.data.registry import ImageSet
from tools.errors import InputError
from tools.run.folder import RunFolder, delete_run, open_run, settle_settings, timed
from vae_wgan.experiment_data import ExperimentData, load_experiment_data
from vae_wgan.vae_settings import VAESettings


def run(settings: VAESettings, given: set[str]) -> None:
    """Trains the members (unless skip_train), scores every set, writes tables, plots and report.

    Args:
        settings: Of the run.
        given: Names of the flags given by hand.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    with folder.locked():
        data = load_experiment_data(settings)
        refuse_unfit_images(data.training)
        prepare_folder(folder, settings, data)
        train_and_score(folder, settings, data)
        from tools.analysis import ensemble_analysis

        with timed(folder, "analysis"):
            analysis = ensemble_analysis(
                folder.path,
                settings.score_keys,
                settings.bootstrap,
                settings.elbo_threshold,
                settings.seed,
            )
        folder.update_manifest(status="finished")
    sys.stdout.write(f"{analysis.text}\nReport: {analysis.report}\n")


def prepare_folder(folder: RunFolder, settings: VAESettings, data: ExperimentData) -> None:
    """Writes the manifest; before that deletes an earlier run where that is asked for."""
    if settings.delete_existing:
        delete_run(folder)
    open_run(folder, settings, training_data(data.training))
    folder.update_manifest(
        datasets={
            "in_distribution": data.test.name,
            "out_of_distribution": [image_set.name for image_set in data.ood],
            "missing": data.missing,
            "checksums": {image_set.name: image_set.checksum for image_set in data.scored},
            "sizes": {"training": len(data.training.images)}
            | {image_set.name: len(image_set.images) for image_set in data.scored},
        },
        likelihood=settings.likelihood,
    )


def training_data(training: ImageSet) -> dict[str, str]:
    """What members are trained on, for the manifest: the content counts, wherever it lies."""
    return {"train_dataset": f"{training.name}, sha256 {training.checksum[:16]}"}


def train_and_score(folder: RunFolder, settings: VAESettings, data: ExperimentData) -> None:
    """Trains what is missing of the members and scores what is missing of the sets."""
    # Imported here because these load TensorFlow, which takes seconds: wrong input ends before it.
    from tools.run.training_loop import TrainingPlan
    from vae_wgan.ensemble import train_ensemble, trained_members
    from vae_wgan.ensemble_scores import score_datasets
    from vae_wgan.vae_member import VAEMember, device_name

    folder.update_manifest(device=device_name())
    member = VAEMember(settings, data.training.images.shape[1:], data.monitored)
    if not settings.skip_train:
        plan = TrainingPlan(
            settings.seed, settings.batch_size, settings.max_steps, settings.viz_steps
        )
        with timed(folder, "training"):
            train_ensemble(
                member,
                data.training.images,
                plan,
                folder=folder,
                num_models=settings.num_models,
            )
    checkpoints = trained_members(
        folder, num_models=settings.num_models, max_steps=settings.max_steps
    )
    with timed(folder, "scoring"):
        score_datasets(member, checkpoints, data.scored, settings, folder)


def refuse_unfit_images(training: ImageSet) -> None:
    """Raises InputError for image shapes that the convolutions cannot take."""
    height, width, channels = training.images.shape[1:]
    if height != width or height % 4 or height < 28:
        raise InputError(
            f"--train_dataset: {training.name} has {height}x{width}x{channels} images; the VAE "
            "takes square ones with a side of 28 pixels or more that is a multiple of 4"
        )
