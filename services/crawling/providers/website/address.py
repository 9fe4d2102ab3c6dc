"""URLs of pages: written in one way, so that one page is one row."""

import re
from hashlib import blake2b
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from msgspec import Struct

LONGEST = 2048  # characters
MOST_REPEATS = 3  # of one segment of a path: /a/b/a/b/a/b leads nowhere
_PORTS = {"http": ":80", "https": ":443"}
_VISITS = {"gclid", "fbclid", "jsessionid", "phpsessid", "session", "session_id", "sessionid", "sid"}
_PATH_SESSION = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
_KEPT = "/%:@!$&'()*+,;=~-._"


class Address(Struct, frozen=True):
    """A page's URL in the form that is asked for. ``host`` names the port too where it is not the scheme's own."""

    url: str
    scheme: str
    host: str
    path: str
    query: str

    @property
    def key(self) -> bytes:
        """Equal for URLs that are one page: neither the scheme nor the order of parameters makes another one."""
        return _digest(self.host, self.path, urlencode(sorted(parse_qsl(self.query, keep_blank_values=True))))

    @property
    def place(self) -> bytes:
        """Equal for URLs that differ in their query only."""
        return _digest(self.host, self.path)

    @property
    def origin(self) -> str:
        """Where its robots.txt is."""
        return f"{self.scheme}://{self.host}"

    @property
    def repeats(self) -> bool:
        """Whether its path goes round in circles."""
        segments = [one for one in self.path.split("/") if one]
        return any(segments.count(one) > MOST_REPEATS for one in set(segments))


def address(url: str, base: str = "") -> Address | None:
    """The page that a link on ``base`` leads to; None if it leads to none. What names a visit is left out."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = (parts.hostname or "").encode("idna").decode().lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        return None
    host = f"[{host}]" if ":" in host else host
    host = host if port is None else f"{host}:{port}".removesuffix(_PORTS[parts.scheme])
    path = quote(_PATH_SESSION.sub("", urljoin("/", _one_slash(parts.path)) or "/"), safe=_KEPT)
    query = _without_visits(parts.query)
    made = f"{parts.scheme}://{host}{path}{'?' if query else ''}{query}"
    if len(made) > LONGEST or not made.isprintable():
        return None
    return Address(made, parts.scheme, host, path, query)


def _one_slash(path: str) -> str:
    return "/" + path.lstrip("/")


def _without_visits(query: str) -> str:
    kept = [one for one in query.split("&") if one and not _names_visit(one.partition("=")[0].lower())]
    return quote("&".join(kept), safe=_KEPT + "?")


def _names_visit(name: str) -> bool:
    return name in _VISITS or name.startswith("utm_")


def _digest(*parts: str) -> bytes:
    return blake2b("\n".join(parts).encode(), digest_size=16).digest()
