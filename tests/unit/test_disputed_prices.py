"""Where public price lists contradict each other: the value that the evidence supports, on both sides of its date.

Each block names the disagreement; the rows' `dispute` says who gives what instead.
"""

from __future__ import annotations

import pytest

import tokencross as tc
from tokencross.errors import ResolveError

# model, day, input and output [USD per million tokens]; None: not sold, or no price known
PRICES: list[tuple[str, str, tuple[float, float] | None]] = [
    # DeepSeek: three libraries give three current prices of two retired names; histories differ by years
    ("deepseek/deepseek-chat", "2025-02-25", (0.27, 1.1)),
    ("deepseek/deepseek-chat", "2025-09-04", (0.27, 1.1)),
    ("deepseek/deepseek-chat", "2025-09-05", (0.57, 1.68)),
    ("deepseek/deepseek-chat", "2025-09-28", (0.57, 1.68)),
    ("deepseek/deepseek-chat", "2025-09-29", (0.28, 0.42)),
    ("deepseek/deepseek-chat", "2026-07-23", (0.14, 0.28)),
    ("deepseek/deepseek-chat", "2026-07-24", None),
    ("deepseek/deepseek-reasoner", "2025-09-04", (0.55, 2.19)),
    ("deepseek/deepseek-reasoner", "2025-09-05", (0.57, 1.68)),
    ("deepseek/deepseek-reasoner", "2025-09-28", (0.57, 1.68)),
    ("deepseek/deepseek-reasoner", "2025-09-29", (0.28, 0.42)),
    ("deepseek/deepseek-v4-pro", "2026-05-24", (1.74, 3.48)),
    ("deepseek/deepseek-v4-pro", "2026-05-25", (0.435, 0.87)),
    ("deepseek/deepseek-v4-pro", "2026-08-15", (0.435, 0.87)),
    ("deepseek/deepseek-v4-pro", "2026-08-16", (0.66, 1.98)),
    ("deepseek/deepseek-v4-flash", "2026-08-15", (0.14, 0.28)),
    ("deepseek/deepseek-v4-flash", "2026-08-16", (0.22, 0.66)),
    ("deepseek/deepseek-v4-flash", "2026-09-09", (0.22, 0.66)),
    ("deepseek/deepseek-v4-flash", "2026-09-10", (0.15, 0.6)),
    # a price of another host under the vendor's name
    ("deepseek/deepseek-v3.2", "2025-12-07", None),
    ("deepseek/deepseek-v3.2", "2025-12-08", (0.28, 0.42)),
    # Mistral: a list a month stale; a cut of the same month
    ("mistral/mistral-large-4", "2026-10-19", (0.68, 2.09)),
    ("mistral/mistral-large-4", "2026-10-20", (1.36, 4.18)),
    ("mistral/mistral-large-4", "2026-10-28", (1.36, 4.18)),
    ("mistral/mistral-large-4", "2026-10-29", (0.7, 2.1)),
    # Gemini and OpenAI: what one source has and the others have not
    ("openai/gpt-5.6-cyber", "2026-09-22", None),
    ("openai/gpt-5.6-cyber", "2026-09-23", (12.5, 75.0)),
    ("google/gemini-1.5-pro", "2024-11-03", (3.5, 10.5)),
    ("google/gemini-1.5-pro", "2024-11-04", (1.25, 5.0)),
    ("google/gemini-1.5-pro", "2025-09-28", (1.25, 5.0)),
    ("google/gemini-1.5-pro", "2025-09-29", None),
    # announced doublings that half of the sources do not know
    ("google/gemini-4-argon", "2026-11-30", (2.0, 10.0)),
    ("google/gemini-4-argon", "2026-12-01", (4.0, 20.0)),
    ("google/gemini-3.6-flash", "2026-12-31", (0.75, 3.75)),
    ("google/gemini-3.6-flash", "2027-01-01", (1.5, 7.5)),
    ("google/gemini-3.7-flash", "2027-01-01", (1.5, 7.5)),
    ("google/gemini-3.8-flash", "2026-12-31", (0.75, 3.75)),
    ("google/gemini-3.8-flash", "2027-01-01", (1.5, 7.5)),
    # Together
    ("together/meta-llama/Llama-3.3-70B-Instruct-Turbo", "2026-09-22", (0.88, 0.88)),
    ("together/meta-llama/Llama-3.3-70B-Instruct-Turbo", "2026-09-23", (1.04, 1.04)),
    ("together/meta-llama/Llama-3.3-70B-Instruct-Turbo", "2026-10-22", None),
    ("together/mistralai/Mixtral-8x7B-Instruct-v0.1", "2026-04-15", (0.6, 0.6)),
    ("together/mistralai/Mixtral-8x7B-Instruct-v0.1", "2026-04-16", None),
    ("together/NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO", "2025-08-27", (0.6, 0.6)),
    ("together/NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO", "2025-08-28", None),
    ("together/Qwen/Qwen3.7-Max", "2026-09-22", None),
    ("together/Qwen/Qwen3.7-Max", "2026-09-23", (1.5, 4.5)),
    ("together/Qwen/Qwen3.8-Flash", "2026-09-22", None),
    ("together/Qwen/Qwen3.8-Flash", "2026-09-23", (0.09, 0.282)),
    # Fireworks
    ("fireworks/deepseek-v4-pro", "2026-08-26", (1.74, 3.48)),
    ("fireworks/deepseek-v4-pro", "2026-08-27", None),
    ("fireworks/gemma-3-27b-it", "2026-01-01", (0.1, 0.1)),
    # DeepInfra: first-party list against an aggregated map
    ("deepinfra/XiaomiMiMo/MiMo-V2.5", "2026-09-22", None),
    ("deepinfra/XiaomiMiMo/MiMo-V2.5", "2026-09-23", (0.133, 0.266)),
    ("deepinfra/XiaomiMiMo/MiMo-V2.5-Pro", "2026-09-23", (0.39, 1.17)),
    ("deepinfra/meta-llama/Llama-3.2-11B-Vision-Instruct", "2026-09-23", (0.345, 0.345)),
    ("deepinfra/deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "2026-09-23", (0.7, 0.8)),
    ("deepinfra/anthropic/claude-sonnet-5", "2026-09-23", (3.0, 15.0)),
    # an image model's text price, not that of its image tokens
    ("google/gemini-3.1-flash-image", "2026-09-22", None),
    ("google/gemini-3.1-flash-image", "2026-09-23", (0.5, 3.0)),
    # histories in which packages repeat the last price backwards
    ("openai/gpt-4", "2024-01-01", (30.0, 60.0)),
    ("openai/gpt-4", "2026-10-22", (30.0, 60.0)),
    ("openai/gpt-4", "2026-10-23", None),
    ("openai/o3", "2025-06-09", (10.0, 40.0)),
    ("openai/o3", "2025-06-10", (2.0, 8.0)),
    ("openai/gpt-4o", "2024-11-03", (5.0, 15.0)),
    ("openai/gpt-4o", "2024-11-04", (2.5, 10.0)),
    ("openai/o1-mini", "2025-02-12", (3.0, 12.0)),
    ("openai/o1-mini", "2025-02-13", (1.1, 4.4)),
    ("openai/o1-mini", "2025-10-27", None),
    ("openai/gpt-3.5-turbo", "2023-12-02", (1.5, 2.0)),
    ("openai/gpt-3.5-turbo", "2023-12-03", (1.0, 2.0)),
    ("openai/gpt-3.5-turbo", "2024-04-17", (1.0, 2.0)),
    ("openai/gpt-3.5-turbo", "2024-04-18", (0.5, 1.5)),
    ("anthropic/claude-3-5-haiku-20241022", "2024-12-10", (1.0, 5.0)),
    ("anthropic/claude-3-5-haiku-20241022", "2024-12-11", (0.8, 4.0)),
    ("anthropic/claude-3-5-haiku-20241022", "2026-02-19", None),
    # a rise that was announced and then cancelled
    ("anthropic/claude-sonnet-5", "2026-08-31", (2.0, 10.0)),
    ("anthropic/claude-sonnet-5", "2026-09-01", (2.0, 10.0)),
]

# model, day, prompt [tokens], input and output above the threshold
LONG = [
    ("anthropic/claude-sonnet-4-5", "2026-04-29", 300_000, (6.0, 22.5)),
    ("anthropic/claude-sonnet-4-5", "2026-04-30", 300_000, (3.0, 15.0)),
    ("anthropic/claude-sonnet-4-20250514", "2025-08-11", 300_000, (3.0, 15.0)),
    ("anthropic/claude-sonnet-4-20250514", "2025-08-12", 300_000, (6.0, 22.5)),
    ("google/gemini-2.5-pro", "2025-06-18", 300_000, (2.5, 15.0)),
    ("google/gemini-1.5-pro", "2024-11-04", 200_000, (2.5, 10.0)),
    ("openai/gpt-5.6-cyber", "2026-09-23", 300_000, (12.5, 75.0)),
]

# model, day, price of a cache read
CACHED = [
    ("deepseek/deepseek-v3.2", "2025-12-08", 0.028),
    ("openai/gpt-5.1", "2026-01-01", 0.125),
    ("openai/gpt-4o-mini", "2026-01-01", 0.075),
    ("openai/o4-mini", "2026-01-01", 0.275),
    ("google/gemini-2.5-flash", "2025-11-14", 0.075),
    ("google/gemini-2.5-flash", "2025-11-15", 0.03),
    ("google/gemini-2.5-flash-lite", "2026-03-14", 0.025),
    ("google/gemini-2.5-flash-lite", "2026-03-15", 0.01),
    ("google/gemini-2.5-pro", "2026-03-14", 0.31),
    ("google/gemini-2.5-pro", "2026-03-15", 0.125),
]


def usd(model: str, day: str, *, prompt: int = 0, output: int = 0, cached: int = 0, at: str = "12:00") -> float:
    """Return what one request costs."""
    option = tc.load_prices(as_of=day).api(model)
    bill = option.bill(
        input_tokens=prompt, output_tokens=output, cached_input_tokens=cached, completed_at=f"{day}T{at}"
    )
    return float(bill)


@pytest.mark.parametrize(("model", "day", "expected"), PRICES)
def test_price_on_a_day(model: str, day: str, expected: tuple[float, float] | None) -> None:
    if expected is None:
        with pytest.raises(ResolveError):
            usd(model, day)
        return
    # below every threshold: 1,000 tokens of each kind; noon UTC is outside DeepSeek's peak hours and its nights
    assert usd(model, day, prompt=1_000) * 1_000 == pytest.approx(expected[0], rel=1e-12)
    assert usd(model, day, output=1_000) * 1_000 == pytest.approx(expected[1], rel=1e-12)


@pytest.mark.parametrize(("model", "day", "prompt", "expected"), LONG)
def test_price_above_a_threshold(model: str, day: str, prompt: int, expected: tuple[float, float]) -> None:
    long = usd(model, day, prompt=prompt)
    assert long == pytest.approx(prompt * expected[0] / 1e6, rel=1e-12)
    assert usd(model, day, prompt=prompt, output=1_000) - long == pytest.approx(1_000 * expected[1] / 1e6, rel=1e-9)


@pytest.mark.parametrize(("model", "day", "expected"), CACHED)
def test_price_of_a_cache_read(model: str, day: str, expected: float) -> None:
    assert usd(model, day, prompt=1_000, cached=1_000) * 1_000 == pytest.approx(expected, rel=1e-12)


def test_a_long_call_of_november_2025_as_the_bill_had_it() -> None:
    # 300,000 in at 6 and 1,000 out at 22.5; a list without the tier says 0.915
    assert usd("anthropic/claude-sonnet-4-5", "2025-11-01", prompt=300_000, output=1_000) == pytest.approx(
        (300_000 * 6 + 1_000 * 22.5) / 1e6
    )


@pytest.mark.parametrize(
    ("model", "at", "ratio"),
    [
        # night discount of 2025: 16:30 to 00:30 UTC
        ("deepseek/deepseek-chat", "2025-02-25T20:00", 1.0),
        ("deepseek/deepseek-chat", "2025-02-26T20:00", 0.5),
        ("deepseek/deepseek-chat", "2025-02-26T16:29", 1.0),
        ("deepseek/deepseek-reasoner", "2025-03-15T16:30", 0.25),
        ("deepseek/deepseek-chat", "2025-09-05T20:00", 1.0),
        # peak hours: every day from 2026-08-16, on weekdays from 2026-08-23
        ("deepseek/deepseek-v4-pro", "2026-06-02T02:00", 1.0),
        ("deepseek/deepseek-v4-pro", "2026-08-22T02:00", 2.0),  # a Saturday
        ("deepseek/deepseek-v4-pro", "2026-08-29T02:00", 1.0),  # the next one
        ("deepseek/deepseek-v4-pro", "2026-08-31T02:00", 2.0),  # a Monday
        ("deepseek/deepseek-v4-pro", "2026-08-31T04:00", 1.0),
        ("deepseek/deepseek-v4-pro", "2026-08-31T06:00", 2.0),
        ("deepseek/deepseek-v4-pro", "2026-08-31T10:00", 1.0),
    ],
)
def test_hours_that_a_library_applies_to_days_that_had_none(model: str, at: str, ratio: float) -> None:
    day, _, clock = at.partition("T")
    plain = usd(model, day, output=1_000, at="12:00")
    assert usd(model, day, output=1_000, at=clock) / plain == pytest.approx(ratio, rel=1e-12)


def test_a_price_that_others_list_under_the_wrong_vendor_is_not_there() -> None:
    with pytest.raises(ResolveError):
        tc.load_prices(as_of="2026-11-21").api("openai/gpt-oss-120b")


def test_no_cache_writes_where_there_is_no_cache() -> None:
    twelve_hours = tc.load_prices(as_of="2026-01-01").api("openai/gpt-4", cache_lifetime="12h")
    with pytest.raises(ValueError, match="cache_lifetime"):
        twelve_hours.bill(input_tokens=1, output_tokens=1)
