"""A small website on loopback: the shop and the news of a bakery, to capture and to crawl.

Run it by ``await serve()`` or ``python -m infra.local.simulators.site --port N``. ``/robots.txt`` forbids
``/private/``, ``/sitemap.xml`` names every page.

With ``faults=True`` (``--faults``) it also misbehaves, below ``/faults/``::

    status/503      that status                     redirect?to=/about  302 to there
    loop            redirects to itself             hang                answers after a minute
    drip            a page that never ends          bytes?mb=30         so many megabytes of nothing
    alert           alert(), confirm(), print()     popup               opens windows
    busy            JavaScript that never rests     endless             grows whenever it is scrolled
    tall?px=20000   a page that high                large?mb=100        a page of so many megabytes
    download        a file instead of a page        heavy?mb=30         a page whose script loads that much
    later           goes to /about by script        file                goes to file:///etc/hostname by script
    pdf             a document, not a page      neighbour           loads from another port of the host
    blob            goes to a page that its script makes
"""

from infra.local.simulators.site.app import Site, create_app, serve

__all__ = ["Site", "create_app", "serve"]
