"""Requests that leave, and what keeps those to hosts that users name on the internet.

- ``fetch.guarded_session(Guard(allow=allowed(settings.egress_allow)))``: follows up to five redirects, judges each, and
  stays within bytes and seconds. ``EgressRefused`` is final, ``EgressFailed`` passes.
- A browser: ``proxy.filtering_proxy`` for each page, and ``chromium.FLAGS``. ``denied`` says what was refused; of a
  connection that fails the page sees a 502 of the proxy's.
- ``destination.destination(url, allow)`` refuses a URL before anything is asked.

A session of your own would do none of this: names change what they lead to, and redirects lead inside.
"""
