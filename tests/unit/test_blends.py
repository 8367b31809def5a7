"""Options made of others, by hand: cascades, splits, spill-over, classes of work and accepted work, in a study too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.tables import AS_OF, CITED, api, hosted, price_book, row

import tokencross as tc
from tokencross.costs.curve import CostCurve
from tokencross.errors import ScenarioError
from tokencross.options.base import Blend, CostOption, Option
from tokencross.options.blends import Cascade, Split
from tokencross.options.mix import Mix, mixed
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.spillover import Spillover
from tokencross.options.success import Accepted

SHAPE = tc.Workload(input_tokens=3_000, output_tokens=1_000)
MINUTES = 730 * 60
BOOK = tc.load_prices(as_of=AS_OF)


def line(label: str, usd_per_mtok: float) -> Option:
    """Return an option that costs the same for every token."""
    return Option(label, CostCurve.per_mtok(usd_per_mtok))


SMALL, LARGE = line("small", 1.0), line("large", 10.0)


@pytest.fixture
def book(tmp_path: Path) -> tc.PriceBook:
    """A small model at 1 and 4 USD (2 and 8 over 10,000 tokens), a large one at 2 and 12, from tomorrow on 3 and 12."""
    long = [{"threshold_tokens": 10_000, "input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0}]
    limits = [{"effective_from": row()["effective_from"], "usage_tier": "1", "requests_per_minute": 100, **CITED}]
    small = row(input_usd_per_mtok=1.0, output_usd_per_mtok=4.0, batch={"discount_share": 0.5}, long_context=long)
    large = [row(input_usd_per_mtok=2.0, output_usd_per_mtok=12.0)]
    large.append(row("2026-11-22", input_usd_per_mtok=3.0, output_usd_per_mtok=12.0))
    units = {
        "provider": "acme",
        "name": "Acme",
        "unit": "unit",
        "offers": [{"commitment": "hourly", "region": "any", "prices": [row(usd_per_unit_hour=1.0)]}],
        "models": [
            {
                "id": "small",
                "name": "Small",
                "tier": "small",
                "capacity": [row(input_tokens_per_minute=3_000.0, output_weight_ratio=4.0)],
            }
        ],
    }
    return price_book(
        tmp_path,
        {
            **api(hosted("small", small, limits=limits), hosted("large", *large)),
            "provisioned/acme": units,
        },
    )


# ---------------------------------------------------------------------- cascade


def test_a_cascade_by_hand() -> None:
    """1,000 million at 1 USD, 15% of them at 10, and 250,000 requests of 4,000 tokens checked at a tenth of a cent."""
    cascade = Cascade(SMALL, LARGE, escalation_share=0.15, verifier_usd_per_request=0.001)
    curve = cascade.curve(SHAPE)
    assert curve.usd_per_month(1e9) == pytest.approx(1_000 + 0.15 * 10_000 + 250_000 * 0.001)
    parts = curve.breakdown(1e9).loc[1e9].to_dict()
    assert parts == pytest.approx({"small: tokens": 1_000, "large: tokens": 1_500, "verifier": 250})
    assert cascade.label == "small, then large"
    assert isinstance(cascade, Blend)
    assert isinstance(cascade, CostOption)


def test_a_verifier_reads_question_and_answer_and_writes_a_verdict(book: tc.PriceBook) -> None:
    """4,000 tokens in and 50 out for each request of 4,000: 0.004 + 0.0002 USD."""
    judge = book.api("acme/small", label="judge")
    cascade = Cascade(SMALL, LARGE, escalation_share=0.0, verifier=judge, verifier_output_tokens=50)
    expected = 1_000 + 250_000 * (4_000 * 1.0 + 50 * 4.0) / 1e6
    assert cascade.curve(SHAPE).usd_per_month(1e9) == pytest.approx(expected)
    cached = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.1)
    assert cascade.curve(cached).usd_per_month(1e9) == pytest.approx(expected)


def test_a_chain_by_hand() -> None:
    """30% go on to the second, 20% of those to the third: 1,000 + 0.3 x 5,000 + 0.06 x 10,000."""
    chain = Cascade.chain([(SMALL, 0.3), (line("middle", 5.0), 0.2), LARGE], label="chain")
    assert chain.curve(SHAPE).usd_per_month(1e9) == pytest.approx(1_000 + 1_500 + 600)
    assert [part.label for part in chain.parts] == ["small", "chain, from stage 2"]
    checked = Cascade.chain([(SMALL, 0.3), (line("middle", 5.0), 0.2), LARGE], verifier_usd_per_request=0.001)
    assert checked.curve(SHAPE).usd_per_month(1e9) == pytest.approx(3_100 + 250 + 0.3 * 250)
    assert checked.label == "small, then middle, then large"


@pytest.mark.parametrize("share", [1.5, 15, -0.1, np.nan, "0.15", None])
def test_an_escalation_outside_0_and_1_is_one_error(share: Any) -> None:
    with pytest.raises(ScenarioError, match=r"small, then large:escalation_share\n  found .*accepted: a number from 0"):
        Cascade(SMALL, LARGE, escalation_share=share)


def test_the_message_says_what_to_write() -> None:
    with pytest.raises(ScenarioError) as error:
        Cascade(SMALL, LARGE, escalation_share=15, label="cascade")
    assert str(error.value) == (
        "cascade:escalation_share\n"
        "  found 15; accepted: a number from 0 to 1 (share of the traffic that goes on to the fallback).\n"
        "  Shares are fractions: write 0.15 for 15%."
    )


def test_escalation_has_no_default() -> None:
    with pytest.raises(TypeError, match="escalation_share"):
        Cascade(SMALL, LARGE)  # type: ignore[call-arg]  # the mistake is the point


def test_cascades_that_make_no_sense() -> None:
    with pytest.raises(ScenarioError, match=r"cascade: fallback\n  found float 3.0"):
        Cascade(SMALL, 3.0, escalation_share=0.1)  # type: ignore[arg-type]  # the mistake is the point
    with pytest.raises(ScenarioError, match=r"verifier\n  found verifier without verifier_output_tokens"):
        Cascade(SMALL, LARGE, escalation_share=0.1, verifier=line("judge", 1.0))
    with pytest.raises(ScenarioError, match=r"verifier\n  found verifier_output_tokens without verifier"):
        Cascade(SMALL, LARGE, escalation_share=0.1, verifier_output_tokens=5)
    with pytest.raises(ScenarioError, match=r"found two labelled 'small'"):
        Cascade(SMALL, line("small", 2.0), escalation_share=0.1)
    with pytest.raises(ScenarioError, match=r"found two labelled 'large'"):
        Cascade(SMALL, LARGE, escalation_share=0.1, label="large")
    for stages in ([], [SMALL], [(SMALL, 0.1)], [SMALL, LARGE], [(SMALL, 0.1), (LARGE, 0.2)], "ab"):
        with pytest.raises(ScenarioError, match=r"cascade: stages"):
            Cascade.chain(stages)  # type: ignore[arg-type]  # the mistake is the point
    with pytest.raises(ScenarioError, match=r"c:speed\n  found no such number; accepted: escalation_share"):
        Cascade(SMALL, LARGE, escalation_share=0.1, label="c").with_number("speed", 1.0)


# ---------------------------------------------------------------------- split


def test_a_split_by_hand() -> None:
    split = Split([(SMALL, 0.7), (LARGE, 0.3)])
    assert split.label == "small and large"
    assert split.curve(SHAPE).usd_per_month(1e9) == pytest.approx(700 + 3_000)
    twice = Split([(SMALL, 0.4), (LARGE, 0.3), (SMALL, 0.3)])
    assert [part.label for part in twice.parts] == ["small", "large"]
    assert twice.curve(SHAPE).usd_per_month(1e9) == pytest.approx(700 + 3_000)


def test_a_share_takes_from_the_others_in_proportion() -> None:
    split = Split([(SMALL, 0.5), (LARGE, 0.3), (line("middle", 5.0), 0.2)], label="mix")
    changed = split.with_number("share[small]", 0.75)  # a quarter is left for 0.3 to 0.2
    assert changed.curve(SHAPE).usd_per_month(1e9) == pytest.approx(750 + 1_500 + 500)
    alone = Split([(SMALL, 1.0), (LARGE, 0.0)], label="mix")
    with pytest.raises(ScenarioError, match=r"mix:share\[small\]\n  found 0.5; accepted: 1: the others have no share"):
        alone.with_number("share[small]", 0.5)


def test_splits_that_make_no_sense() -> None:
    with pytest.raises(ScenarioError, match=r"small and large: shares\n  found shares 0.7 \+ 0.2 = 0.9; accepted"):
        Split([(SMALL, 0.7), (LARGE, 0.2)])
    Split([(SMALL, 0.1), (LARGE, 0.9 + 5e-10)])  # rounding
    with pytest.raises(ScenarioError, match="add up to 1"):
        Split([(SMALL, 0.1), (LARGE, 0.9 + 5e-9)])
    with pytest.raises(ScenarioError, match=r"split: share of small\n  found 70; .*\n  Shares are fractions"):
        Split([(SMALL, 70), (LARGE, 30)])
    with pytest.raises(ScenarioError, match=r'split: routes\n(.|\n)*For classes of work say by="class"'):
        Split({"a": SMALL})
    for routes in ([], [SMALL], None):
        with pytest.raises(ScenarioError, match="split: routes"):
            Split(routes)  # type: ignore[arg-type]  # the mistake is the point
    with pytest.raises(ScenarioError, match=r"split: by\n  found 'kind'; accepted: volume or class"):
        Split([(SMALL, 1.0)], by="kind")
    with pytest.raises(ScenarioError, match=r"found two labelled 'small'"):
        Split([(SMALL, 0.5), (line("small", 2.0), 0.5)])


# ---------------------------------------------------------------------- classes of work

TAGGING = tc.Workload(input_tokens=900, output_tokens=100, peak_to_mean=1, burst_ratio=1)
AGENT = tc.Workload(input_tokens=19_000, output_tokens=1_000, peak_to_mean=1, burst_ratio=1, batch_share=0.5)


def test_an_api_prices_every_class_by_its_own_shape(book: tc.PriceBook) -> None:
    """Tagging stays below the threshold of 10,000; agents are above it, half of them at half price."""
    small = book.api("acme/small", label="small")
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)})
    tagging = 0.9 * 1.0 + 0.1 * 4.0
    agent = (0.95 * 2.0 + 0.05 * 8.0) * 0.75
    assert small.curve(mix).usd_per_mtok(1e9) == pytest.approx(0.6 * tagging + 0.4 * agent)
    assert small.usd_per_mtok(mix) == pytest.approx(0.6 * tagging + 0.4 * agent)
    mean = tc.Workload(input_tokens=point(mix.input_tokens), output_tokens=point(mix.output_tokens))
    assert small.curve(mean).usd_per_mtok(1e9) != pytest.approx(0.6 * tagging + 0.4 * agent, rel=0.05)
    assert any("small, agent: 100% of its input" in note for note in small.resolve(mix).notes)


def point(value: Any) -> float:
    """Return a plain number."""
    return float(np.asarray(value))


def test_credits_are_taken_off_the_bill_of_all_classes(book: tc.PriceBook) -> None:
    plain = book.api("acme/small", label="small")
    credited = book.api("acme/small", label="small", credits_usd_per_month=100)
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)})
    bills = [option.curve(mix).usd_per_month(1e9) for option in (plain, credited)]
    assert bills[0] - bills[1] == pytest.approx(100.0)


def test_limits_are_those_of_the_summed_rates(book: tc.PriceBook) -> None:
    """100 requests a minute. A million tokens of the mix are 600 tagging requests, and 20 of agents, 10 in batches."""
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)})
    limit = book.api("acme/small", label="small").resolve(mix).limit
    assert limit is not None
    assert limit.tokens_per_month == pytest.approx(100 * MINUTES / (600 + 10) * 1e6)


def test_a_mean_request_of_classes() -> None:
    """Of a million tokens 600 requests tag and 20 are agents': (600 x 900 + 20 x 19,000) / 620 tokens in."""
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)}, name="both", tokens_per_month=1e9)
    assert isinstance(mix, tc.Workload)
    assert point(mix.input_tokens) == pytest.approx((600 * 900 + 20 * 19_000) / 620)
    assert point(mix.request_tokens) == pytest.approx(1e6 / 620)
    assert point(mix.batch_share) == pytest.approx(0.2)
    second = (600 * 900**2 + 20 * 19_000**2) / 620
    assert point(mix.input_cv) == pytest.approx(np.sqrt(second / point(mix.input_tokens) ** 2 - 1))
    assert mix.describe() == (
        "60% tagging: 900 in / 100 out, peak 1x mean; 40% agent: 19,000 in / 1,000 out, 50% can wait, peak 1x mean"
    )


def test_peaks_at_different_hours_do_not_add_up() -> None:
    """Day work and night work of equal size make an even load; without profiles their peaks might meet."""
    day, night = [3.0] * 12 + [1.0] * 12, [1.0] * 12 + [3.0] * 12
    shape: dict[str, Any] = {"input_tokens": 100, "output_tokens": 0, "burst_ratio": 1.2}
    mix = mixed({"day": (tc.Workload(load=day, **shape), 0.5), "night": (tc.Workload(load=night, **shape), 0.5)})
    assert mix.peak == pytest.approx(1.0)
    assert mix.burst == pytest.approx(1.2)
    unequal = mix.demand([3.0, 1.0])  # a token of the day takes three times as much
    assert unequal.peak == pytest.approx(0.75 * 1.5 + 0.25 * 0.5)
    assert unequal.hours is not None
    assert unequal.hours.shape == (168,)
    unknown = mixed({"day": (tc.Workload(load=day, **shape), 0.5), "?": (tc.Workload(peak_to_mean=2, **shape), 0.5)})
    assert unknown.peak == pytest.approx(0.5 * 1.5 + 0.5 * 2.0)
    assert unknown.hours is None


def test_what_can_wait_leaves_the_peak_of_its_class_only() -> None:
    """Half of a half waits: of the rest, two thirds peak at 1 and a third at 3."""
    still = tc.Workload(input_tokens=1, output_tokens=0, peak_to_mean=1, burst_ratio=1)
    waits = tc.Workload(input_tokens=1, output_tokens=0, peak_to_mean=3, burst_ratio=2, batch_share=0.5)
    demand = mixed({"still": (still, 0.5), "waits": (waits, 0.5)}).demand()
    assert demand.batch_share == pytest.approx(0.25)
    assert 0.75 * demand.peak * demand.burst == pytest.approx(0.5 * 1 * 1 + 0.25 * 3 * 2)
    assert 0.75 * demand.burst == pytest.approx(0.5 * 1 + 0.25 * 2)


def test_units_are_bought_for_the_weighted_tokens_of_all_classes(book: tc.PriceBook) -> None:
    """Weights 0.9 + 0.1 x 4 and 0.95 + 0.05 x 4; half of the agents' wait and fill what is idle."""
    option = book.provisioned("acme/small", label="units")
    steady = tc.Workload(input_tokens=19_000, output_tokens=1_000, peak_to_mean=1, burst_ratio=1)
    weight = 0.6 * 1.3 + 0.4 * 1.15
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (steady, 0.4)})
    full = 10 * 3_000 * MINUTES / weight
    assert option.curve(mix).usd_per_month(np.array([full, 1.001 * full])) == pytest.approx([10 * 730, 11 * 730])
    peaked = tc.Workload(input_tokens=19_000, output_tokens=1_000, peak_to_mean=3, burst_ratio=1)
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (peaked, 0.4)})
    full = 10 * 3_000 * MINUTES / (0.6 * 1.3 + 0.4 * 1.15 * 3)
    assert option.curve(mix).usd_per_month(np.array([full, 1.001 * full])) == pytest.approx([10 * 730, 11 * 730])


def test_a_split_by_class_gives_every_class_its_option(book: tc.PriceBook) -> None:
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)})
    small, large = book.api("acme/small", label="small"), book.api("acme/large", label="large")
    split = Split({"tagging": small, "agent": large}, by="class", label="routed")
    usd = split.curve(mix).usd_per_month(1e9)
    assert usd == pytest.approx(600 * (0.9 * 1 + 0.1 * 4) + 400 * (0.95 * 2 + 0.05 * 12))
    both = Split({"tagging": small, "agent": small}, by="class", label="one")
    assert both.curve(mix).usd_per_month(1e9) == pytest.approx(small.curve(mix).usd_per_month(1e9))
    assert len(both.resolve(mix).inner) == 1


def test_classes_that_make_no_sense(book: tc.PriceBook) -> None:
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)})
    with pytest.raises(ScenarioError, match=r"routed: classes\n  found no option for agent; unknown chat; accepted"):
        Split({"tagging": SMALL, "chat": LARGE}, by="class", label="routed").curve(mix)
    with pytest.raises(ScenarioError, match=r"routed: classes\n  found a workload without classes"):
        Split({"tagging": SMALL, "agent": LARGE}, by="class", label="routed").curve(SHAPE)
    with pytest.raises(ScenarioError, match=r"routed:share\[small\]\n.*accepted: none: shares of classes"):
        Split({"tagging": SMALL, "agent": LARGE}, by="class", label="routed").with_number("share[small]", 0.5)
    with pytest.raises(ScenarioError, match=r"split: routes\n.*accepted: \{"):
        Split([(SMALL, 0.5)], by="class")
    with pytest.raises(ScenarioError, match=r"workload: mix\n  found .*at least two classes"):
        mixed({"tagging": (TAGGING, 1.0)})
    with pytest.raises(ScenarioError, match=r"workload: mix\n  found shares 0.6 \+ 0.3 = 0.9"):
        mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.3)})
    with pytest.raises(ScenarioError, match=r"workload:agent.share\n  found 0; accepted: a share above 0"):
        mixed({"tagging": (TAGGING, 1.0), "agent": (AGENT, 0.0)})
    with pytest.raises(ScenarioError, match=r"class 'a.b'\n  found 'a.b'; accepted: a name without"):
        mixed({"tagging": (TAGGING, 0.6), "a.b": (AGENT, 0.4)})
    with pytest.raises(ScenarioError, match=r"class 'agent'\n  found a mix; accepted: a plain"):
        mixed({"tagging": (TAGGING, 0.6), "agent": (mix, 0.4)})
    placed = tc.Workload(input_tokens=1, output_tokens=1, tokens_per_month=1e9)
    with pytest.raises(ScenarioError, match=r"class 'agent'\n  found tokens_per_month"):
        mixed({"tagging": (TAGGING, 0.6), "agent": (placed, 0.4)})
    with pytest.raises(ScenarioError, match=r"workload:agent\n  found "):
        mixed({"tagging": (TAGGING, 0.6), "agent": AGENT})  # type: ignore[dict-item]  # the mistake is the point


def test_numbers_of_classes_have_addresses(book: tc.PriceBook) -> None:
    mix = mixed({"tagging": (TAGGING, 0.6), "agent": (AGENT, 0.4)})
    study = tc.Study([book.api("acme/small", label="small")], workload=mix)
    listed = dict(zip(study.parameters()["address"], study.parameters()["value"], strict=True))
    assert listed["workload:tagging.input_tokens"] == 900
    assert listed["workload:agent.share"] == pytest.approx(0.4)
    for address, value in listed.items():
        if address.startswith("workload:"):
            again = study.replace({address: value})
            assert again.costs(1e9).iloc[0, 0] == pytest.approx(study.costs(1e9).iloc[0, 0])
    more = study.replace({"workload:agent.share": 0.7}).workload
    assert isinstance(more, Mix)
    assert [point(each.share) for each in more.classes] == pytest.approx([0.3, 0.7])
    with pytest.raises(
        ScenarioError, match=r"workload:input_tokens\n.*accepted: a number of one of the classes tagging"
    ):
        study.replace({"workload:input_tokens": 5.0})


# ---------------------------------------------------------------------- spill-over

# 12 hours at half the mean, 12 at one and a half; a step of 1,000 tokens a second is 2.628e9 a month
DAY = tc.Workload(input_tokens=3_000, output_tokens=1_000, load=[1.0] * 12 + [3.0] * 12, burst_ratio=1.0)
FULL = 1_000 * 730 * 3_600
USD = 4.29 * 730  # pricing/compute/lambda.yaml: one H100


def own(**fields: Any) -> SelfHostedOption:  # any argument of self_hosted
    """Return llama-3.1-8b on one H100 at 1,000 tokens per second, planned with as it is, with nothing around it."""
    said = {
        "instance": "lambda/gpu_1x_h100_sxm5",
        "purchase": "on_demand",
        "engineering": tc.Engineering.none(),
        "around": tc.AroundGpu.none(),
        "label": "own",
        "throughput": 1_000.0,
        "gpus_per_replica": 1,
        "latency": "batch",
        "target_load_share": 1.0,
        **fields,
    }
    return BOOK.self_hosted("llama-3.1-8b", **said)


def costs(option: CostOption, *volumes: float, workload: tc.Workload = DAY) -> list[float]:
    """Return USD per month at volumes."""
    return [float(usd) for usd in option.curve(workload).usd_per_month(np.array(volumes))]


def test_a_spill_over_by_hand() -> None:
    """At 2 USD per million a step full by day only is not worth it: 0.5 x 5,256 USD saved against 3,131.70.

    Twice a step's tokens are one step's by night and three steps' by day: with one step, half the hours overflow by
    two steps' tokens, 2,628 million in all.
    """
    assert pytest.approx(3_131.70) == USD
    option = Spillover(own(), line("api", 2.0))
    assert option.label == "own, spilling over to api"
    assert costs(option, 2 * FULL) == pytest.approx([USD + 2 * 2_628])
    fixed = [costs(Spillover(own(), line("api", 2.0), replica_count=k), 2 * FULL)[0] for k in (0, 1, 2, 3)]
    assert fixed == pytest.approx([2 * 5_256, USD + 2 * 2_628, 2 * USD + 2 * 1_314, 3 * USD])
    parts = option.curve(DAY).breakdown(2 * FULL).iloc[0].to_dict()
    assert parts == pytest.approx({"own: GPU instances": USD, "api: tokens": 2 * 2_628})


def test_at_a_higher_price_the_day_is_bought_too() -> None:
    """At 4 USD per million a step that is full half the time saves 5,256 USD."""
    assert costs(Spillover(own(), line("api", 4.0)), 2 * FULL) == pytest.approx([3 * USD])


def test_a_full_fleet_is_the_fixed_fleet() -> None:
    """With as many replicas as the peak needs, nothing overflows, and the bill is that of the fleet without spares."""
    bare = own(min_instance_count=0, spare_instance_count=0)
    volumes = np.array([0.3, 1.0, 2.0, 5.0]) * FULL
    for volume in volumes:
        count = int(np.ceil(volume * 1.5 / FULL))
        assert costs(Spillover(own(), line("api", 9.0), replica_count=count), volume) == pytest.approx(
            costs(bare, volume)
        )


def test_minimum_and_spares_count_where_they_are_given() -> None:
    """The default minimum and spares are for fleets that stand alone."""
    standing = own(latency="interactive")  # two at least, and one to spare
    assert costs(standing, 0.0) == pytest.approx([2 * USD])
    assert costs(Spillover(standing, line("api", 2.0)), 0.0) == [0.0]
    two = Spillover(own(latency="interactive", min_instance_count=2), line("api", 2.0))
    assert costs(two, 0.0, 1e6) == pytest.approx([2 * USD, 2 * USD])
    spare = Spillover(own(latency="interactive", spare_instance_count=1), line("api", 2.0))
    assert costs(spare, 0.0) == pytest.approx([USD])
    addresses = {p.address for p in Spillover(standing, line("api", 2.0)).resolve(DAY).inner[0].resolved.local}
    assert "throughput" in addresses
    assert not addresses & {"min_instance_count", "spare_instance_count"}


def test_engineering_and_fixed_costs_of_both_are_paid() -> None:
    base = own(engineering=tc.Engineering(upkeep_usd_per_month=500.0, upkeep_usd_per_gpu_month=100.0, label="ops"))
    burst = Option("api", CostCurve.fixed(50.0) + CostCurve.per_mtok(2.0))
    chosen = Spillover(base, burst, replica_count=1)
    assert costs(chosen, 2 * FULL) == pytest.approx([USD + 100 + 500 + 50 + 2 * 2_628])
    assert costs(Spillover(base, burst), 0.0) == pytest.approx([550.0])


def test_what_a_served_token_costs_is_not_paid_for_those_that_spill_over() -> None:
    """A load balancer at 0.5 USD per million tokens served: 2,628 of 5,256 million."""
    items = tc.AroundGpu.none()
    base = own(around=items)

    class Balanced(SelfHostedOption):
        def resolve(self, workload: tc.Workload) -> Any:
            from dataclasses import replace

            found = super().resolve(workload)
            return replace(found, curve=found.curve + CostCurve.per_mtok(0.5, label="load balancer"))

    balanced = Balanced(**{name: getattr(base, name) for name in base.__dataclass_fields__})
    expected = USD + 0.5 * 2_628 + 2 * 2_628
    assert costs(Spillover(balanced, line("api", 2.0)), 2 * FULL) == pytest.approx([expected])
    assert costs(Spillover(balanced, line("api", 2.0), replica_count=1), 2 * FULL) == pytest.approx([expected])
    parts = Spillover(balanced, line("api", 2.0), replica_count=1).curve(DAY).breakdown(2 * FULL).iloc[0]
    assert parts["own: load balancer"] == pytest.approx(0.5 * 2_628)


def test_a_chosen_count_goes_with_any_burst_curve() -> None:
    """Credits of 1,000 USD a month: 500 million of what overflows are free."""
    burst = Option("api", CostCurve((*CostCurve.commitment(0.0, 5e8, overage_usd_per_mtok=2.0).terms,)))
    assert costs(Spillover(own(), burst, replica_count=1), 2 * FULL) == pytest.approx([USD + 2 * (2_628 - 500)])
    with pytest.raises(ScenarioError, match=r"s:replica_count\n  found none, with 'api: commitment overage' of api"):
        Spillover(own(), burst, label="s").curve(DAY)


def test_draws_travel_through_a_spill_over() -> None:
    rates = np.array([500.0, 1_000.0, 2_000.0])
    drawn = Spillover(own(throughput=rates), line("api", 2.0)).curve(DAY)
    plain = [costs(Spillover(own(throughput=float(rate)), line("api", 2.0)), 2 * FULL)[0] for rate in rates]
    assert drawn.usd_per_month(2 * FULL) == pytest.approx(plain)
    chosen = Spillover(own(throughput=rates), line("api", 2.0), replica_count=2).curve(DAY)
    plain = [
        costs(Spillover(own(throughput=float(rate)), line("api", 2.0), replica_count=2), 2 * FULL)[0] for rate in rates
    ]
    assert chosen.usd_per_month(2 * FULL) == pytest.approx(plain)


def test_spill_overs_that_make_no_sense() -> None:
    with pytest.raises(
        ScenarioError, match=r"s: workload:load\n  found no load profile; accepted: a workload with load="
    ):
        Spillover(own(), LARGE, label="s").curve(SHAPE)
    waits = tc.Workload(input_tokens=3_000, output_tokens=1_000, load=[1.0] * 24, batch_share=0.3)
    with pytest.raises(ScenarioError, match=r"s: workload:batch_share\n  found 0.3; accepted: 0: what can wait"):
        Spillover(own(), LARGE, label="s").curve(waits)
    with pytest.raises(ScenarioError, match=r"s: base\n  found small, which has none; accepted: a fleet of GPUs"):
        Spillover(SMALL, LARGE, label="s").curve(DAY)
    with pytest.raises(ScenarioError, match=r"s: base\n  found 'own: .*', which does not grow with a fixed number"):
        Spillover(own(zone_count=3), LARGE, label="s").curve(DAY)
    with pytest.raises(ScenarioError, match=r"s:replica_count\n  found 1.5; accepted: a whole number of replicas"):
        Spillover(own(), LARGE, replica_count=1.5, label="s")
    with pytest.raises(ScenarioError, match=r"s:replica_count\n  found -1; accepted"):
        Spillover(own(), LARGE, replica_count=-1, label="s")
    with pytest.raises(ScenarioError, match=r"s:speed\n  found no such number; accepted: replica_count"):
        Spillover(own(), LARGE, label="s").with_number("speed", 1.0)


# ---------------------------------------------------------------------- accepted work


def test_accepted_work_by_hand() -> None:
    """80% at once; of the rest half at a retry; 90% of those left by the large one; a person settles what remains.

    Per task of 4,000 tokens: 1.2 attempts, 0.1 to the fallback, 0.01 to a person at 2 USD.
    """
    done = Accepted(
        SMALL,
        success_share=0.8,
        retry_count=1,
        retry_success_share=0.5,
        fallback=LARGE,
        fallback_success_share=0.9,
        review_usd_per_task=2.0,
    )
    curve = done.curve(SHAPE)
    assert curve.usd_per_month(1e9) == pytest.approx(1.2 * 1_000 + 0.1 * 10_000 + 250_000 * 0.01 * 2.0)
    assert curve.breakdown(1e9).columns.tolist() == ["small: tokens", "large: tokens", "review"]
    assert done.accepted_share == pytest.approx(1.0)
    assert done.tier == "custom"
    half = done.with_number("reviewed_share", 0.5)
    assert half.accepted_share == pytest.approx(0.995)


def test_failures_repeat_unless_said() -> None:
    """Three retries that never succeed cost three attempts of each failure, and nothing more is accepted."""
    done = Accepted(SMALL, success_share=0.8, retry_count=3)
    assert done.curve(SHAPE).usd_per_month(1e9) == pytest.approx(1_600.0)
    assert done.accepted_share == pytest.approx(0.8)
    defaults = {p.address: p.why for p in done.resolve(SHAPE).local if p.origin == "default"}
    assert defaults == {"retry_success_share": "failures repeat"}


def test_options_of_unequal_quality_compare_on_accepted_work() -> None:
    """4 USD a million with 50% accepted is 8 per accepted million: against 6 at 100% cheaper by the token only."""
    cheap = Accepted(line("small", 4.0), success_share=0.5, label="cheap")
    sure = Accepted(
        Option("large", CostCurve.fixed(1_000.0) + CostCurve.per_mtok(6.0)), success_share=1.0, label="sure"
    )
    study = tc.Study([cheap, sure], workload=SHAPE, incumbent="sure")
    by_token = study.breakeven("cheap")
    assert by_token.first == 0.0
    assert by_token.robust == 0.0
    found = study.breakeven("cheap", per="success")
    ((low, high),) = found.intervals  # 1,000 + 6 W against 8 W
    assert (low, high) == pytest.approx((0.0, 5e8))
    back = study.breakeven("sure", against="cheap", per="success")
    assert back.first == pytest.approx(5e8)
    assert back.robust == pytest.approx(5e8)
    assert study.unit_costs([5e8], per="success").iloc[0].tolist() == pytest.approx([8 * 0.004, 8 * 0.004])


def test_options_that_have_not_said_their_success_are_refused() -> None:
    study = tc.Study([SMALL, Accepted(LARGE, success_share=0.9, label="done")], workload=SHAPE)
    with pytest.raises(ScenarioError, match=r"small: per success\n  found no success_share; (.|\n)*tc.Accepted"):
        study.breakeven("done", per="success")
    with pytest.raises(ScenarioError, match=r"per\n  found 'task'; accepted: token or success"):
        study.breakeven("done", per="task")


def test_unit_costs_by_hand() -> None:
    study = tc.Study([SMALL, LARGE], workload=SHAPE)
    assert study.unit_costs([1e9]).loc[[1e9]].iloc[0].tolist() == pytest.approx([1.0, 10.0])
    assert study.unit_costs([1e9], per="request").loc[[1e9]].iloc[0].tolist() == pytest.approx([0.004, 0.04])
    by_user = study.unit_costs([1e9], per="user", tokens_per_user_month=2e6)
    assert by_user.loc[[1e9]].iloc[0].tolist() == pytest.approx([2.0, 20.0])
    assert study.unit_costs(0.0).isna().all(axis=None)
    assert study.unit_costs(1e9).index.name == "tokens_per_month"
    with pytest.raises(ScenarioError, match=r"per\n  found 'month'; accepted: one of mtok, request, user, success"):
        study.unit_costs(1e9, per="month")
    with pytest.raises(ScenarioError, match=r"tokens_per_user_month\n  found nothing, with per='user'"):
        study.unit_costs(1e9, per="user")
    with pytest.raises(ScenarioError, match=r"tokens_per_user_month\n  found a number, with per='request'"):
        study.unit_costs(1e9, per="request", tokens_per_user_month=1e6)
    with pytest.raises(ScenarioError, match=r"tokens_per_user_month\n  found 0; accepted"):
        study.unit_costs(1e9, per="user", tokens_per_user_month=0.0)


def test_a_split_of_accepted_work_accepts_their_mean() -> None:
    a, b = Accepted(SMALL, success_share=0.5, label="a"), Accepted(LARGE, success_share=1.0, label="b")
    assert Split([(a, 0.6), (b, 0.4)]).resolve(SHAPE).accepted_share == pytest.approx(0.7)
    assert Split([(a, 0.6), (LARGE, 0.4)]).resolve(SHAPE).accepted_share is None


def test_accepted_work_that_makes_no_sense() -> None:
    with pytest.raises(TypeError, match="success_share"):
        Accepted(SMALL)  # type: ignore[call-arg]  # the mistake is the point
    with pytest.raises(ScenarioError, match=r"a:success_share\n  found 90; (.|\n)*write 0.9 for 90%"):
        Accepted(SMALL, success_share=90, label="a")
    with pytest.raises(ScenarioError, match=r"a:success_share\n  found 0: nothing is ever accepted"):
        Accepted(SMALL, success_share=0.0, label="a")
    with pytest.raises(ScenarioError, match=r"a:retry_count\n  found 1.5; accepted: a whole number of retries"):
        Accepted(SMALL, success_share=0.5, retry_count=1.5, label="a")  # type: ignore[arg-type]  # the mistake is the point
    with pytest.raises(ScenarioError, match=r"a:fallback_success_share\n  found fallback without it"):
        Accepted(SMALL, success_share=0.5, fallback=LARGE, label="a")
    with pytest.raises(ScenarioError, match=r"a:fallback_success_share\n  found nothing to fall back to"):
        Accepted(SMALL, success_share=0.5, fallback_success_share=0.9, label="a")
    with pytest.raises(ScenarioError, match=r"a:reviewed_share\n  found 0.5; accepted: review_usd_per_task too"):
        Accepted(SMALL, success_share=0.5, reviewed_share=0.5, label="a")
    with pytest.raises(ScenarioError, match=r"a:speed\n  found no such number; accepted: success_share"):
        Accepted(SMALL, success_share=0.5, label="a").with_number("speed", 1.0)


# ---------------------------------------------------------------------- in a study


def blended(book: tc.PriceBook) -> tc.Study:
    """Return a study in which the small model stands alone and is in two blends, one inside the other."""
    small, large = book.api("acme/small", label="small"), book.api("acme/large", label="large")
    cascade = Cascade(small, large, escalation_share=0.15, label="cascade")
    mix = Split([(cascade, 0.5), (own(label="gpus", engineering=tc.Engineering.typical()), 0.5)], label="mix")
    return tc.Study([large, small, cascade, mix], workload=DAY, incumbent="large")


def test_every_number_is_listed_once(book: tc.PriceBook) -> None:
    study = blended(book)
    addresses = study.parameters()["address"]
    assert addresses.is_unique
    expected = {
        "cascade:escalation_share",
        "mix:share[cascade]",
        "gpus:throughput",
        "gpus:engineering[typical engineering].upfront_usd",
        "prices:acme/small.input_usd_per_mtok",
        "prices:acme/large.output_usd_per_mtok",
        "compute:lambda/gpu_1x_h100_sxm5.usd_per_hour",
    }
    assert expected <= set(addresses)
    assert study.sources()["row"].is_unique
    used = dict(zip(study.sources()["location"], study.sources()["options"], strict=True))
    assert any("lambda.yaml" in place and labels == "gpus" for place, labels in used.items())
    assert len(study.notes) == len(set(study.notes))
    assert any(note.startswith("large: ") and "2026-11-22" in note for note in study.notes)


def test_one_number_changes_wherever_it_is(book: tc.PriceBook) -> None:
    study = blended(book)
    before = study.costs(1e9).iloc[0]
    after = study.replace({"small:discount_share": 0.5}).costs(1e9).iloc[0]
    off = before["small"] / 2
    assert before["small"] - after["small"] == pytest.approx(off)
    assert before["cascade"] - after["cascade"] == pytest.approx(off)
    assert before["mix"] - after["mix"] == pytest.approx(off / 2)
    dearer = study.replace({"prices:acme/large.output_usd_per_mtok": 24.0}).costs(1e9).iloc[0]
    more = dearer["large"] - before["large"]
    assert dearer["cascade"] - before["cascade"] == pytest.approx(0.15 * more)
    assert dearer["mix"] - before["mix"] == pytest.approx(0.15 * more / 2)
    never = study.replace({"cascade:escalation_share": 0.0}).costs(1e9).iloc[0]
    assert never["cascade"] == pytest.approx(before["small"])
    assert before["mix"] - never["mix"] == pytest.approx(0.15 * before["large"] / 2)
    free = study.replace({"gpus:engineering": tc.Engineering.none()}).costs(1e9).iloc[0]
    assert before["mix"] - free["mix"] == pytest.approx(150_000 / 24 + 12_500)


def test_a_change_keeps_one_option_one(book: tc.PriceBook) -> None:
    changed = blended(book).replace({"small:discount_share": 0.5, "cascade:escalation_share": 0.2})
    tc.Study(changed.options, workload=DAY)  # two of one label would be refused


def test_a_date_reaches_what_is_inside(book: tc.PriceBook) -> None:
    later = blended(book).at("2026-11-22")
    before, after = (study.costs(1e9).iloc[0] for study in (blended(book), later))
    more = 0.75 * 1_000  # three quarters of the tokens are input, 1 USD dearer
    assert after["large"] - before["large"] == pytest.approx(more)
    assert after["cascade"] - before["cascade"] == pytest.approx(0.15 * more)
    assert after["mix"] - before["mix"] == pytest.approx(0.15 * more / 2)


def test_two_options_of_one_label_are_refused_wherever_they_are(book: tc.PriceBook) -> None:
    one, other = book.api("acme/small", label="small"), book.api("acme/large", label="small")
    with pytest.raises(ScenarioError, match=r"found two labelled 'small'"):
        tc.Study([one, Cascade(other, LARGE, escalation_share=0.1)], workload=SHAPE)
    with pytest.raises(ScenarioError, match=r"found 'small' twice; accepted: every option once"):
        tc.Study([one, one], workload=SHAPE)
    tc.Study([one, Cascade(one, LARGE, escalation_share=0.1)], workload=SHAPE)


def test_fleets_inside_are_sized_at_their_share(book: tc.PriceBook) -> None:
    study = blended(book)
    gpus = own(label="gpus", engineering=tc.Engineering.typical())
    alone = tc.Study([gpus], workload=DAY)
    assert study.capacity(4 * FULL).columns.tolist() == ["mix > gpus"]
    ours, theirs = study.capacity(4 * FULL)["mix > gpus"], alone.capacity(2 * FULL)["gpus"]
    for step in ("instances", "gpus", "utilisation_share", "usd_per_month"):
        assert ours[step] == pytest.approx(theirs[step])


def test_a_fleet_that_spills_over_is_shown_as_it_runs() -> None:
    option = Spillover(own(), line("api", 2.0), label="spill")
    shown = tc.Study([option], workload=DAY).capacity(2 * FULL)["spill > own"]
    assert shown["instances"] == 1.0
    assert shown["gpus"] == 1.0
    assert shown["utilisation_share"] == pytest.approx(1.0)
    assert shown["overflow_share"] == pytest.approx(0.5)
    chosen = Spillover(own(), line("api", 2.0), replica_count=2, label="spill")
    halved = Split([(chosen, 0.5), (LARGE, 0.5)], label="half")
    shown = tc.Study([halved], workload=DAY).capacity(4 * FULL)["half > spill > own"]
    assert shown["instances"] == 2.0
    assert shown["overflow_share"] == pytest.approx(0.25)
    assert shown["utilisation_share"] == pytest.approx(0.75)


def test_a_study_of_blends_answers_everything(book: tc.PriceBook) -> None:
    study = blended(book)
    assert study.verdict()
    assert study.breakevens()["challenger"].tolist() == ["small", "cascade", "mix"]
    assert study.winners()["to_tokens_per_month"].iloc[-1] == np.inf
    parts = study.breakdown(1e10)
    sums = parts.groupby("option", sort=False)["usd_per_month"].sum()
    assert sums.to_dict() == pytest.approx(study.costs(1e10).iloc[0].to_dict())
    assert "cascade: small: input tokens" in set(parts[parts["option"] == "mix"]["component"])
    assert (parts["source"].str.len() > 0).all()
    assert study._repr_html_().startswith("<div")


def test_draws_travel_through_blends() -> None:
    shares = np.array([0.1, 0.2, 0.4])
    study = tc.Study(
        [LARGE, Cascade(SMALL, LARGE, escalation_share=shares, label="cascade")], workload=SHAPE, incumbent="large"
    )
    curve = study.comparison.resolved["cascade"].curve
    assert curve.usd_per_month(1e9) == pytest.approx(1_000 + 10_000 * shares)
    assert study.costs(1e9)["cascade"].iloc[0] == pytest.approx(3_000)
    uncertain = Cascade(SMALL, LARGE, escalation_share=stats.uniform(0.1, 0.2), label="cascade")
    assert uncertain.curve(SHAPE).usd_per_month(1e9) == pytest.approx(3_000)
    split = Split([(SMALL, 1 - shares), (LARGE, shares)])
    assert split.curve(SHAPE).usd_per_month(1e9) == pytest.approx(1_000 * (1 - shares) + 10_000 * shares)
    done = Accepted(SMALL, success_share=1 - shares, fallback=LARGE, fallback_success_share=0.5, label="done")
    assert done.accepted_share == pytest.approx(1 - shares / 2)
    sure = Accepted(line("other", 3.0), success_share=1.0, label="sure")
    found = tc.Study([done, sure], workload=SHAPE).breakeven("sure", against="done", per="success")
    expected = (1 + 10 * shares) / (1 - shares / 2)  # USD per accepted million
    assert np.isnan(np.asarray(found.first)).tolist() == (expected <= 3.0).tolist()
    mix = mixed({"tagging": (TAGGING, 1 - shares), "agent": (AGENT, shares)})
    assert point(np.max(np.abs(np.asarray(mix.request_tokens) - 1 / ((1 - shares) / 1_000 + shares / 20_000)))) < 1e-9


def test_limits_of_parts_end_the_blend(book: tc.PriceBook) -> None:
    small = book.api("acme/small", label="small")
    alone = small.resolve(SHAPE).limit
    assert alone is not None
    found = Split([(small, 0.25), (LARGE, 0.75)]).resolve(SHAPE).limit
    assert found is not None
    assert found.tokens_per_month == pytest.approx(4 * alone.tokens_per_month)
    assert "the share of small reaches" in found.words
    assert Cascade(LARGE, small, escalation_share=0.0).resolve(SHAPE).limit is None


OWN = {
    "instance": "aws/p5.48xlarge",
    "region": "us-east-1",
    "purchase": "on_demand",
    "engineering": tc.Engineering.none(),
    "around": tc.AroundGpu.none(),
    "throughput": 2_500,
    "gpus_per_replica": 2,
    "latency": "batch",
    "target_load_share": 1,
}


def test_a_base_has_a_quota_and_serves_in_every_hour() -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    burst = prices.api("openai/gpt-6-sol", label="api")
    shape = tc.Workload(input_tokens=1_000, output_tokens=1_000, load=[0.5] * 8 + [2.0] * 8 + [0.5] * 8, burst_ratio=1)
    few = prices.self_hosted("llama-3.3-70b", max_instance_count=3, label="own", **OWN)  # type: ignore[arg-type]  # terms
    limit = tc.Spillover(few, burst).resolve(shape).limit
    assert limit is not None
    # a step of 26.28e9 tokens an hour at an even load: busy hours fill the third one, then a fourth pays
    assert 3 * 26.28e9 / 2 <= limit.tokens_per_month < 4 * 26.28e9 / 2
    with pytest.raises(ScenarioError, match=r"replica_count\n.*10 instances of own, whose quota is 3"):
        tc.Spillover(few, burst, replica_count=40).resolve(shape)
    part = prices.self_hosted("llama-3.3-70b", billed_hours_share=0.25, label="own", **OWN)  # type: ignore[arg-type]  # terms
    with pytest.raises(ScenarioError, match="billed_hours_share"):
        tc.Spillover(part, burst).resolve(shape)


def test_a_tuned_base_needs_no_spares_either() -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    terms = {**OWN, "latency": "interactive"}
    tuned = prices.fine_tuned("llama-3.3-70b", training=tc.Training.none(), label="tuned", **terms)  # type: ignore[arg-type]  # terms
    shape = tc.Workload(input_tokens=1_000, output_tokens=1_000, load="azure-coding-2024")
    both = tc.Spillover(tuned, prices.api("openai/gpt-6-sol", label="api"))
    assert both.curve(shape).usd_per_month(0.0) == 0.0
