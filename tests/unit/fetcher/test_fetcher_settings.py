"""What the fetcher reads in newswatch.yaml."""

import pytest

from newswatch_core.config import ConfigError
from newswatch_core.settings import DEFAULT_CONTACT, load_settings


@pytest.fixture
def settings(tmp_path):
    def load(text: str):
        (tmp_path / "newswatch.yaml").write_text(f"version: 1\n{text}\n", encoding="utf-8")
        return load_settings(tmp_path)

    return load


@pytest.mark.parametrize("place", ["news.intranet:443", "10.0.0.5:8080", "[fd00::1]:80", "xn--e1afmkfd.example:443"])
def test_an_exact_host_and_port_can_be_allowed(settings, place):
    assert settings(f"egress: {{allow: ['{place}']}}").egress.allow == (place,)


def test_a_host_is_the_same_in_capitals(settings):
    egress = settings("egress: {allow: ['News.Intranet:80'], connect: {'News.Intranet:80': '10.0.0.5:80'}}").egress
    assert egress.allow == tuple(egress.connect) == ("news.intranet:80",)


@pytest.mark.parametrize(
    "place",
    [
        "news.intranet", "*:443", "*.intranet:443", "http://news.intranet:80", "news.intranet:80/rss",
        "news.intranet:0", "news.intranet:65536", "fd00::1:80", ":80", "", "für.example:80", "10.0.0.0/8:80",
    ],
)  # fmt: skip
def test_what_is_no_exact_host_and_port_is_refused_with_what_to_write(settings, place):
    for egress in (f"allow: ['a.example:80', '{place}']", f"connect: {{'{place}': '10.0.0.5:80'}}"):
        with pytest.raises(ConfigError, match=r"newswatch\.yaml:2: .* for example news\.intranet\.example:443"):
            settings(f"egress: {{{egress}}}")


@pytest.mark.parametrize("contact", ["https://us.example", "http://us.example/a?b=1", "desk@us.example"])
def test_a_contact_is_a_url_or_an_address(settings, contact):
    assert settings(f"contact: {contact}").contact == contact


@pytest.mark.parametrize(
    "contact", ["", "us", "us.example", "https://", "@us", "a@b", "https://us.example/é", "a@b.c\\nX: y"]
)
def test_another_contact_is_refused(settings, contact):
    with pytest.raises(ConfigError, match="where publishers reach you"):
        settings(f'contact: "{contact}"')


def test_without_one_the_contact_is_nobodys(settings):
    assert settings("").contact == DEFAULT_CONTACT
