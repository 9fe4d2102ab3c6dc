"""Pages that only scripts fill are shown by Chromium, when the order wishes it."""

from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web, page

SCRIPTED = """<html><head><title>shell</title></head><body><script>
fetch('/data').then(answer => answer.text()).then(text => {
  document.title = text;
  document.body.innerHTML = '<p>filled</p><a href="/next">next</a><img src="http://10.0.0.1/x.png">';
});
</script></body></html>"""


async def test_scripts_fill_pages_and_make_links_where_it_is_wished(house: WebHouse, site: Web) -> None:
    site.pages = {"/": SCRIPTED, "/data": "prices", "/next": page("next")}

    shown = await house.records(await house.collected(f"{site.url}/", javascript=True, sitemap=False))
    plain = await house.records(await house.collected(f"{site.url}/", sitemap=False))

    assert [(one["title"], one["error"]) for one in shown] == [("prices", None), ("next", None)]
    assert "filled" in shown[0]["text"]
    assert [one["title"] for one in plain] == ["shell"]
