"""What the bakery says."""

from collections.abc import Mapping
from html import escape

NAME = "North Mill Bakery"

PAGES: Mapping[str, tuple[str, str]] = {
    "/": (
        "Fresh bread from the mill",
        (
            '<p>We mill our flour and bake every morning.</p><p>Today: <a href="/products/rye-loaf">rye loaf</a>, '
            '<a href="/products/apple-cake">apple cake</a> and <a href="/products/oat-biscuits">oat biscuits</a>.</p>'
            '<p>News: <a href="/news/new-oven">our new oven</a>, <a href="/news/harvest">a good harvest</a>.</p>'
        ),
    ),
    "/products/rye-loaf": (
        "Rye loaf",
        (
            "<p class=price>Price: 4.80 EUR</p><p>A sourdough bread of whole rye, 1 kg. In stock.</p>"
            '<p>Goes well with <a href="/products/oat-biscuits">oat biscuits</a>? Some say so.</p>'
        ),
    ),
    "/products/apple-cake": (
        "Apple cake",
        "<p class=price>Price: 18.50 EUR</p><p>A cake for twelve, with apples from the orchard. Order a day ahead.</p>",
    ),
    "/products/oat-biscuits": (
        "Oat biscuits",
        "<p class=price>Price: 3.20 EUR</p><p>A bag of twenty biscuits. Sold out until Friday.</p>",
    ),
    "/news/new-oven": (
        "Our new oven is here",
        "<p>3 March 2026. The old oven served for forty years; the new one bakes with half of the energy.</p>",
    ),
    "/news/harvest": (
        "A good harvest",
        "<p>12 August 2026. The rye of the valley is in, and it is as good as it has been in ten years.</p>",
    ),
    "/about": ("About us", "<p>A family bakery in the old mill at the river, since 1891.</p>"),
    "/contact": ("Contact", "<p>Mill Lane 1, open from six to two. Telephone 0123 4567.</p>"),
    "/private/accounts": ("Accounts", "<p>Robots are asked not to come here.</p>"),
}
FORBIDDEN = "/private/"

_STYLE = (
    "body{font:17px/1.5 Georgia,serif;max-width:44em;margin:0 auto;padding:1em;color:#332}"
    "header{background:#7a4a21;color:#fff;padding:1em}nav a{color:#fd9;margin-right:1em}.price{font-weight:bold}"
)
_LINKS = {"/": "Home", "/about": "About", "/contact": "Contact"}


def document(title: str, body: str) -> str:
    """A whole page."""
    links = "".join(f'<a href="{path}">{name}</a>' for path, name in _LINKS.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - {NAME}</title>'
        f"<style>{_STYLE}</style></head><body><header><strong>{NAME}</strong><nav>{links}</nav></header>"
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def robots(origin: str) -> str:
    """The robots.txt."""
    return f"User-agent: *\nDisallow: {FORBIDDEN}\nSitemap: {origin}/sitemap.xml\n"


def sitemap(origin: str) -> str:
    """The sitemap.xml: all pages that robots may read."""
    places = "".join(f"<url><loc>{origin}{path}</loc></url>" for path in PAGES if not path.startswith(FORBIDDEN))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"{places}</urlset>"
    )
