"""The kind of model `table`: variational autoencoders and flows on the rows of a table."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from tools.files.whole_files import write_text
from tools.run.run_folder import RunFolder
from tools.scores.floor_files import Fit
from vae_wgan.data.table_data import TableData, load_table_data
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.ensemble.runner import Runner
from vae_wgan.settings.table_settings import MODEL_SCORE_KEYS, TableSettings
from vae_wgan.table.posterior_means import POSTERIOR_MEANS, score_posterior_means
from vae_wgan.table.simple_scores import score_simple


class TableKind(ModelKind[TableSettings, TableData]):
    """VAEs or flows on the rows of a table, compared with detectors of scikit-learn."""

    name = "table"
    settings_class = TableSettings
    member_class = "vae_wgan.table.table_member:TableMember"
    step_seconds, example_seconds = 0.003, 0.0001
    takes_tables = True

    def load_data(self, settings: TableSettings) -> TableData:
        """Loads the rows of the run; prints what was inferred about the columns."""
        data = load_table_data(settings)
        sys.stdout.write(f"{data.preview}\n")
        sys.stdout.flush()
        return data

    def score_keys(self, settings: TableSettings) -> Sequence[str]:
        """The scores of this model."""
        return MODEL_SCORE_KEYS[settings.model]

    def describe(self, settings: TableSettings, data: TableData) -> Mapping[str, Any]:
        """Likelihood, split, names of the anomaly sets, and the encoder of the rows."""
        return {
            "likelihood": (
                settings.likelihood if settings.model == "vae" else "flow on the features"
            ),
            "protocol": data.protocol,
            "anomalies": data.anomalies,
            "encoder": data.encoder.to_json(),
        }

    def floors(self, settings: TableSettings) -> Mapping[str, Fit]:
        """Simple detectors of rows."""
        from tools.scores.table_floors import fit_table_floor

        return {name: partial(fit_table_floor, name) for name in settings.baselines}

    def score_further(
        self, folder: RunFolder, settings: TableSettings, data: TableData, runner: Runner
    ) -> None:
        """Writes the scores of the joined simple detectors, and those of posterior means."""
        score_simple(folder, data.training, data.scored, data.encoder, settings.seed)
        if data.copies is not None:
            table = data.copies.to_csv(index=False, lineterminator="\n")
            write_text(folder.path / "analysis" / "copies.csv", table)
        if settings.model == "vae" and data.ood:  # without labels nothing is compared
            score_posterior_means(folder, settings, [data.test, *data.ood], runner)
            folder.add_peer(POSTERIOR_MEANS)
