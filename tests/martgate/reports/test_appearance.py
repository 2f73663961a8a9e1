"""The table `[site]`: what a project sets of the look of its pages, and what no page lets in."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from martgate.errors import InvalidInput
from martgate.project.settings import load_settings
from martgate.reports.appearance import Appearance
from martgate.reports.run_page import render_run_page

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """project(toml): the settings of a project with that table [site]; logo.svg and house.css are there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.svg").write_text(SVG)
    (tmp_path / "house.css").write_bytes(b"h1 { color: rebeccapurple; }\r\n")

    def read(toml):
        (tmp_path / "martgate.toml").write_text(f"[site]\n{toml}\n", encoding="utf-8")
        return load_settings(environment={})

    return read


def drawn(runs, contract, appearance):
    return render_run_page(runs["refused"], contract.tables[0], appearance)


@pytest.fixture
def page(project, runs, contract):
    """page(toml): a run's page, as a project with that table [site] draws it."""
    return lambda toml: drawn(runs, contract, project(toml).site)


def test_the_page_shows_title_logo_and_links(page):
    html = page(
        'title = "Shop <b>"\nlogo = "logo.svg"\nlinks = { Wiki = "https://wiki.example/a?b&c", Us = "mailto:a@b.c" }'
    )
    assert "· Shop &lt;b&gt;</title>" in html
    assert '<span class="title">Shop &lt;b&gt;</span>' in html
    assert '<a href="https://wiki.example/a?b&amp;c" rel="noopener noreferrer">Wiki</a>' in html
    assert '<a href="mailto:a@b.c"' in html
    assert f'<img src="data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}" alt="">' in html
    assert SVG not in html


def test_rules_of_the_stylesheet_come_after_ours_and_the_policy_knows_them(page):
    html = page('stylesheet = "house.css"')
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style.endswith("h1 { color: rebeccapurple; }\n")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', html)[1].replace("&#39;", "'")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")


def test_a_project_that_sets_nothing_has_no_header(runs, contract):
    assert '<header class="site">' not in drawn(runs, contract, Appearance())


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('titel = "x"', "site.titel: is not a setting (Did you mean 'title'?)"),
        ("title = 7", "site.title: found 7, expected text"),
        ('logo = "nowhere.svg"', "there is no file"),
        ('logo = "house.css"', "expected an image: .gif, .jpeg, .jpg, .png, .svg, .webp"),
        ('stylesheet = "nowhere.css"', "there is no file"),
        ('links = { x = "javascript:alert(1)" }', "'x' must start with https:, http: or mailto:"),
        ('links = { x = "https:///path" }', "'x' names no host"),
        ('links = ["https://a.example"]', "expected addresses by name"),
    ],
)
def test_an_invalid_setting_is_an_error_with_a_hint(project, toml, message):
    with pytest.raises(InvalidInput, match=re.escape(message)) as raised:
        project(toml)
    assert raised.value.problems[0].hint


@pytest.mark.parametrize(
    "css",
    [
        "@import 'https://x.example/a.css';",
        "h1 { background: url(https://x.example/a.png) }",
        "h1 { background: URL( '//x.example/a.png') }",
        "</style><script>alert(1)</script>",
        "h1 { background: image-set('a.png' 1x) }",
    ],
)
def test_a_stylesheet_that_loads_or_leaves_is_refused_with_its_line(project, css):
    Path("house.css").write_text(f"a {{}}\n{css}")
    with pytest.raises(InvalidInput, match=r"line 2: .* is not allowed"):
        project('stylesheet = "house.css"')


def test_a_file_that_is_too_large_is_refused(project):
    Path("logo.svg").write_text("x" * 200_001)
    with pytest.raises(InvalidInput, match="larger than 200,000 bytes"):
        project('logo = "logo.svg"')


def test_all_problems_are_reported_at_once(project):
    with pytest.raises(InvalidInput) as raised:
        project('titel = "x"\nlogo = "nowhere.svg"')
    assert len(raised.value.problems) == 2


def test_the_site_is_rendered_again_when_its_look_changes(runs, contract):
    from martgate.reports.stored_runs import read_run

    content = runs["refused"].to_json().encode()
    plain, named = (read_run(content, [contract], look).digest for look in (Appearance(), Appearance(title="Shop")))
    assert plain != named


def test_the_look_survives_json():
    look = Appearance(title="S", logo="data:x", links={"a": "https://b.example"}, stylesheet="a {}")
    assert Appearance.from_json(look.to_json()) == look
