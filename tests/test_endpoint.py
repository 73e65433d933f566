"""The language model's endpoint, against a real server that refuses, breaks off, goes silent, lies and floods."""

import time
from collections.abc import Iterator

import pytest

from florilegium import endpoint
from florilegium.endpoint import Asking, Endpoint, estimate, from_environment
from florilegium.errors import EndpointError, SettingError
from tests.endpoint_serving import Manner, speaking

NOTES = [{"role": "system", "content": "Write."}, {"role": "user", "content": "- went well"}]
URL = {"FLORILEGIUM_LLM_URL": "http://127.0.0.1:8080/v1/", "FLORILEGIUM_LLM_MODEL": "tiny"}


@pytest.fixture(scope="module")
def manner() -> Manner:
    """Give the manner of the one server of this file; each test sets it."""
    return Manner()


@pytest.fixture(scope="module")
def tiny(manner: Manner) -> Iterator[Endpoint]:
    """Serve for the whole file."""
    with speaking(manner, key="sk-secret") as found:
        yield found


@pytest.fixture(autouse=True)
def fresh(manner: Manner) -> None:
    """Let each test begin with a server that behaves."""
    manner.kind, manner.says, manner.statuses = "good", "It went well.", []
    manner.asked.clear()
    manner.keys.clear()


def ask(tiny: Endpoint, **choices: object) -> Asking:
    """Make a request that waits for nothing."""
    # Fields by name.
    return Asking(endpoint=tiny, messages=NOTES, sleep=lambda _: None, **choices)  # type: ignore[arg-type]


def test_an_answer_comes_piece_by_piece(tiny: Endpoint, manner: Manner) -> None:
    """The text arrives as it is written; what was asked is what the protocol wants, and the key goes with it."""
    asking = ask(tiny)

    assert list(asking) == ["It", " went", " well."]
    assert asking.text == "It went well."
    assert not asking.is_cut_off
    assert manner.asked[0]["messages"] == NOTES
    assert (manner.asked[0]["model"], manner.asked[0]["stream"]) == ("tiny", True)
    assert manner.keys == ["Bearer sk-secret"]


def test_a_server_without_streams_is_understood(tiny: Endpoint, manner: Manner) -> None:
    """One JSON document in place of a stream is an answer too."""
    manner.kind = "whole"

    assert list(ask(tiny)) == ["It went well."]


def test_newer_models_are_asked_in_their_way(tiny: Endpoint, manner: Manner) -> None:
    """A model that refuses the older name for the most tokens is asked again by the newer one."""
    manner.kind = "newer"

    assert "".join(ask(tiny)) == "It went well."
    assert ["max_tokens" in asked for asked in manner.asked] == [True, False]
    assert manner.asked[1]["max_completion_tokens"] == endpoint.MAX_TOKENS


def test_a_proxy_does_not_see_what_stays_here(tiny: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint on this machine is asked directly, whatever proxy is set."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert "".join(ask(tiny)) == "It went well."


def test_a_cut_off_answer_says_so(tiny: Endpoint, manner: Manner) -> None:
    """An answer that ended because it was long enough is known as one."""
    manner.kind = "cut off"
    asking = ask(tiny)
    list(asking)

    assert asking.is_cut_off


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("truncated", "the answer broke off after 7 characters"),
        ("garbage", "what came is no answer of a chat"),
        ("no text", "what came is no text"),
        ("error inside", "it gave up with an error in the middle"),
        ("page", "the answer broke off after 0 characters"),
        ("empty", "the answer is empty"),
        ("huge", "more than 100,000 characters came"),
        ("endless line", "a line without an end"),
        ("redirect", "it sends us on to 'http://localhost:9/elsewhere'"),
    ],
)
def test_a_bad_answer_is_named(tiny: Endpoint, manner: Manner, kind: str, said: str) -> None:
    """Whatever a server does wrong, the error says what, where and what to do, and never the key."""
    manner.kind = kind
    with pytest.raises(EndpointError) as caught:
        list(ask(tiny))

    assert said in str(caught.value)
    assert str(caught.value).startswith(tiny.url)
    assert "--template" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_came_before_a_break_is_kept(tiny: Endpoint, manner: Manner) -> None:
    """The words that arrived are there after the line broke."""
    manner.kind = "truncated"
    asking = ask(tiny)
    with pytest.raises(EndpointError):
        list(asking)

    assert asking.text == "It went"


def test_silence_ends(tiny: Endpoint, manner: Manner) -> None:
    """A server that says nothing is given up after the time that was set."""
    manner.kind = "silent"

    with pytest.raises(EndpointError, match="no byte came for 0 s"):
        list(ask(tiny, silence_s=0.2))


def test_an_answer_that_never_ends_is_given_up(tiny: Endpoint, manner: Manner) -> None:
    """Words that drip for longer than the whole time are given up."""
    manner.says = "word " * 50
    times = iter(range(0, 10_000, 100))

    with pytest.raises(EndpointError, match="no end after 600 s"):
        list(ask(tiny, clock=lambda: float(next(times))))


def test_nobody_there_is_said() -> None:
    """An address where nothing listens is an error with the variable that names it."""
    nobody = Endpoint(url="http://127.0.0.1:9/v1", model="tiny")

    with pytest.raises(EndpointError, match=r"the connection failed: .*FLORILEGIUM_LLM_URL"):
        list(ask(nobody))


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "FLORILEGIUM_LLM_KEY is missing or wrong"), (404, "it ends in /v1"), (400, "Try again later")],
)
def test_a_refusal_is_final(tiny: Endpoint, manner: Manner, status: int, said: str) -> None:
    """A wrong key or address is asked once; the server's words are shown without what a terminal would obey."""
    manner.statuses = [(status, {})] * 9
    with pytest.raises(EndpointError) as caught:
        list(ask(tiny))

    assert said in str(caught.value)
    assert len(manner.asked) == 1
    assert "\x1b" not in str(caught.value)


def test_too_many_requests_are_asked_again(tiny: Endpoint, manner: Manner) -> None:
    """429 with Retry-After is followed, for as long as it asks; then the answer comes."""
    manner.statuses = [(429, {"Retry-After": "7"}), (503, {})]
    waited: list[float] = []
    asking = Asking(endpoint=tiny, messages=NOTES, sleep=waited.append)

    assert "".join(asking) == "It went well."
    assert waited == [7.0, 2.0]


def test_a_long_wait_is_left_to_the_user(tiny: Endpoint, manner: Manner) -> None:
    """A server that asks for an hour is not waited for; the error names the hour."""
    manner.statuses = [(429, {"Retry-After": "3600"})]
    waited: list[float] = []

    with pytest.raises(EndpointError, match="It asks to wait 3600 s"):
        list(Asking(endpoint=tiny, messages=NOTES, sleep=waited.append))
    assert waited == []


def test_requests_without_end_are_given_up(tiny: Endpoint, manner: Manner) -> None:
    """A server that is always busy is asked three times."""
    manner.statuses = [(429, {})] * 9

    with pytest.raises(EndpointError, match="it answered 429"):
        list(ask(tiny))
    assert len(manner.asked) == endpoint.TRIES


def test_the_cost_is_known_before() -> None:
    """100 letters and 4 tokens of frame at 2 a million, and 1,000 tokens back at 10 a million, cost 0.010058."""
    priced = Endpoint(url="https://x.example/v1", model="m", prices=(2.0, 10.0))
    found = estimate(priced, [{"role": "user", "content": "x" * 100}])

    assert found.n_there == 29
    assert found.cost == pytest.approx(0.010058)
    assert estimate(Endpoint(url="http://x/v1", model="m"), NOTES).cost is None


def test_the_environment_names_the_endpoint() -> None:
    """Address, model, key and prices are read; without an address there is none; the key is never shown."""
    found = from_environment(URL | {"FLORILEGIUM_LLM_KEY": "sk-1", "FLORILEGIUM_LLM_PRICE": "0.15, 0.6"})
    assert found is not None

    assert (found.url, found.model, found.key, found.prices) == (
        "http://127.0.0.1:8080/v1",
        "tiny",
        "sk-1",
        (0.15, 0.6),
    )
    assert found.is_here
    assert "sk-1" not in repr(found)
    assert from_environment({}) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"FLORILEGIUM_LLM_URL": "ftp://x/v1"}, "expected an address"),
        ({"FLORILEGIUM_LLM_URL": "http://ann:pw@x/v1"}, "without a password"),
        ({"FLORILEGIUM_LLM_URL": "localhost"}, "expected an address"),
        ({"FLORILEGIUM_LLM_MODEL": ""}, "FLORILEGIUM_LLM_MODEL is not set"),
        ({"FLORILEGIUM_LLM_PRICE": "cheap"}, "expected two prices"),
        ({"FLORILEGIUM_LLM_PRICE": "nan,1"}, "expected two prices"),
        ({"FLORILEGIUM_LLM_KEY": "a b"}, "blanks"),
        ({"FLORILEGIUM_LLM_URL": "http://far.example/v1", "FLORILEGIUM_LLM_KEY": "k"}, "would travel unencrypted"),
    ],
)
def test_a_faulty_environment_is_told(changes: dict[str, str], said: str) -> None:
    """Each fault names its variable and what was expected; a key never goes over an open line."""
    with pytest.raises(SettingError, match=said):
        from_environment(URL | changes)


def test_waiting_is_real_by_default() -> None:
    """Between two tries the program sleeps, unless a test says otherwise."""
    assert Asking(endpoint=Endpoint(url="http://x/v1", model="m"), messages=NOTES).sleep is time.sleep
