"""Settings of runs: one dataclass per entry script, one command-line flag per field.

    LauncherSettings <- RunSettings <- ImageSettings <- VAESettings (vae_run.py)
                                    |                <- WGANSettings (wgan_run.py)
                                    <- TableSettings (anomaly_run.py)

vae_options.py has the flags that VAEs of images and of tables share.
"""
