"""An import of several pages: each name that it is compared with is read once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents import importing
from agents.context import AgentContext
from agents.importing import Readers, open_batch, propose, take_in
from store.models import ImportState
from tests.support.crash.office import Office
from tools.identity import corpus
from tools.mapping.document import Kind
from tools.providers.company_source.files import FileCompanySource
from tools.providers.usage.files import FileUsageSource


def test_pages_share_what_was_read(
    office: Office, office_context: AgentContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, read, asked = office_context, corpus.read, Counter[str]()

    def counted(mention: corpus.Mention) -> corpus.Read:
        asked[mention.name] += 1
        return read(mention)

    monkeypatch.setattr(corpus, "read", counted)
    monkeypatch.setattr(importing, "PAGE", 2)
    path = tmp_path / "terns.csv"
    names = [f"Tern Robotics {word}" for word in ("Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta")]
    path.write_text("Name,Website\n" + "".join(f"{n},https://{n.split()[-1].lower()}.example\n" for n in names))
    mapping = propose(Kind.COMPANY, path).document
    batch = open_batch(context, Kind.COMPANY, path, mapping)
    seen: list[Any] = []
    done = take_in(context, batch, mapping, Readers(FileCompanySource, FileUsageSource), seen.append)
    assert done.state is ImportState.DONE
    assert len(seen) >= 3
    assert {name: asked[name] for name in names} == dict.fromkeys(names, 1)
