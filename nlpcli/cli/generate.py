"""`nlpcli generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nlpcli.cli.arguments import STANDARD, TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.cli.why import Why, WhyPage, page_of_reasons
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.content import read_document
from nlpcli.records.schema import Schema
from nlpcli.records.splitting import without_surrogates
from nlpcli.records.template import compiled
from nlpcli.tasks.generate import DEFAULT_MAX_TOKENS, GenerateOptions
from nlpcli.views import completions as drawings

EXAMPLES = """
\b
Examples:
  nlpcli generate "Name three fruits."
  nlpcli generate --greedy --max-tokens 20 --raw "The quick brown fox"
  nlpcli generate --system "Answer in one word." "What is the capital of France?"
  nlpcli generate --greedy --why "What is the capital of France?"
  nlpcli generate --n 3 --seed 1 -F jsonl "Write a title for a poem about rain."
  nlpcli generate -i reviews.csv --template question.txt -o answers.csv
  nlpcli generate --greedy --schema person.json "Ada Lovelace was born in London in 1815."
"""

# Below that a token is drawn as if it were 0, and float32 has no numbers left.
LEAST_TEMPERATURE = 0.001

app = command_app()


@app.command(cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def generate(
    shared: SharedOptions,
    texts: Texts = None,
    system: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the model is told before the prompt (chat models).")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, metavar="N", help=f"Longest completion. Default: {DEFAULT_MAX_TOKENS}."),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=100.0,
            metavar="T",
            help=f"How freely to draw; 0, or {LEAST_TEMPERATURE} and more. Default: the model's own, else 0.7.",
        ),
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, metavar="P", help="Draw from the likeliest tokens that reach P.")
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(min=0, max=1_000_000, metavar="K", help="Draw from the K likeliest tokens. 0: from all."),
    ] = None,
    greedy: Annotated[bool, typer.Option("--greedy", help="Always the likeliest token; nothing is drawn.")] = False,
    stop: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="End before this text. Repeatable.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=1000, metavar="N", help="Completions of each prompt.")] = 1,
    raw: Annotated[bool, typer.Option("--raw", help="Continue the text as it is: no chat template.")] = False,
    schema: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON Schema; every completion is valid against it, or an error."),
    ] = None,
    template: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Jinja template that makes the prompt of a record's fields.")
    ] = None,
    why: Why = False,
    html: WhyPage = None,
    stream: Annotated[
        bool | None,
        typer.Option("--stream/--no-stream", help="Show text while it is written. Default: where the output is text."),
    ] = None,
) -> int:
    """Answer each prompt, or continue it where the model knows no conversation.

    Prints the completion alone. Many prompts are written at once; their order is kept. With --seed each prompt
    has draws of its own, the same every time, whatever else is in the batch.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    options = GenerateOptions(
        system=None if system is None else without_surrogates(system),
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        greedy=greedy or temperature == 0,
        stop=tuple(without_surrogates(text) for text in stop or ()),
        count=n,
        raw=raw,
        schema=None if schema is None else read_document(schema, "--schema"),
        template=None if template is None else read_document(template, "--template").removesuffix("\n"),
        seed=shared.seed,
        why=why,
    )
    _check(options)
    if stream:
        _check_streamed(shared, n, why)
    per = Per.DOCUMENT
    whole = options.template is not None
    job = make_job("generate", options, shared, texts, per, catalog().defaults["generate"], whole, written=[html])
    page = page_of_reasons(why, html)
    return run_job(job, shared, _COMPLETED, page, html is not None, streamed=stream is not False and n == 1 and not why)


def _check(options: GenerateOptions) -> None:
    if options.temperature is not None and 0 < options.temperature < LEAST_TEMPERATURE:
        raise UsageError(f"--temperature takes 0 (always the likeliest token), or {LEAST_TEMPERATURE} and more")
    if "" in options.stop:
        raise UsageError('--stop "" would end a text before its first character; leave it out')
    if options.greedy and options.count > 1:
        raise UsageError("--greedy writes the same text every time; leave it out, or --n")
    if options.greedy and (options.temperature or options.top_p is not None or options.top_k is not None):
        raise UsageError("--greedy draws nothing; leave it out, or --temperature, --top-p and --top-k")
    if options.schema is not None and options.stop:
        raise UsageError("--stop would end an answer before it is valid against --schema; leave one of them out")
    if options.schema is not None:
        Schema(options.schema)
    if options.template is not None:
        compiled(options.template)


def _check_streamed(shared: SharedOptions, count: int, why: bool) -> None:
    if why:
        raise UsageError("--stream shows a text while it is written, and --why what it rests on; leave one of them out")
    if count > 1:
        raise UsageError("--stream shows one text at a time; leave it out, or --n")
    if shared.output not in (None, STANDARD) or shared.format not in (None, "text"):
        raise UsageError("--stream writes text to standard output; leave it out, or -o and -F")


_COMPLETED = View(drawings.completed_lines, drawings.draw_completed)
