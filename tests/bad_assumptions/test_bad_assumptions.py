"""Every mistake in a file of assumptions ends in one message: where, what was found, what is accepted, what to do."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tokencross.checking import read_assumptions, run_file
from tokencross.cli import app
from tokencross.errors import TokencrossError
from tokencross.options.hosting import CHOICES, NUMBERS
from tokencross.tables.assumption_checks import CheapestEntry, PriceEntry, SourceAgeEntry
from tokencross.tables.assumption_file import KINDS

HERE = Path(__file__).parent
TODAY = date(2026, 11, 22)
ENDING = ".assumptions.yaml"  # which the files here do not have: they are not part of the repository's own checks
ASSUMPTIONS_KEYS = "name, note, as_of, pricing, overlay, study, studies, checks"
KINDS_WORDS = ", ".join(KINDS)
PRICE_KEYS = ", ".join(PriceEntry.model_fields)
AGE_KEYS = ", ".join(SourceAgeEntry.model_fields)
CHEAPEST_KEYS = ", ".join(CheapestEntry.model_fields)
HOSTING_KEYS = ", ".join([*NUMBERS, *CHOICES, "engineering"])
EXPECTED = "equals, between, at_least, at_most"
LABELS = "one of frontier, own, the options of the study"
BEFORE = "Say before_first: hold to take the row of 2026-09-22, which says so in the notes."
WORKLOAD_KEYS = (
    "input_tokens, output_tokens, cached_input_share, cache_write_share, batch_share, input_cv, output_cv, text_kind, "
    "peak_to_mean, load, burst_ratio, classes, name"
)
FIELDS = (
    "input_usd_per_mtok, output_usd_per_mtok, cache_read_usd_per_mtok, cache_write_usd_per_mtok, "
    "long_context[272000].input_usd_per_mtok, long_context[272000].output_usd_per_mtok, "
    "long_context[272000].cache_read_usd_per_mtok, long_context[272000].cache_write_usd_per_mtok, "
    "batch.discount_share, batch.cache_discount_share, blended_usd_per_mtok"
)
Mistake = tuple[str, str, str]

# file: (where after the file's name, or in the file that it names; found and accepted; remedy)
MISTAKES: dict[str, Mistake] = {
    "misspelt_top_key": (
        ":4: studis",
        f"an unknown key; accepted: one of {ASSUMPTIONS_KEYS}",
        "Did you mean 'studies' or 'study'?",
    ),
    "no_name": (
        ":1",
        "no key 'name'; accepted: name, which is required",
        "",
    ),
    "no_checks": (
        ":1",
        "no key 'checks'; accepted: checks, which is required",
        "",
    ),
    "empty_checks": (
        ":5: checks",
        "[]; accepted: at least one entry",
        "",
    ),
    "checks_that_are_a_mapping": (
        ":5: checks",
        "{what the frontier charges: {price: 'openai/gpt-6-sol', field: 'input_usd_per_mtok', equals: 2.0}}; "
        "accepted: a list",
        "",
    ),
    "check_that_is_a_list": (
        ":6: checks[0]",
        "['price', 'openai/gpt-6-sol', 'input_usd_per_mtok', 2.0]; accepted: a mapping of keys to values",
        "",
    ),
    "check_that_is_a_sentence": (
        ":6: checks[0]",
        "'the frontier charges 2 USD per million input tokens'; accepted: a mapping of keys to values",
        "",
    ),
    "name_twice": (
        ":13: checks[2].name",
        "'what the frontier charges' again, as on line 6; accepted: a name that no other check has",
        "",
    ),
    "check_without_name": (
        ":13: checks[2]",
        "no key 'name'; accepted: name, which is required",
        "",
    ),
    "name_that_is_a_number": (
        ":13: checks[2].name",
        "2026; accepted: text",
        "",
    ),
    "duplicate_key": (
        ":15",
        "the key 'cost' twice in one mapping; accepted: each key once",
        "Keep one of the two.",
    ),
    "alias": (
        ":7",
        "an alias (*name) of another part; accepted: every value written out where it belongs",
        "",
    ),
    "tag": (
        ":9",
        "the YAML tag 'tag:yaml.org,2002:python/name:os.system'; accepted: plain values without a tag",
        "",
    ),
    "tab": (
        ":15",
        "text that is not YAML (while scanning a plain scalar found a tab character that violates "
        "indentation); accepted: a file of assumptions as one YAML document",
        "",
    ),
    "not_yaml": (
        ":13",
        "text that is not YAML (while parsing a flow sequence did not find expected ',' or ']'); accepted: a "
        "file of assumptions as one YAML document",
        "",
    ),
    "colon_in_a_name": (
        ":13",
        "text that is not YAML (mapping values are not allowed in this context); accepted: a file of "
        "assumptions as one YAML document",
        "",
    ),
    "key_that_is_no_text": (
        ":21",
        "the key '2026'; accepted: a key that is text",
        "Quote it if it is meant.",
    ),
    "as_of_tomorrow": (
        ":2: as_of",
        "'tomorrow'; accepted: a date such as 2026-11-21, tables or today",
        "",
    ),
    "as_of_capital": (
        ":2: as_of",
        "'Today'; accepted: a date such as 2026-11-21, tables or today",
        "Did you mean 'today'?",
    ),
    "as_of_no_such_day": (
        ":2",
        "'2026-11-31'; accepted: a value that exists, such as 2026-11-21 for a date",
        "",
    ),
    "as_of_with_a_time": (
        ":2: as_of",
        "2026-11-21 12:00:00; accepted: a date such as 2026-11-21, tables or today",
        "Write 2026-11-21: a price counts for a whole day.",
    ),
    "check_before_the_tables": (
        ":17: checks[2].as_of: beside/study.yaml:6: options[0]: prices:openai/gpt-6-sol",
        "2020-01-01, before the first known price of openai/gpt-6-sol; accepted: a date from 2026-09-22 on",
        f"{BEFORE}",
    ),
    "price_before_its_first_row": (
        ":7: checks[0].price: prices:openai/gpt-6-sol",
        "2020-01-01, before the first known price of openai/gpt-6-sol; accepted: a date from 2026-09-22 on",
        f"{BEFORE}",
    ),
    "study_missing": (
        ":3: study",
        "'beside/studdy.yaml': no such file; accepted: a scenario file, relative to this one",
        "Did you mean 'study.yaml'?",
    ),
    "study_that_is_a_folder": (
        ":3: study",
        "'beside': a folder; accepted: a scenario file, relative to this one",
        "",
    ),
    "study_that_is_itself": (
        ":3: study",
        "'study_that_is_itself.assumptions.yaml', a file of assumptions; accepted: a scenario file, relative "
        "to this one",
        "",
    ),
    "study_that_is_a_list": (
        ":3: study",
        "['beside/study.yaml']; accepted: the path of a scenario file, or the keys of one",
        "Write beside/study.yaml.",
    ),
    "study_that_is_bad": (
        "beside/unknown_model.yaml:6: options[0]: pricing/api",
        "unknown 'gpt-6-soll'; accepted: an id or alias in pricing/api",
        "Did you mean 'gpt-6-sol' or 'gpt-6.1-sol' or 'gpt-5.6-sol'?",
    ),
    "study_that_is_not_yaml": (
        "beside/not_yaml.yaml:4",
        "text that is not YAML (while parsing a flow mapping did not find expected ',' or '}'); accepted: a "
        "scenario as one YAML document",
        "",
    ),
    "study_inline_misspelt": (
        ":3: study.workload.ouput_tokens",
        f"an unknown key; accepted: one of {WORKLOAD_KEYS}",
        "Did you mean 'output_tokens' or 'input_tokens'?",
    ),
    "study_inline_unknown_model": (
        ":3: study.options[0]: pricing/api",
        "unknown 'gpt-6-soll'; accepted: an id or alias in pricing/api",
        "Did you mean 'gpt-6-sol' or 'gpt-6.1-sol' or 'gpt-5.6-sol'?",
    ),
    "no_study": (
        ":10: checks[1].breakeven",
        "no study; accepted: a study, which this check is about",
        "Say study: with one of again.",
    ),
    "unknown_study": (
        ":16: checks[2].study",
        "unknown study 'agian'; accepted: one of again",
        "Did you mean 'again'?",
    ),
    "study_by_path_in_a_check": (
        ":16: checks[2].study",
        "unknown study 'beside/study.yaml'; accepted: one of again",
        "Name the file in studies: {NAME: beside/study.yaml}, and say study: NAME here.",
    ),
    "study_inline_in_a_check": (
        ":16: checks[2].study",
        "{name: 'x'}; accepted: the name of one of studies",
        "A study itself stands under study: or studies: of the file.",
    ),
    "no_tables_there": (
        ":3: pricing: beside/nowhere",
        "no such folder; accepted: a folder of pricing tables with a file VERSION",
        "",
    ),
    "overlay_missing": (
        ":3: overlay: beside/nowhere.yaml",
        "no such file; accepted: a pricing table that can be read",
        "",
    ),
    "misspelt_kind": (
        ":10: checks[1]",
        f"no key that says what is checked; accepted: one of {KINDS_WORDS}",
        "Did you mean 'breakeven'?",
    ),
    "no_kind": (
        ":10: checks[1]",
        f"no key that says what is checked; accepted: one of {KINDS_WORDS}",
        "",
    ),
    "two_kinds": (
        ":10: checks[1]",
        f"breakeven and never_wins in one check; accepted: one of {KINDS_WORDS}",
        "Make a check of each.",
    ),
    "misspelt_key": (
        ":8: checks[0].feild",
        f"an unknown key; accepted: one of {PRICE_KEYS}",
        "Did you mean 'field'?",
    ),
    "key_of_another_kind": (
        ":10: checks[0].tokens_per_month",
        f"an unknown key; accepted: one of {PRICE_KEYS}",
        "tokens_per_month belongs to cheapest, undercuts, cost, cost_ratio and others, not to price.",
    ),
    "never_of_a_price": (
        ":9: checks[0].never",
        f"an unknown key; accepted: one of {PRICE_KEYS}",
        "never belongs to breakeven, price_fall, speed_ratio, time_to_first_token and others, not to price.",
    ),
    "number_of_a_kind_that_has_none": (
        ":19: checks[3].equals",
        f"an unknown key; accepted: one of {CHEAPEST_KEYS}",
        "equals belongs to price, price_ratio, breakeven, cost and others, not to cheapest.",
    ),
    "no_expectation": (
        ":6: checks[0]",
        f"nothing that says what is expected; accepted: one of {EXPECTED}",
        "",
    ),
    "two_expectations": (
        ":6: checks[0]",
        f"equals and at_most; accepted: one of {EXPECTED}",
        "Keep one of them, or make two checks.",
    ),
    "bounds_backwards": (
        ":12: checks[1].between",
        "[10000000000.0, 1000000000.0]; accepted: [low, high] with low at most high",
        "Write [1.0e+9, 1.0e+10].",
    ),
    "one_bound": (
        ":12: checks[1].between",
        "[1000000000.0]; accepted: [low, high], two numbers",
        "One bound alone is at_least or at_most.",
    ),
    "bound_left_open": (
        ":12: checks[1].between",
        "[1000000000.0, null]; accepted: [low, high], two numbers",
        "One bound alone is at_least or at_most.",
    ),
    "infinite_bound": (
        ":12: checks[1].between",
        "[1000000000.0, inf]; accepted: [low, high], two finite numbers",
        "One bound alone is at_least or at_most.",
    ),
    "bounds_as_text": (
        ":12: checks[1].between",
        "['1e9', '1e10']; accepted: [low, high], two numbers",
        "YAML reads 1e9 as text: write 1.0e+9.",
    ),
    "bounds_with_letters": (
        ":12: checks[1].between",
        "['1B', '10B']; accepted: [low, high], two numbers",
        "Write numbers alone, without a letter or a unit: 1.0e+9, not 1B.",
    ),
    "bounds_as_mapping": (
        ":12: checks[1].between",
        "{low: 1000000000.0, high: 10000000000.0}; accepted: [low, high], two numbers",
        "Write [low, high].",
    ),
    "number_with_unit": (
        ":9: checks[0].equals",
        "'2 USD'; accepted: a number",
        "Write the number alone; its unit is in the key's name.",
    ),
    "number_as_text": (
        ":15: checks[2].at_most",
        "'2e4'; accepted: a number",
        "YAML reads this as text: write 1.0e+6 or 1_000_000.",
    ),
    "nan": (
        ":9: checks[0].equals",
        "nan; accepted: a finite number",
        "",
    ),
    "nothing_after_a_key": (
        ":9: checks[0].equals",
        "nothing; accepted: a value",
        "Leave the key out if there is none.",
    ),
    "percent_for_a_share": (
        ":10: checks[0].within_share",
        "5; accepted: a number <= 1, in a fraction from 0 to 1",
        "A share is a fraction: 0.05 is 5%.",
    ),
    "within_share_alone": (
        ":6: checks[0]",
        "within_share without equals; accepted: within_share beside equals",
        "",
    ),
    "never_false": (
        ":12: checks[1].never",
        "false; accepted: true, or no such key",
        "What there is instead is said by equals, between, or a bound.",
    ),
    "never_in_words": (
        ":12: checks[1].never",
        "'never'; accepted: true, or no such key",
        "Write never: true.",
    ),
    "equals_never": (
        ":12: checks[1].equals",
        "'never'; accepted: a number",
        "That there is no such figure is said by never: true.",
    ),
    "negative_volume": (
        ":16: checks[2].tokens_per_month",
        "-4000000000.0; accepted: a number > 0, in tokens per month",
        "",
    ),
    "zero_volume": (
        ":16: checks[2].tokens_per_month",
        "0; accepted: a number > 0, in tokens per month",
        "",
    ),
    "infinite_volume": (
        ":16: checks[2].tokens_per_month",
        "inf; accepted: a finite number",
        "",
    ),
    "volume_with_a_letter": (
        ":16: checks[2].tokens_per_month",
        "'4B'; accepted: a number, in tokens per month",
        "Write the number alone; its unit is in the key's name.",
    ),
    "range_for_one_volume": (
        ":16: checks[2].tokens_per_month",
        "[1000000000.0, 4000000000.0]; accepted: a number, in tokens per month",
        "",
    ),
    "both_volumes": (
        ":13: checks[2]",
        "tokens_per_month and tokens_per_day; accepted: one of tokens_per_month, tokens_per_day",
        "Keep one of them, or make two checks.",
    ),
    "infinite_volume_of_a_range": (
        ":22: checks[3].cases.small.tokens_per_month",
        "inf; accepted: a finite number > 0, or [low, high]",
        "From a volume on is [low, null].",
    ),
    "range_backwards": (
        ":22: checks[3].cases.small.tokens_per_month",
        "[1000000000.0, 1000000.0]; accepted: [low, high] with low at most high",
        "Write [1.0e+6, 1.0e+9].",
    ),
    "range_as_text": (
        ":22: checks[3].cases.small.tokens_per_month",
        "['1e6', '1e9']; accepted: a finite number > 0, or [low, high]",
        "YAML reads 1e6 as text: write 1.0e+6.",
    ),
    "range_open_below": (
        ":22: checks[3].cases.small.tokens_per_month",
        "[null, 1000000.0]; accepted: a finite number > 0, or [low, high]",
        "Low may be 0, and high null: no upper end.",
    ),
    "verdict_misspelt": (
        ":19: checks[3].verdict",
        "'hold'; accepted: holds, fails, or holds_for: [case, …]",
        "Did you mean 'holds'?",
    ),
    "verdict_true": (
        ":19: checks[3].verdict",
        "true; accepted: holds, fails, or holds_for: [case, …]",
        "Write holds.",
    ),
    "verdict_of_unknown_case": (
        ":19: checks[3].verdict",
        "unknown case 'lrge'; accepted: one of large, small",
        "Did you mean 'large'?",
    ),
    "verdict_of_a_word": (
        ":19: checks[3].verdict.holds_for",
        "'large'; accepted: a list of cases",
        "Write [large].",
    ),
    "holds_for_without_cases": (
        ":19: checks[3].verdict",
        "holds_for in a check without cases; accepted: holds or fails",
        "Or give the check its cases.",
    ),
    "case_of_another_kind": (
        ":22: checks[3].cases.small.never_wins",
        "another kind in a case of cheapest; accepted: keys of cheapest",
        "Make a check of it.",
    ),
    "case_with_a_verdict": (
        ":22: checks[3].cases.small.verdict",
        "'verdict' in a case; accepted: any key of the check but name, because, claim, source, verdict, "
        "cases, hinges_on",
        "Say it for the check, or make two checks.",
    ),
    "case_misspelt_key": (
        ":22: checks[3].cases.small.tokens_per_mont",
        f"an unknown key; accepted: one of {CHEAPEST_KEYS}",
        "Did you mean 'tokens_per_month' or 'tokens_per_day'?",
    ),
    "case_that_is_a_number": (
        ":22: checks[3].cases.small",
        "1000000.0; accepted: a mapping of keys to values",
        "",
    ),
    "cases_that_are_a_list": (
        ":20: checks[3].cases",
        "[{tokens_per_month: 100000000000.0}, {tokens_per_month: 1000000.0}]; accepted: a mapping of keys to values",
        "",
    ),
    "case_of_unknown_label": (
        ":22: checks[3].cases.small.cheapest",
        f"unknown label 'owm'; accepted: {LABELS}",
        "Did you mean 'own'?",
    ),
    "unknown_label": (
        ":14: checks[2].cost",
        f"unknown label 'owm'; accepted: {LABELS}",
        "Did you mean 'own'?",
    ),
    "against_itself": (
        ":11: checks[1].breakeven",
        "'frontier', the incumbent, against itself; accepted: one of own",
        "Or say against: what it is held against.",
    ),
    "against_unknown": (
        ":12: checks[1].against",
        f"unknown label 'frontire'; accepted: {LABELS}",
        "Did you mean 'frontier'?",
    ),
    "unknown_model": (
        ":7: checks[0].price: pricing/api",
        "unknown 'gpt-6-soll'; accepted: an id or alias in pricing/api",
        "Did you mean 'gpt-6-sol' or 'gpt-6.1-sol' or 'gpt-5.6-sol'?",
    ),
    "unknown_provider": (
        ":7: checks[0].price: pricing/api",
        "unknown provider 'opnai'; accepted: a provider of the tables",
        "Did you mean 'openai'?",
    ),
    "instance_without_compute": (
        ":7: checks[0].price",
        "'lambda/gpu_1x_b200_sxm6', whose provider the tables know for instances only; accepted: "
        "provider/model of a hosted model",
        "Write compute:lambda/gpu_1x_b200_sxm6.",
    ),
    "unknown_field": (
        ":8: checks[0].field",
        f"no 'inptu_usd_per_mtok' of prices:openai/gpt-6-sol; accepted: one of {FIELDS}",
        "Did you mean 'input_usd_per_mtok' or 'output_usd_per_mtok' or 'blended_usd_per_mtok'?",
    ),
    "address_of_an_unknown_field": (
        ":7: checks[0].price",
        f"no 'inptu_usd_per_mtok' of prices:openai/gpt-6-sol; accepted: one of {FIELDS}",
        "Did you mean 'input_usd_per_mtok' or 'output_usd_per_mtok' or 'blended_usd_per_mtok'?",
    ),
    "no_field": (
        ":7: checks[0].price",
        "'openai/gpt-6-sol' without a field; accepted: field: input_usd_per_mtok, output_usd_per_mtok, "
        "cache_read_usd_per_mtok, cache_write_usd_per_mtok, blended_usd_per_mtok, …",
        "",
    ),
    "unknown_service_tier": (
        ":7: checks[0].price: prices:openai/gpt-6-sol",
        "service_tier 'bach'; accepted: one of standard, batch, flex, priority: the table has no other price of it",
        "Did you mean 'batch'?",
    ),
    "purchase_of_a_model": (
        ":10: checks[0].purchase",
        "'spot' of a hosted model; accepted: service_tier: of a hosted model",
        "An instance is compute:provider/instance.",
    ),
    "unknown_address": (
        ":11: checks[1].number",
        "unknown address 'own:engineering.upfront_usd'; accepted: an address of a number of the study, as "
        "study.parameters() lists them",
        "Did you mean 'own:engineering[engineering].upfront_usd'?",
    ),
    "address_of_nothing": (
        ":11: checks[1].number",
        "unknown address 'upfront'; accepted: an address of a number of the study, as study.parameters() lists them",
        "Addresses look like workload:input_tokens, workload:output_tokens, workload:peak_to_mean.",
    ),
    "replaced_unknown_address": (
        ":16: checks[2].replace: own:througput",
        f"no such number; accepted: {HOSTING_KEYS}",
        "Did you mean 'throughput' or 'throughput_ratio'?",
    ),
    "replaced_below_zero": (
        ":16: checks[2].replace: compute:lambda/gpu_1x_b200_sxm6.usd_per_hour",
        "-3; accepted: a finite number >= 0 (USD per hour)",
        "",
    ),
    "replaced_for_a_price": (
        ":6: checks[0]",
        "replace, with price from the tables; accepted: replace in a check of a study",
        "A figure that rests on the study is checked by number, cost, breakeven, …",
    ),
    "hinges_on_nothing": (
        ":16: checks[2].hinges_on",
        "unknown address 'own:througput'; accepted: an address of the study, or a key of the check that is a number",
        "",
    ),
    "pair_of_one": (
        ":11: checks[1].cost_ratio",
        "['own']; accepted: [first, second], two names",
        "",
    ),
    "pair_in_words": (
        ":11: checks[1].cost_ratio",
        "'own/frontier'; accepted: [first, second], two names",
        "",
    ),
    "age_without_days": (
        ":10: checks[1]",
        "no key 'at_most_days'; accepted: at_most_days (days), which is required",
        "",
    ),
    "age_in_at_most": (
        ":12: checks[1].at_most",
        f"an unknown key; accepted: one of {AGE_KEYS}",
        "Did you mean 'at_most_days'?",
    ),
    "age_of_one_model": (
        ":11: checks[1].source_age",
        "'openai/gpt-6-sol'; accepted: study, or a list of provider/model",
        "Write [openai/gpt-6-sol].",
    ),
    "days_as_text": (
        ":12: checks[1].within_days",
        "'90 days'; accepted: a whole number, in days",
        "Write the number alone; its unit is in the key's name.",
    ),
    "percent_of_a_move": (
        ":13: checks[1].at_most_share",
        "10; accepted: a number <= 1, in a fraction from 0 to 1",
        "A share is a fraction: 0.1 is 10%.",
    ),
    "percent_of_a_margin": (
        ":12: checks[1].margin_share",
        "20; accepted: a number <= 1, in a fraction from 0 to 1",
        "A share is a fraction: 0.2 is 20%.",
    ),
    "unknown_period": (
        ":12: checks[1].per",
        "'year'; accepted: one of 'month', 'day', 'mtok' or 'request'",
        "Known: month, day, mtok, request.",
    ),
    "unknown_trend": (
        ":11: checks[1].price_fall",
        "'smal'; accepted: one of same model, frontier, small, open_hosted, any model, or provider/model",
        "Did you mean 'small'?",
    ),
    "trend_from_the_future": (
        ":12: checks[1].since",
        "2030-01-01; accepted: a day before 2026-11-21, with which the history ends",
        "",
    ),
    "no_cascade": (
        ":11: checks[1].escalation",
        "'own', which is no cascade; accepted: the label of a cascade",
        "",
    ),
    "saving_at_two_places": (
        ":10: checks[1]",
        "bill_usd_per_month and tokens_per_month; accepted: one of bill_usd_per_month, tokens_per_month, "
        "tokens_per_day",
        "Keep one of them, or make two checks.",
    ),
    "not_trained": (
        ":11: checks[1].training_cost",
        "'own', which is not trained; accepted: the label of a fine-tuned option",
        "",
    ),
    "answer_without_length": (
        ":10: checks[1]",
        "no output_tokens; accepted: output_tokens with quantity: answer, and only there",
        "",
    ),
    "wait_longer_than_the_horizon": (
        ":10: checks[1]",
        "wait_months 48 of 36; accepted: a wait that ends before the horizon, months",
        "",
    ),
}


def message(name: str, mistake: Mistake) -> str:
    """Return the whole message, as STYLE.md section 7 lays it out."""
    where, found, remedy = mistake
    place = f"{name}{ENDING}{where}" if where.startswith(":") else where
    return f"{place}\n  found {found}." + (f"\n  {remedy}" if remedy else "")


def put(folder: Path, *names: str) -> None:
    """Copy files of the gallery into a folder as assumption files, and what lies beside them."""
    shutil.copytree(HERE / "beside", folder / "beside")
    for name in names:
        shutil.copy(HERE / f"{name}.yaml", folder / f"{name}{ENDING}")


def everything_in(folder: Path) -> set[str]:
    """Return the names of all files below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_every_bad_file_is_expected_here() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == {*MISTAKES, "good"}


def test_the_file_without_the_mistake_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "good")
    monkeypatch.chdir(tmp_path)
    outcomes = list(run_file(f"good{ENDING}", today=TODAY))
    assert [outcome.passed for outcome in outcomes] == [True] * 4
    # GPT-6 Sol is 2 USD per million input tokens from 2026-09-22 on
    assert outcomes[0].cases[0].finding.value == pytest.approx(2.0)


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_one_edit_makes_the_mistake(name: str) -> None:
    good, bad = ((HERE / f"{each}.yaml").read_text(encoding="utf-8").splitlines() for each in ("good", name))
    edits = [edit for edit in difflib.SequenceMatcher(None, good, bad, False).get_opcodes() if edit[0] != "equal"]
    assert len(edits) == 1, edits


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_run_file_says_the_whole_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    put(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TokencrossError) as caught:
        list(run_file(f"{name}{ENDING}", today=TODAY))
    assert str(caught.value) == message(name, MISTAKES[name])
    assert caught.value.__cause__ is None  # no stack of library internals
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_command_line_says_them_all_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "good", *MISTAKES)
    monkeypatch.chdir(tmp_path)
    before = everything_in(tmp_path)
    result = CliRunner().invoke(app, ["check", ".", "--as-of", TODAY.isoformat()])
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stderr) == (2, "")
    told = result.stdout.split("\n\n")[1:-1]  # between the overview and the count
    assert sorted(told) == sorted(message(name, mistake) for name, mistake in MISTAKES.items())
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("name", ["not_yaml", "misspelt_key", "unknown_model"])
def test_the_command_line_says_one_and_what_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    put(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check", f"{name}{ENDING}", "--as-of", TODAY.isoformat()])
    assert (result.exit_code, result.stderr) == (2, "")
    _, told, count = result.stdout.rstrip("\n").split("\n\n")
    assert told == message(name, MISTAKES[name])
    holding = "3 checks hold; " if name == "unknown_model" else ""  # a mistake in one check hides no other
    assert count == f"Bad input: {holding}1 set of tables loads; 1 mistake in the input."


@pytest.mark.parametrize("form", ["github", "json", "junit"])
def test_every_format_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    put(tmp_path, "misspelt_kind")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check", f"misspelt_kind{ENDING}", "--format", form])
    assert (result.exit_code, result.stderr) == (2, "")
    assert "no key that says what is checked" in result.stdout
    assert f"misspelt_kind{ENDING}" in result.stdout


def test_the_process_prints_no_traceback(tmp_path: Path) -> None:
    put(tmp_path, "tag")
    command = [sys.executable, "-m", "tokencross.cli", "check", f"tag{ENDING}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "")
    assert message("tag", MISTAKES["tag"]) in done.stdout


# ---------------------------------------------------------------------- whole files


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", ":1\n  found an empty file; accepted: a file of assumptions: a mapping of keys to values."),
        (b"# soon\n", ":1\n  found an empty file; accepted: a file of assumptions: a mapping of keys to values."),
        (b"- name: x\n", ":1\n  found a list; accepted: a file of assumptions: a mapping of keys to values."),
        (
            b"name: caf\xe9\n",
            "\n  found a byte that is not UTF-8 at position 9; accepted: a file of assumptions as UTF-8 text.",
        ),
        (b"#" * 8_000_001, "\n  found 8,000,001 bytes; accepted: at most 8,000,000 bytes."),
        (
            b"name: " + b"[" * 99 + b"]" * 99,
            "\n  found more than 60 levels of brackets; accepted: a file as the documentation shows it.",
        ),
    ],
    ids=["empty", "only a comment", "a list", "not UTF-8", "huge", "deep"],
)
def test_files_that_are_none(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / f"t{ENDING}"
    path.write_bytes(raw)
    with pytest.raises(TokencrossError) as caught:
        read_assumptions(path)
    assert str(caught.value) == f"{path}{said}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TokencrossError) as caught:
        read_assumptions(tmp_path / "none.yaml")
    said = "found no such file; accepted: a file of assumptions that can be read."
    assert str(caught.value) == f"{tmp_path / 'none.yaml'}\n  {said}"


@pytest.mark.parametrize("write", [lambda text: text.replace("\n", "\r\n"), lambda text: f"\ufeff{text}"])
def test_ends_of_lines_and_a_mark_at_the_begin_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[str], str]
) -> None:
    put(tmp_path, "good", "unknown_label")
    monkeypatch.chdir(tmp_path)
    for name in ("good", "unknown_label"):
        path = tmp_path / f"{name}{ENDING}"
        path.write_bytes(write(path.read_text(encoding="utf-8")).encode("utf-8"))
    assert all(outcome.passed for outcome in run_file(f"good{ENDING}", today=TODAY))
    with pytest.raises(TokencrossError) as caught:
        list(run_file(f"unknown_label{ENDING}", today=TODAY))
    assert str(caught.value) == message("unknown_label", MISTAKES["unknown_label"])


# ---------------------------------------------------------------------- whose mistake it is


def test_a_day_before_the_study_is_a_mistake_of_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "good")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"good{ENDING}"
    text = file.read_text(encoding="utf-8").replace("as_of: 2026-11-21", "as_of: 2020-01-01")
    head, _, rest = text.partition("  - name: what the frontier charges")
    file.write_text(head + rest[rest.index("  - name: where own GPUs") :], encoding="utf-8")
    with pytest.raises(TokencrossError) as caught:
        list(run_file(f"good{ENDING}", today=TODAY))
    first = "good.assumptions.yaml:2: as_of: beside/study.yaml:6: options[0]: prices:openai/gpt-6-sol"
    assert str(caught.value).splitlines()[0] == first


def test_a_study_that_is_wrong_on_any_day_says_so_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "study_that_is_bad")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"study_that_is_bad{ENDING}"
    text = file.read_text(encoding="utf-8").replace("    cost: own\n", "    cost: own\n    as_of: 2026-10-01\n")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TokencrossError) as caught:
        list(run_file(file.name, today=TODAY))
    assert str(caught.value) == message("study_that_is_bad", MISTAKES["study_that_is_bad"])
