"""LibreTranslate's interface: `/translate`, `/languages`, `/detect` and `/frontend/settings`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from nlpcli.http.body import decoded, fitting, media_type
from nlpcli.http.failures import Failure
from nlpcli.http.guard import AWAITS_KEY, is_key
from nlpcli.http.runner import records_of
from nlpcli.http.service import Service
from nlpcli.http.translation import served_pairs, translation
from nlpcli.tasks.translate import TranslateOptions
from nlpcli.text.languages import name_of

_AUTO = "auto"
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class TranslateRequest(msgspec.Struct):
    """`alternatives` is a wish, which nothing here fulfils: the list is empty."""

    q: str | list[str]
    target: str
    source: str = _AUTO
    format: Literal["text", "html"] = "text"
    alternatives: Annotated[int, msgspec.Meta(ge=0)] = 0


class DetectRequest(msgspec.Struct):
    """A text in some language."""

    q: str


async def translate(service: Service, request: Request) -> Any:
    """One text, or each of several."""
    asked = fitting(await _fields(service, request), TranslateRequest)
    texts = [asked.q] if isinstance(asked.q, str) else asked.q
    is_auto = asked.source == _AUTO
    options = TranslateOptions(
        None if is_auto else asked.source, asked.target, "html" if asked.format == "html" else "none"
    )
    records = records_of(texts)
    job = await translation(service, options, None, records)
    results = (await service.runner.run(job, records)).records if texts else []
    if failed := next((record for record in results if record.result is None), None):
        raise Failure(400, failed.error or "")
    found = [record.result or {} for record in results]
    answer: dict[str, list[Any]] = {"translatedText": [result["translation"] for result in found]}
    if is_auto:
        answer["detectedLanguage"] = await service.runner.call(
            lambda _: [
                {"language": result["source_lang"], "confidence": _confidence(text, result["source_lang"])}
                for text, result in zip(texts, found, strict=True)
            ]
        )
    if asked.alternatives:
        answer["alternatives"] = [[] for _ in found]
    return {name: values[0] for name, values in answer.items()} if isinstance(asked.q, str) else answer


async def detect(service: Service, request: Request) -> Any:
    """The language of a text, the most likely first."""
    asked = fitting(await _fields(service, request), DetectRequest)
    return await service.runner.call(lambda _: _detected(asked.q))


async def languages(service: Service, request: Request) -> Any:
    """What is translated into what."""
    await _fields(service, request)
    pairs = await service.runner.call(lambda _: served_pairs(service))
    codes = dict.fromkeys(code for pair in pairs for code in pair)
    return [
        {"code": code, "name": name_of(code), "targets": [code, *(into for source, into in pairs if source == code)]}
        for code in codes
    ]


async def settings(service: Service, request: Request) -> Any:  # noqa: ARG001
    """What a front end has to know."""
    pairs = await service.runner.call(lambda _: served_pairs(service))
    target = next((into for _, into in pairs), "en")
    has_keys = bool(service.options.keys)
    return {
        "apiKeys": has_keys,
        "keyRequired": has_keys,
        "charLimit": service.options.limits.body,
        "filesTranslation": False,
        "frontendTimeout": 500,
        "language": {
            "source": {"code": _AUTO, "name": "Auto Detect"},
            "target": {"code": target, "name": name_of(target)},
        },
        "suggestions": False,
        "supportedFilesFormat": [],
    }


async def _fields(service: Service, request: Request) -> dict[str, Any]:
    """The fields of a request, in JSON, as a form or in its address; the key among them is looked at.

    Raises:
        Failure: the body is none of these, or the key is wrong.
    """
    found = dict(request.query_params) | await _fields_of_body(request)
    if request.scope.get(AWAITS_KEY) and not is_key(service.options, str(found.get("api_key", ""))):
        raise Failure(403, "Invalid API key")
    return found


async def _fields_of_body(request: Request) -> dict[str, Any]:
    kind = media_type(request)
    if kind == "application/json":
        return decoded(await request.body(), dict[str, Any])
    if kind in _FORMS:
        try:
            async with request.form() as form:
                values = {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}
        except (MultiPartException, UnicodeError) as error:
            raise Failure(400, "the body is no form as its header Content-Type says") from error
        return {name: found[0] if len(found) == 1 else found for name, found in values.items()}
    if await request.body():
        raise Failure(415, "the body has to be JSON or a form; say so in the header Content-Type")
    return {}


def _detected(text: str) -> list[dict[str, Any]]:
    from nlpcli.text.detection import probabilities

    likely = list(probabilities(text, 0.01).items())[:3]
    return [{"language": code, "confidence": round(100 * share, 1)} for code, share in likely]


def _confidence(text: str, code: str) -> float:
    from nlpcli.text.detection import probabilities

    return round(100 * probabilities(text).get(code, 0.0), 1)
