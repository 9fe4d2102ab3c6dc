"""What Chromium must be started with, so that nothing of it goes around the filtering proxy."""

FLAGS = (
    "--proxy-bypass-list=<-loopback>",  # else loopback and 169.254.0.0/16 go around every proxy
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # the name with `force` in it has no effect
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # names are the proxy's business; it is found itself
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
)
"""Together with ``filtering_proxy``, which is given to the browser without ``bypass``: that would undo the first."""
