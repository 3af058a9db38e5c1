"""The package: its name, its needs (exact versions: constraints.txt) and what it installs."""

from pathlib import Path

from setuptools import find_packages, setup

RAY = "ray>=2.50,<3"  # for --launcher=ray

setup(
    name="generative-ensembles",
    version="0.1.0",
    description="Out-of-distribution detection with ensembles of deep generative models",
    long_description=Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["anomaly*", "tools*", "vae_wgan*"]),
    package_data={
        "anomaly": ["py.typed"],
        "tools": ["py.typed"],
        "tools.report": ["*.html"],
        "vae_wgan": ["py.typed"],
    },
    install_requires=[
        "absl-py>=2.1,<3",
        "keras>=3.14,<4",  # the safe modes of earlier ones could be escaped
        "matplotlib>=3.9,<4",
        "numpy>=2.2,<3",  # its savez can refuse to pickle
        "pandas>=2.2.2,<4",
        "pillow>=10.3",
        "pyarrow>=18",  # pandas reads parquet with it
        "scikit-learn>=1.7,<2",  # its powers also fit a few equal numbers
        "scipy>=1.13,<2",
        "tensorboard>=2.20,<2.22",  # tf.summary.scalar and tf.summary.image call into it
        "tensorflow>=2.20,<2.22",
        "tensorflow-probability>=0.25,<0.26",
        "tf-keras>=2.20.1,<2.22",  # imported by TensorFlow Probability, in TensorFlow's version
        "tqdm>=4.66,<5",
    ],
    extras_require={
        "dev": [
            "build>=1.2,<2",
            "html5lib>=1.1,<2",
            "import-linter>=2.3,<3",
            "mkdocs>=1.6,<2",
            "mkdocstrings[python]>=1.0,<2",
            "mypy>=2.4,<3",
            "pytest>=9,<10",
            "pytest-xdist>=3.6,<4",
            RAY,
            "ruff>=0.17,<0.18",
            "threadpoolctl>=3.5,<4",  # benchmarks
        ],
        "ray": [RAY],
    },
    entry_points={
        "console_scripts": [
            "anomaly-run = vae_wgan.anomaly_run:main",
            "vae-run = vae_wgan.vae_run:main",
            "wgan-run = vae_wgan.wgan_run:main",
        ]
    },
)
