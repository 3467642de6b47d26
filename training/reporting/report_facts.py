"""What a report is about: the version, when and from which commit it was made, parameters, data, split, the gate."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

from mlflow.entities import Run

from recsys import __version__
from recsys.data.facts import RatingsFacts
from recsys.fitting import Recipe
from recsys.model_version import ModelVersion
from recsys.splits import SplitParams
from training.gating.verdict import Verdict
from training.reporting.summary import data_in_words

COMMIT_TAG = "mlflow.source.git.commit"
_GATE = re.compile(r"<!--gate-->.*?<!--/gate-->", re.DOTALL)


def report_facts(
    dataset: RatingsFacts, recipe: Recipe, split_params: SplitParams, run: Run, version: ModelVersion
) -> dict[str, str]:
    """Return by name what someone needs to know which model this is, and to make it again."""
    params = ", ".join(f"{name} {value}" for name, value in recipe.params.model_dump(mode="json").items())
    started = datetime.fromtimestamp(run.info.start_time / 1000, tz=UTC)
    return {
        "Version": f"{version.version} of {version.name}",
        "Trained": f"{started:%Y-%m-%d %H:%M} UTC, run {run.info.run_id}",
        "Commit": run.data.tags.get(COMMIT_TAG, "") or f"none known; release {__version__}",
        "Method": recipe.method,
        "Parameters": params or "none",
        "Data": f"{dataset.name}, digest {dataset.digest}: {data_in_words(dataset)}",
        "Split": split_params.told,
    }


def facts_list(facts: Mapping[str, str]) -> str:
    """Return the facts as a list of definitions."""
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())


def with_gate(page: str, verdict: Verdict) -> str:
    """Return a report with the verdict of the gate in its place."""
    rows = "".join(
        f"<tr class={'refused' if not check.passed else 'none' if check.status != 'passed' else 'passed'}>"
        f"<th scope=row>{escape(check.name.replace('_', ' '))}<td>{escape(check.status)}"
        f"<td>{_number(check.number)}<td>{_number(check.threshold)}<td class=words>{escape(check.sentence)}"
        for check in verdict.checks
    )
    notes = "".join(f"<p class=quiet>{escape(note)}</p>" for note in verdict.notes)
    head = "<tr><td><th scope=col>status<th scope=col>measured<th scope=col>limit<th scope=col class=words>in words"
    section = (
        f"<h2>The gate: {'passed' if verdict.promote else 'refused'}</h2>{notes}"
        f'<div class="metrics gate" tabindex="0" role="region" aria-label="Gate">'
        f"<table><thead>{head}<tbody>{rows}</table></div>"
    )
    return _GATE.sub(lambda _: f"<!--gate-->{section}<!--/gate-->", page, count=1)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
