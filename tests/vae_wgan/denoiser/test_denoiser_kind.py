from vae_wgan.denoiser.denoiser_kind import DenoiserKind
from vae_wgan.kinds import KINDS, kind_named
from vae_wgan.settings.denoiser_settings import DenoiserSettings


def test_the_first_score_is_the_default_of_detectors_and_needs_no_further_pass():
    kind = kind_named("denoiser")
    assert isinstance(kind, DenoiserKind)
    assert "denoiser" in KINDS
    settings = DenoiserSettings()
    assert kind.score_keys(settings)[0] == "denoising_residual"
    assert "eigenscore" not in settings.score_keys
    assert settings.total_steps == settings.max_steps
