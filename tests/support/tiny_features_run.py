"""A run on features small enough for tests, by the network file that `small_network` makes."""

from parsed_settings import parsed
from tools.run.run_folder import RunFolder
from vae_wgan.kinds import kind_named
from vae_wgan.run.run import Run
from vae_wgan.settings.features_settings import FeaturesSettings


def features_run(folder, *flags, name="run", network="small.keras"):
    """Runs on the data and the network in the folder; the run's folder."""
    settings, given = parsed(
        FeaturesSettings,
        f"--train_dataset={folder / 'bars.npz'}",
        f"--ood_datasets=columns={folder / 'columns.npy'}",
        f"--model_dir={folder / name}",
        f"--features={folder / network}",
        "--num_models=2",
        "--max_steps=4",
        "--viz_steps=2",
        "--batch_size=8",
        "--components=3",
        "--channels=4",
        "--n_flows=1",
        "--base_depth=8",
        "--eval_size=20",
        "--bootstrap=20",
        "--image_size=0",
        "--compile=False",
        *flags,
    )
    Run(kind_named("features"), settings, given).execute()
    return RunFolder(folder / name)
