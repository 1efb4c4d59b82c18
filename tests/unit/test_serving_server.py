"""The server under a real uvicorn, asked by the real openai client; the endpoint behind it has no model."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from typing import Any

import openai
import pytest
import uvicorn

from localft.errors import UserError
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling
from localft.serving.openai_engine import OpenAIEndpoint
from localft.serving.server import Activity, create_app
from tests.job_help import wait_for

TOKEN = "a-token-for-this-test"


class Speller:
    """Spells the last message back, letter by letter; notes when an answer is broken off."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[dict[str, Any]], Sampling]] = []
        self.running = 0
        self.most_running = 0
        self.broken_off = threading.Event()
        self.begun = threading.Event()
        self.patience = 10.0
        self.go_on = threading.Event()
        self.go_on.set()

    @property
    def name(self) -> str:
        return "speller"

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        self.asked.append(([dict(message) for message in messages], sampling))
        text = str(messages[-1]["content"])
        if text == "refuse":
            raise UserError("The chat template refuses this conversation: no.", "Change it.")
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            yield Delta(thinking="hm")
            for letter in text[: sampling.max_tokens]:
                yield Delta(letter)
                self.begun.set()
                self.go_on.wait(self.patience)
            finish = "stop" if len(text) <= sampling.max_tokens else "length"
            yield Answer(text[: sampling.max_tokens], "hm", 3, len(text), 0.5, 2.0, finish)
        except GeneratorExit:
            self.broken_off.set()
            raise
        finally:
            self.running -= 1

    def chat_many(self, conversations: Sequence[ChatMessages], sampling: Sampling) -> Iterator[tuple[int, Answer]]:
        raise NotImplementedError

    def close(self) -> None:
        return


class Running:
    def __init__(self, port: int, speller: Speller, activity: Activity) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/v1"
        self.speller = speller
        self.activity = activity
        self.client = openai.OpenAI(base_url=self.url, api_key=TOKEN, max_retries=0)

    def ask(self, content: Any, **options: Any) -> Any:
        messages: Any = [{"role": "user", "content": content}]
        return self.client.chat.completions.create(model="speller", messages=messages, **options)

    def raw(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            given = {
                "Authorization": f"Bearer {TOKEN}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            }
            connection.request(method, path, body, given)
            response = connection.getresponse()
            return response.status, json.loads(response.read())


@pytest.fixture
def running() -> Iterator[Running]:
    speller, activity = Speller(), Activity()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app({"speller": speller}, TOKEN, activity), http="h11", ws="none", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield Running(listener.getsockname()[1], speller, activity)
    finally:
        speller.go_on.set()
        server.should_exit = True
        thread.join(15)
        listener.close()
    assert not thread.is_alive()


def test_the_openai_client_lists_models_and_gets_an_answer(running: Running) -> None:
    assert [model.id for model in running.client.models.list()] == ["speller"]
    assert running.client.models.retrieve("speller").owned_by == "localft"
    answer = running.ask("hello", temperature=0.5, top_p=0.9, seed=7, stop=["x", "y"], max_tokens=100)
    assert answer.choices[0].message.content == "hello"
    assert answer.choices[0].message.reasoning_content == "hm"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (3, 5, 8)
    sampling = running.speller.asked[-1][1]
    assert sampling == Sampling(temperature=0.5, top_p=0.9, seed=7, stop=("x", "y"), max_tokens=100)


def test_the_openai_client_streams(running: Running) -> None:
    chunks = list(running.ask("hello", stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "hello"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens == 5
    assert len({chunk.id for chunk in chunks}) == 1
    assert all(chunk.usage is None for chunk in running.ask("hello", stream=True))


def test_our_own_endpoint_reads_the_same_answer(running: Running) -> None:
    endpoint = OpenAIEndpoint("speller", running.url, "speller", TOKEN)
    pieces = list(endpoint.chat([{"role": "user", "content": "hello"}], Sampling(max_tokens=3)))
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert answer == Answer("hel", "hm", 3, 5, 0.5, 2.0, "length")
    deltas = [piece for piece in pieces[:-1] if isinstance(piece, Delta)]
    assert "".join(delta.text for delta in deltas) == "hel"
    assert "".join(delta.thinking for delta in deltas) == "hm"
    conversations = [[{"role": "user", "content": text}] for text in ("a", "bb", "ccc")]
    assert {index: reply.text for index, reply in endpoint.chat_many(conversations, Sampling())} == {
        0: "a", 1: "bb", 2: "ccc",
    }  # fmt: skip
    endpoint.close()


def test_parts_of_text_and_the_developer_role_are_understood(running: Running) -> None:
    messages: Any = [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "he"}, {"type": "text", "text": "llo"}]},
    ]
    running.client.chat.completions.create(model="speller", messages=messages, max_completion_tokens=9)
    asked, sampling = running.speller.asked[-1]
    assert asked == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}]
    assert sampling.max_tokens == 9


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"n": 2}, "n"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"logprobs": True}, "logprobs"),
        ({"presence_penalty": 1.0}, "presence_penalty"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(running: Running, options: dict[str, Any], names: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        running.ask("hello", **options)
    assert caught.value.param == names
    assert names in str(caught.value)
    assert running.speller.asked == []


def test_values_that_change_nothing_are_accepted(running: Running) -> None:
    answer = running.ask(
        "hi", n=1, presence_penalty=0, frequency_penalty=0.0, response_format={"type": "text"}, user="somebody",
        logprobs=False, logit_bias={}, tool_choice="auto", modalities=["text"], metadata={"for": "a test"},
    )  # fmt: skip
    assert answer.choices[0].message.content == "hi"


def test_pictures_are_refused(running: Running) -> None:
    with pytest.raises(openai.BadRequestError, match="type text"):
        running.ask([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}])


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusing_template_is_a_bad_request(running: Running, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError, match="refuses this conversation"):
        running.ask("refuse", stream=stream)
    assert running.ask("hi").choices[0].message.content == "hi"


def test_an_unknown_model_names_the_known_ones(running: Running) -> None:
    with pytest.raises(openai.NotFoundError, match="speller") as caught:
        running.client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.code == "model_not_found"
    endpoint = OpenAIEndpoint("x", running.url, "gpt", TOKEN)
    with pytest.raises(UserError, match="no model named gpt"):
        list(endpoint.chat([{"role": "user", "content": "hi"}], Sampling()))


def test_a_wrong_key_is_refused(running: Running) -> None:
    stranger = openai.OpenAI(base_url=running.url, api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.models.list()
    with pytest.raises(UserError, match="does not accept the key"):
        list(OpenAIEndpoint("x", running.url, "speller", "wrong").chat([{"role": "user", "content": "a"}], Sampling()))


def test_a_client_that_goes_away_ends_its_answer(running: Running) -> None:
    running.speller.patience = 0.02
    running.speller.go_on.clear()
    stream = running.ask("a long answer" * 100, stream=True)
    assert running.speller.begun.wait(10)
    stream.close()
    assert running.speller.broken_off.wait(10)
    wait_for(lambda: running.activity.requests == 0)
    running.speller.go_on.set()
    assert running.ask("next").choices[0].message.content == "next"


def test_a_client_that_goes_away_without_a_stream_ends_its_answer_too(running: Running) -> None:
    running.speller.patience = 0.02
    running.speller.go_on.clear()
    connection = HTTPConnection("127.0.0.1", running.port)
    body = json.dumps({"model": "speller", "messages": [{"role": "user", "content": "a long answer" * 100}]})
    connection.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {TOKEN}"})
    assert running.speller.begun.wait(10)
    connection.close()
    assert running.speller.broken_off.wait(10)
    wait_for(lambda: running.activity.requests == 0)


def test_answers_are_given_one_at_a_time_and_in_order(running: Running) -> None:
    running.speller.go_on.clear()
    threads = []
    for number in range(4):
        threads.append(threading.Thread(target=running.ask, args=(f"question {number}",)))
        threads[-1].start()
        wait_for(lambda wanted=number + 1: running.activity.requests == wanted)
    running.speller.go_on.set()
    for thread in threads:
        thread.join(10)
    assert running.speller.most_running == 1
    assert [asked[0]["content"] for asked, _ in running.speller.asked] == [f"question {number}" for number in range(4)]


def test_a_server_that_makes_room_takes_nothing_new(running: Running) -> None:
    running.activity.closing = True
    with pytest.raises(openai.InternalServerError, match="making room"):
        running.ask("hi")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model": "speller"}', b'{"model": "speller", "messages": []}'])
def test_a_broken_body_is_a_bad_request(running: Running, body: bytes) -> None:
    status, answer = running.raw("POST", "/v1/chat/completions", body)
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"


def test_a_body_that_is_too_large_is_refused(running: Running) -> None:
    status, answer = running.raw("POST", "/v1/chat/completions", b" " * (5 * 2**20))
    assert (status, answer["error"]["code"]) == (413, "too_large")


def test_an_unknown_address_says_where_to_look(running: Running) -> None:
    for method, path, wanted in (("GET", "/", 404), ("GET", "/v1/chat/completions", 405), ("POST", "/v1/models", 405)):
        status, answer = running.raw(method, path)
        assert status == wanted
        assert "/v1/models" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost.evil.example:80"}, 421),
        ({"Host": "localhost:99999999"}, 421),
        ({"Host": "user@127.0.0.1"}, 421),
        ({"Host": ""}, 421),
        ({"Host": "LOCALHOST:1"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Authorization": ""}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
    ],
)
def test_only_this_computer_and_only_with_the_key(running: Running, headers: dict[str, str], status: int) -> None:
    got, answer = running.raw("GET", "/v1/models", b"", **headers)
    assert got == status
    assert ("error" in answer) == (status != 200)


def test_a_dead_server_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    endpoint = OpenAIEndpoint("x", f"http://127.0.0.1:{port}/v1", "m")
    with pytest.raises(UserError, match=f"127.0.0.1:{port}/v1 cannot be reached"):
        list(endpoint.chat([{"role": "user", "content": "hi"}], Sampling()))
