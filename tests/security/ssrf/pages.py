"""Pages of a public site that try to reach somewhere else, each way that pages have."""

from urllib.parse import parse_qs, urlsplit

NAVIGATIONS = {
    **{f"redirect-{status}": f"/redirect?status={status}&to={{}}" for status in (301, 302, 303, 307, 308)},
    "refresh-header": "/refresh?to={}",
    "meta-refresh": "/meta?to={}",
    "location": "/location?to={}",
    "form": "/form?to={}",
    "post-form": "/form?method=post&to={}",
    "popup": "/popup?to={}",
    "link-click": "/click?to={}",
    "download": "/click?download=1&to={}",
    "two-hops": "/redirect?status=302&to=http://site.example/redirect?status=307%26to={}",
    "history-then-refresh": "/late?to={}",
}
"""Ways for a page to lead a browser elsewhere; ``{}`` is where."""

MARKUP = {
    "img": "<img src='{}'>",
    "srcset": "<img srcset='{} 2x, {} 1x'>",
    "img-redirect": "<img src='/redirect?status=302&to={}'>",
    "css": "<link rel=stylesheet href='{}'>",
    "css-import": "<style>@import url({});</style>",
    "css-image": "<div style='background:url({});width:9px;height:9px'></div>",
    "font": "<style>@font-face{{font-family:f;src:url({})}}</style><p style='font-family:f'>text</p>",
    "script": "<script src='{}'></script>",
    "module": "<script type=module src='{}'></script>",
    "iframe": "<iframe src='{}'></iframe>",
    "iframe-redirect": "<iframe src='/redirect?status=307&to={}'></iframe>",
    "iframe-srcdoc": '<iframe srcdoc="<img src={}>"></iframe>',
    "object": "<object data='{}'></object>",
    "embed": "<embed src='{}'>",
    "video": "<video src='{}' autoplay></video>",
    "poster": "<video poster='{}'></video>",
    "audio": "<audio src='{}' preload=auto></audio>",
    "track": "<video><track default kind=captions src='{}'></video>",
    "svg-image": "<svg><image href='{}'/></svg>",
    "svg-use": "<svg><use href='{}#a'/></svg>",
    "icon": "<link rel=icon href='{}'>",
    "manifest": "<link rel=manifest href='{}'>",
    "prefetch": "<link rel=prefetch href='{}'>",
    "preload": "<link rel=preload as=image href='{}'>",
    "modulepreload": "<link rel=modulepreload href='{}'>",
    "preconnect": "<link rel=preconnect href='{}'>",
    "dns-prefetch": "<link rel=dns-prefetch href='{}'>",
    "speculation": '<script type=speculationrules>{{"prerender":[{{"urls":["{}"]}}]}}</script>',
    "input-image": "<input type=image src='{}'>",
}
"""Elements that load something."""

SCRIPTS = {
    "fetch": "fetch('{}')",
    "fetch-no-cors": "fetch('{}', {{mode: 'no-cors', keepalive: true}})",
    "fetch-post": "fetch('{}', {{method: 'POST', mode: 'no-cors', body: 'a'}})",
    "fetch-redirect": "fetch('/redirect?status=308&to={}', {{mode: 'no-cors'}})",
    "xhr": "x = new XMLHttpRequest(); x.open('GET', '{}'); x.send()",
    "beacon": "navigator.sendBeacon('{}', 'a')",
    "event-source": "new EventSource('{}')",
    "web-socket": "new WebSocket('{}'.replace('http', 'ws'))",
    "web-socket-tls": "new WebSocket('{}'.replace('http://', 'wss://'))",
    "worker": "new Worker(URL.createObjectURL(new Blob([\"fetch('{}', {{mode: 'no-cors'}})\"])))",
    "worker-import": "new Worker(URL.createObjectURL(new Blob([\"importScripts('{}')\"])))",
    "shared-worker": "new SharedWorker(URL.createObjectURL(new Blob([\"fetch('{}', {{mode: 'no-cors'}})\"])))",
    "service-worker": "navigator.serviceWorker && navigator.serviceWorker.register('/worker.js?to={}')",
    "ping": "a = document.createElement('a'); a.href = '#'; a.ping = '{}'; document.body.append(a); a.click()",
    "open": "window.open('{}')",
    "import": "import('{}')",
    "audio-object": "new Audio('{}').play()",
    "web-transport": "new WebTransport('{}'.replace('http://', 'https://').replace(/(:\\d+)?\\/hit/, ':443/hit'))",
    "rtc": "rtc(['stun:' + new URL('{}').hostname + ':3478'])",
    "rtc-site": "rtc(['stun:93.184.216.34:3478'])",
    "rtc-relay": "rtc(['turn:' + new URL('{}').hostname + ':3478?transport=udp'])",
    "rtc-relay-tcp": "rtc(['turn:' + new URL('{}').hostname + ':8080?transport=tcp'])",
}
"""Calls that load something."""

_RTC = """<script>
function rtc(urls) {
  const peer = new RTCPeerConnection({iceServers: [{urls: urls, username: 'a', credential: 'b'}]});
  peer.createDataChannel('a');
  peer.createOffer().then(offer => peer.setLocalDescription(offer));
}
</script>"""


def everything(target: str) -> str:
    """One page with every vector."""
    markup = [code.format(*[f"{target}/hit/{name}"] * 2) for name, code in MARKUP.items()]
    scripts = [
        f"<script>try {{ {code.format(f'{target}/hit/{name}')} }} catch {{}}</script>" for name, code in SCRIPTS.items()
    ]
    return "".join([_RTC, "<body>", *markup, *scripts])


def images(targets: list[str]) -> str:
    """One page that asks every one of these hosts for an image, and by script."""
    found = [
        f"<img src='http://{one}/hit/spelling'><script>fetch('http://{one}/hit/spelling-fetch')</script>"
        for one in targets
    ]
    return "<body>" + "".join(found)


def answer(target: str, spellings: list[str]) -> bytes:
    """What the site answers to a request for ``target``."""
    parts = urlsplit(target)
    asked = {name: values[0] for name, values in parse_qs(parts.query, separator="&").items()}
    to = asked.get("to", "")
    kept = f"method={asked.get('method', 'get')} action='{to}'"
    bodies = {
        "/everything": lambda: everything(to),
        "/spellings": lambda: images(spellings),
        "/meta": lambda: f"<meta http-equiv=refresh content='0;url={to}'>",
        "/location": lambda: f"<script>location.href = '{to}'</script>",
        "/form": lambda: f"<form {kept}></form><script>document.forms[0].submit()</script>",
        "/popup": lambda: f"<script>window.open('{to}', 'a', 'popup')</script>",
        "/click": lambda: (
            f"<a href='{to}' {'download' if 'download' in asked else ''}>a</a>"
            "<script>document.links[0].click()</script>"
        ),
        "/late": lambda: f"<script>history.pushState(0, '', '/a'); setTimeout(() => location = '{to}', 50)</script>",
    }
    if parts.path == "/redirect":
        return f"HTTP/1.1 {asked['status']} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
    body = bodies.get(parts.path, lambda: "<title>site</title>")()
    refresh = f"Refresh: 0;url={to}\r\n" if parts.path == "/refresh" else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{refresh}Content-Length: {len(body.encode())}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()
