"""The folder for a container: its Dockerfile passes a linter, its commands run, its Space is described."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from florilegium.errors import ModelFileError
from florilegium.export import container
from florilegium.model import ModelFile, open_model
from tests.model_making import write_image_model, write_text_model

# What Hugging Face documents for the block on top of a Space's README (hub-docs: spaces-config-reference.md).
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
FIELDS = {"title", "emoji", "colorFrom", "colorTo", "sdk", "app_port", "pinned"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give a small image model."""
    return open_model(write_image_model(tmp_path_factory.mktemp("model") / "garden.onnx"))


@pytest.fixture(scope="module", params=[False, True], ids=["container", "space"])
def files(model: ModelFile, request: pytest.FixtureRequest) -> Mapping[str, bytes]:
    """Give the folder's files, once for any host and once for a Space."""
    return container.container_files(model, space=request.param)


def instructions(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions: name and what follows, comments left out, lines joined."""
    text = re.sub(r"^#.*\n", "", files["Dockerfile"].decode(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1].strip()) for line in text.splitlines() if line.strip()]


def test_the_folder_is_written(model: ModelFile, tmp_path: Path) -> None:
    """What is said to be written lies in the folder, the model byte by byte."""
    written = container.write_container(model, tmp_path / "out", space=True)
    found = {p.name: p.stat().st_size for p in (tmp_path / "out").iterdir() if p.name != "florilegium-export.json"}

    assert (len(found), sum(found.values())) == (written.n_files, written.n_bytes)
    assert (tmp_path / "out" / "model.onnx").read_bytes() == model.path.read_bytes()


def test_the_linter_has_nothing_to_say(files: Mapping[str, bytes]) -> None:
    """hadolint, which knows the habits of good Dockerfiles and looks into shell lines too, finds nothing."""
    hadolint = Path(sys.executable).with_name("hadolint")
    said = subprocess.run([hadolint, "-"], input=files["Dockerfile"], capture_output=True, check=False)

    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


def test_what_is_copied_into_the_image_travels_in_the_folder(files: Mapping[str, bytes]) -> None:
    """Each file that the Dockerfile copies is there, and `.dockerignore` lets these through and nothing else."""
    copied = {name for word, rest in instructions(files) if word == "COPY" for name in rest.split()[:-1]}
    let_through = {line[1:] for line in files[".dockerignore"].decode().splitlines() if line.startswith("!")}

    assert copied <= set(files)
    assert copied == let_through
    assert "*" in files[".dockerignore"].decode().splitlines()


def test_the_server_has_no_rights(files: Mapping[str, bytes]) -> None:
    """The last user that is named is a number other than 0, and nothing is copied or run after that."""
    words = [word for word, _ in instructions(files)]
    last = max(i for i, word in enumerate(words) if word == "USER")

    assert instructions(files)[last][1] == "1000"
    assert set(words[last:]) == {"USER", "EXPOSE", "HEALTHCHECK", "CMD"}


def test_one_port_is_named_everywhere(files: Mapping[str, bytes]) -> None:
    """The port stands in the environment, where a host may change it; the server and the health check read it there."""
    said = dict(instructions(files))
    port = re.search(r"PORT=(\d+)", said["ENV"])

    assert port
    assert said["EXPOSE"] == port[1]
    assert '"$PORT"' in json.loads(said["CMD"])[-1]
    assert "os.environ['PORT']" in said["HEALTHCHECK"]


def test_the_server_is_the_process_that_is_told_to_stop(files: Mapping[str, bytes]) -> None:
    """The command is in the form without a hidden shell, and its own shell gives its place to the server."""
    shell, flag, command = json.loads(dict(instructions(files))["CMD"])

    assert (shell, flag) == ("sh", "-c")
    assert command.startswith("exec florilegium serve model.onnx --host 0.0.0.0 ")


def test_a_plain_container_is_framed_by_nobody(model: ModelFile) -> None:
    """Only a Space's command names a site that may show the page in a frame: the one that shows Spaces."""
    plain, space = (container.container_files(model, space=space)["Dockerfile"].decode() for space in (False, True))

    assert "--frame" not in plain
    assert space.count("--frame https://huggingface.co") == 1


def test_the_space_is_described_in_documented_words(model: ModelFile) -> None:
    """The block on top of a Space's README holds documented fields with values that they may have."""
    files = container.container_files(model, space=True)
    start, block, rest = files["README.md"].decode().split("---\n", 2)
    front = dict(line.split(": ", 1) for line in block.splitlines())

    assert (start, set(front)) == ("", FIELDS)
    assert {front["colorFrom"], front["colorTo"]} <= COLOURS
    assert (front["sdk"], front["pinned"], len(front["emoji"])) == ("docker", "false", 1)
    assert dict(instructions(files))["EXPOSE"] == front["app_port"]
    assert rest.startswith("\n# ")


def test_what_is_no_text_goes_through_lfs(model: ModelFile) -> None:
    """In a Space every file that is no UTF-8 falls under a line of `.gitattributes`; a plain container has none."""
    files = container.container_files(model, space=True)
    suffixes = {
        line.split()[0].removeprefix("*")
        for line in files[".gitattributes"].decode().splitlines()
        if "lfs" in line.split()[1:2][0]
    }

    assert {Path(name).suffix for name in files if b"\0" in files[name]} == suffixes
    assert ".gitattributes" not in container.container_files(model)


def test_a_title_is_one_text_of_yaml(tmp_path: Path) -> None:
    """A model whose file name holds YAML cannot add a field to the Space's block."""
    model = open_model(write_image_model(tmp_path / 'a": b\nsdk: static.onnx'))
    block = container.container_files(model, space=True)["README.md"].decode().split("---\n", 2)[1]

    assert [line.split(":")[0] for line in block.splitlines()].count("sdk") == 1
    assert isinstance(json.loads(block.splitlines()[0].removeprefix("title: ")), str)


def test_a_text_model_has_no_page_to_export(tmp_path: Path) -> None:
    """A model of texts is refused, and the reader told what to use."""
    with pytest.raises(ModelFileError, match="florilegium predict"):
        container.container_files(open_model(write_text_model(tmp_path / "desk.onnx")))
