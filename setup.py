"""The package: its name, its needs (exact versions: constraints.txt) and what it installs.

A wheel has one package, generative_ensembles, so that a project with a folder tools/ keeps its own:
anomaly/ becomes generative_ensembles, and tools/ and vae_wgan/ lie in it. The checkout, and an
editable installation of it, keep the three names.
"""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
NAME = "generative_ensembles"
RENAMED = {"anomaly": NAME, "tools": f"{NAME}.tools", "vae_wgan": f"{NAME}.vae_wgan"}
OURS = "|".join(RENAMED)
TENSORFLOW = ">=2.20,<2.22"
RAY = "ray>=2.50,<3"  # for --launcher=ray
SERVE = [  # for anomaly.serve
    "fastapi>=0.115,<1",
    "prometheus-client>=0.20,<1",
    "python-multipart>=0.0.9,<1",  # uploads
    "uvicorn>=0.30,<1",
]
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "tools/__init__.py").read_text("utf-8"))[1]


def renamed(module: str) -> str:
    """Name in a wheel of a module of the checkout."""
    package, dot, rest = module.partition(".")
    return RENAMED[package] + dot + rest


def with_renamed_modules(source: str) -> str:
    """The source with the names that its modules have in a wheel, in strings and texts too."""
    source = re.sub(
        rf"(?m)^(\s*import )({OURS})$", lambda m: f"{m[1]}{RENAMED[m[2]]} as {m[2]}", source
    )
    return re.sub(
        rf"""(?m)(^\s*(?:from|import) |["'`]|-m )({OURS})(?=\.[a-z_]| import )""",
        lambda match: match[1] + RENAMED[match[2]],
        source,
    )


class WheelOfOnePackage(bdist_wheel):
    """Makes a wheel with the renamed packages and entry points."""

    def run(self) -> None:
        """Renames what the distribution holds, then makes the wheel as always."""
        ours = self.distribution
        ours.package_dir = {renamed(name): name.replace(".", "/") for name in ours.packages}
        ours.packages = [renamed(name) for name in ours.packages]
        ours.package_data = {renamed(name): files for name, files in ours.package_data.items()}
        ours.entry_points = {
            "console_scripts": [
                f"{command} = {renamed(target)}"
                for command, target in (
                    point.split(" = ") for point in ours.entry_points["console_scripts"]
                )
            ]
        }
        self.dist_info_dir = None  # pip may have prepared it with the checkout's names
        shutil.rmtree(self.get_finalized_command("build").build_lib, ignore_errors=True)
        super().run()


class BuildRenamed(build_py):
    """Copies modules; those of renamed packages with the imports that belong to their names."""

    def build_module(self, module, module_file, package):  # noqa: D102
        built = super().build_module(module, module_file, package)
        if NAME in (package if isinstance(package, list) else package.split(".")):
            path = Path(built[0])
            path.write_text(with_renamed_modules(path.read_text("utf-8")), "utf-8")
        return built


setup(
    name="generative-ensembles",
    version=VERSION,
    description="Out-of-distribution detection with ensembles of deep generative models",
    long_description=(ROOT / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    author="The generative-ensembles authors",
    url="https://arxiv.org/abs/1810.01392",
    project_urls={"Paper": "https://arxiv.org/abs/1810.01392"},
    keywords=[
        "anomaly detection",
        "out-of-distribution detection",
        "outlier detection",
        "deep generative models",
        "ensembles",
        "VAE",
        "WGAN",
        "normalizing flows",
        "TensorFlow",
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["anomaly*", "tools*", "vae_wgan*"]),
    package_data={
        "anomaly": ["py.typed"],
        "tools": ["py.typed"],
        "tools.report": ["templates/*"],
        "vae_wgan": ["py.typed"],
    },
    install_requires=[
        "absl-py>=2.1,<3",
        "jinja2>=3.1,<4",
        "keras>=3.14,<4",  # the safe modes of earlier ones could be escaped
        "matplotlib>=3.9,<4",
        "numpy>=2.2,<3",  # its savez can refuse to pickle
        "pandas>=2.2.2,<4",
        "pillow>=10.3",
        "pyarrow>=18",  # pandas reads parquet with it
        "scikit-learn>=1.7,<2",  # its powers also fit a few equal numbers
        "scipy>=1.13,<2",
        "tensorboard>=2.20,<2.22",  # tf.summary.scalar and tf.summary.image call into it
        f"tensorflow{TENSORFLOW}",
        "tensorflow-probability>=0.25,<0.26",
        "tf-keras>=2.20.1,<2.22",  # imported by TensorFlow Probability, in TensorFlow's version
        "threadpoolctl>=3.5,<4",
        "tqdm>=4.66,<5",
    ],
    extras_require={
        "excel": ["openpyxl>=3.1,<4"],  # tables in .xlsx
        "dev": [
            "build>=1.2,<2",
            "html5lib>=1.1,<2",
            "import-linter>=2.3,<3",
            "mkdocs>=1.6,<2",
            "mkdocs-material>=9.6,<10",
            "mkdocstrings[python]>=1.0,<2",
            "mypy>=2.4,<3",
            "pytest>=9,<10",
            "pytest-xdist>=3.7,<4",
            RAY,
            *SERVE,
            "httpx2>=2,<3",  # requests of tests to the server
            "ruff>=0.17,<0.18",
        ],
        "tfds": ["importlib-resources>=6", "tensorflow-datasets>=4.9.9,<5"],  # tfds:NAME as a set
        "gpu": [f"tensorflow[and-cuda]{TENSORFLOW}"],
        "ray": [RAY],
        "serve": SERVE,
    },
    entry_points={
        "console_scripts": [
            "anomaly-run = vae_wgan.anomaly_run:main",
            "denoiser-run = vae_wgan.denoiser_run:main",
            "features-run = vae_wgan.features_run:main",
            "vae-run = vae_wgan.vae_run:main",
            "wgan-run = vae_wgan.wgan_run:main",
        ]
    },
    cmdclass={"bdist_wheel": WheelOfOnePackage, "build_py": BuildRenamed},
)
