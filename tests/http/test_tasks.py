"""nlpcli's own interfaces, reranking and LibreTranslate's: with the results of the commands."""

import json

import pytest
from libretranslatepy import LibreTranslateAPI

TEXTS = ["I love it.", "It broke after a day."]


def _lines(starters, *arguments):
    done = starters.nlpcli(*arguments, "--no-server", "-F", "jsonl")
    assert done.returncode == 0, done.stderr
    return [
        {name: value for name, value in json.loads(line).items() if name != "text"} for line in done.stdout.splitlines()
    ]


@pytest.mark.parametrize(
    ("path", "body", "arguments"),
    [
        ("classify", {}, ["sentiment", *TEXTS]),
        ("classify", {"all_scores": True, "threshold": 0.99}, ["sentiment", "--all-scores", "--threshold", "0.99", *TEXTS]),
        ("classify", {"labels": ["praise", "fault"]}, ["sentiment", "--labels", "praise,fault", *TEXTS]),
        ("translate", {"target": "pt"}, ["translate", "--to", "pt", *TEXTS]),
        ("translate", {"source": "English", "target": "pt", "markup": "html", "input": "<b>I love it.</b>"},
         ["translate", "--from", "en", "--to", "pt", "--markup", "html", "<b>I love it.</b>"]),
        ("translate", {"target": "en", "input": "Onde fica a estação?", "scores": True},
         ["translate", "--to", "en", "--scores", "Onde fica a estação?"]),
        ("summarize", {"length": "short", "input": "The cat sleeps. It rains. Stocks fell on Monday. The cat eats."},
         ["summarize", "--length", "short", "The cat sleeps. It rains. Stocks fell on Monday. The cat eats."]),
        ("extract", {"input": "Ada Lovelace lived in London."}, ["extract", "Ada Lovelace lived in London."]),
        ("extract", {"types": ["GPE"], "input": "Ada Lovelace lived in London."},
         ["extract", "--types", "GPE", "Ada Lovelace lived in London."]),
        ("extract", {"mask": True, "input": "Write to ada@example.org."}, ["extract", "--mask", "Write to ada@example.org."]),
        ("extract", {"keyphrases": True, "method": "yake", "top": 2, "input": "The old station of London is an old station."},
         ["extract", "--keyphrases", "--method", "yake", "--top", "2", "The old station of London is an old station."]),
    ],
)  # fmt: skip
def test_a_request_has_the_results_of_the_command(starters, path, body, arguments):
    answer = starters.post(f"/v1/{path}", {"input": TEXTS, **body})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert [item.pop("index") for item in data] == list(range(len(data)))
    assert data == _lines(starters, *arguments)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("classify", {"labels": ["one"]}),
        ("classify", {"threshold": 2}),
        ("classify", {"input": 3}),
        ("classify", {"model": "starter/smollm2"}),
        ("translate", {"target": "Klingon"}),
        ("translate", {"source": "pt", "target": "pt"}),
        ("translate", {"markup": "docx", "target": "pt"}),
        ("translate", {"glossary": [1], "target": "pt"}),
        ("summarize", {"length": "epic"}),
        ("summarize", {"max_words": 0}),
        ("extract", {"mask": True, "keyphrases": True}),
        ("extract", {"schema": {"type": 3}}),
    ],
)
def test_a_wrong_request_says_what_is_wrong(starters, path, body):
    answer = starters.post(f"/v1/{path}", {"input": TEXTS, **body})
    if answer.status_code == 200:  # each text has an error of its own
        assert all(item["error"] for item in answer.json()["data"])
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["message"]


def test_a_pair_that_nothing_translates_is_not_found(starters):
    answer = starters.post("/v1/translate", {"input": "Hello", "source": "en", "target": "eo"})
    assert answer.status_code == 404
    assert starters.post("/translate", {"q": "Hello", "source": "en", "target": "eo"}).json().keys() == {"error"}


DOCUMENTS = ["It rains in Lisbon.", "How to renew a passport", "A man eats."]


def test_documents_are_ranked_as_the_search_of_the_command_ranks_them(starters):
    query = "a new passport"
    wanted = _lines(starters, "embed", "--search", query, "--top", "3", *DOCUMENTS)
    jina = starters.post("/v1/rerank", {"model": "starter/minilm", "query": query, "documents": DOCUMENTS}).json()
    assert [(r["relevance_score"], r["index"] + 1) for r in jina["results"]] == [
        (w["score"], w["line"]) for w in wanted
    ]
    assert jina["results"][0]["document"] == {"text": DOCUMENTS[1]}
    assert jina["usage"]["total_tokens"] > 0
    objects = [{"title": "x", "body": text} for text in DOCUMENTS]
    cohere = starters.post(
        "/v1/rerank",
        {"query": query, "documents": objects, "rank_fields": ["body"], "top_n": 1, "return_documents": False},
    ).json()
    assert cohere["results"] == [{key: jina["results"][0][key] for key in ("index", "relevance_score")}]
    second = starters.post("/v2/rerank", {"query": query, "documents": DOCUMENTS, "model": "starter/minilm"}).json()
    assert [result["index"] for result in second["results"]] == [result["index"] for result in jina["results"]]


@pytest.mark.parametrize(
    "body",
    [
        {"query": "a", "documents": []},
        {"query": " ", "documents": ["a"]},
        {"query": "a", "documents": [{"title": "a"}]},
        {"query": "a", "documents": ["a"], "top_n": 0},
        {"documents": ["a"]},
    ],
)
def test_a_wrong_ranking_says_what_is_wrong(starters, body):
    answer = starters.post("/v1/rerank", body)
    assert answer.status_code == 400
    assert answer.json()["message"] == answer.json()["detail"] != ""


@pytest.fixture(scope="session")
def translated(starters, en_pt):
    return [line["translation"] for line in _lines(starters, "translate", "--to", "pt", *TEXTS)]


def test_a_client_of_libretranslate_translates(starters, translated):
    client = LibreTranslateAPI(starters.url)
    assert client.translate(TEXTS[0], "en", "pt") == translated[0]
    assert client.translate(TEXTS[0], "auto", "pt") == translated[0]
    assert client.detect("Where is the station, please?")[0]["language"] == "en"
    english = next(language for language in client.languages() if language["code"] == "en")
    assert english["name"] == "English"
    assert "pt" in english["targets"]


def test_libretranslate_takes_forms_and_json_and_lists(starters, translated):
    asked = {"q": TEXTS[0], "source": "en", "target": "pt", "format": "text"}
    answers = [
        starters.post("/translate", asked),
        starters.post("/translate", data=asked),
        starters.post("/translate", files={name: (None, value) for name, value in asked.items()}),
        starters.post("/translate", params=asked),
    ]
    assert [answer.json() for answer in answers] == [{"translatedText": translated[0]}] * 4
    several = starters.post("/translate", {**asked, "q": TEXTS, "source": "auto", "alternatives": 2}).json()
    assert several["translatedText"] == translated
    assert [found["language"] for found in several["detectedLanguage"]] == ["en", "en"]
    assert several["alternatives"] == [[], []]
    page = starters.post("/translate", {**asked, "q": "<p>I <b>love</b> it.</p>", "format": "html"}).json()
    assert page["translatedText"].startswith("<p>")
    assert "<b>" in page["translatedText"]
    assert starters.get("/frontend/settings").json()["language"]["source"]["code"] == "auto"


@pytest.mark.parametrize(
    "body", [{}, {"q": "a"}, {"target": "pt"}, {"q": 3, "target": "pt"}, {"q": "a", "target": "Klingon"},
             {"q": "a", "target": "pt", "format": "docx"}, {"q": ["a", 3], "target": "pt"}],
)  # fmt: skip
def test_libretranslates_errors_are_its_own(starters, body):
    answer = starters.post("/translate", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_libretranslates_clients_send_their_key_as_a_field(serve, models):
    server = serve("-m", models["classifier"], NLPCLI_API_KEY="secret").wait_until_ready()
    assert LibreTranslateAPI(server.url, "secret").detect("Where is the station?")[0]["language"] == "en"
    assert LibreTranslateAPI(server.url, "secret").languages() == []
    refused = server.post("/detect", {"q": "Hello", "api_key": "wrong"})
    assert refused.status_code == 403
    assert set(refused.json()) == {"error"}
    assert server.post("/detect", {"q": "Hello"}, headers={"authorization": "Bearer secret"}).status_code == 200
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = server.post("/detect", data={"q": "Hello", "api_key": "secret"}, headers=foreign)
        assert answer.status_code == 403
