"""Features of pictures, computed once and kept in memory-mapped files."""

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tools.files.whole_files import whole_file
from vae_wgan.features.feature_network import BATCH, FeatureNetwork, Features

_LOG = logging.getLogger(__name__)


class FeatureStore:
    """Gives features of pictures by a network.

    Files are named by the sha256 of the network and the pictures, so that any number of processes
    may write and read them.

    Args:
        network: The network.
        folder: Folder of the files; None: features are kept in memory, of the last pictures only.
    """

    def __init__(self, network: FeatureNetwork, folder: Path | None):
        self.network = network
        self._folder = folder
        self._last: tuple[object, Features] | None = None

    def features(self, images: np.ndarray) -> Features:
        """Features of pictures [picture, height, width, channel] in [0, 1]."""
        if self._last is not None and self._last[0] is images:
            return self._last[1]
        found = self._stored(images, self._folder) if self._folder else self._computed(images)
        self._last = (images, found)
        return found

    def _computed(self, images: np.ndarray) -> Features:
        parts = list(self._parts(images))
        return Features(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _stored(self, images: np.ndarray, folder: Path) -> Features:
        key = self._key(images)
        maps, pooled = (folder / f"{key}-{name}.npy" for name in Features._fields)
        if not (maps.exists() and pooled.exists()):
            _LOG.info("computing the features of %d pictures", len(images))
            self._write(images, maps, pooled)
        return Features(*(np.load(path, mmap_mode="r") for path in (maps, pooled)))

    def _write(self, images: np.ndarray, maps: Path, pooled: Path) -> None:
        rows = []
        with whole_file(maps) as file:
            shape = (len(images), *self.network.maps_shape)
            header = {"descr": "<f2", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_2_0(file, header)
            for part in self._parts(images):
                file.write(np.ascontiguousarray(part.maps).data)
                rows.append(part.pooled)
        with whole_file(pooled) as file:
            np.save(file, np.concatenate(rows), allow_pickle=False)

    def _parts(self, images: np.ndarray) -> Iterator[Features]:
        for start in range(0, len(images), BATCH):
            yield self.network(images[start : start + BATCH])

    def _key(self, images: np.ndarray) -> str:
        digest = hashlib.sha256(f"{self.network.digest} {images.shape}".encode())
        for start in range(0, len(images), BATCH):
            digest.update(np.ascontiguousarray(images[start : start + BATCH]).data)
        return digest.hexdigest()[:32]
