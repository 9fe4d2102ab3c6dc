"""A stand-in for Bright Data's Datasets API v3 on loopback, which answers, delays and lies as it is told.

Set ``BRIGHT_DATA_API_URL`` to its address; any bearer is accepted. Run it by ``await serve()`` or
``python -m infra.local.simulators.bright_data --port N --state-file PATH``.

Everything is scripted by one text, the ``sim`` text, which can be given in four places. Later ones win::

    house      serve(sim="ready_after:0.5"), --sim
    admin      POST /simulator/script {"sim": "...", "dataset_id": optional, "times": 1}
               for the next purchases (of that dataset); "times" counts purchases, null is until DELETE
    input      https://www.facebook.com/some.page?sim=records:5000,fault:gzip_cut@1 in the URL of an input
    amendment  POST /simulator/script {"sim": "...", "snapshot_id": "sd_..."}: a snapshot that exists

Grammar::

    sim    = item ("," item)*
    item   = key ":" value  |  "fault:" [call "."] name ["=" argument] ["@" times]
    call   = trigger progress snapshot parts input cancel rerun log list, or any: all that name a snapshot
    times  = happens so often, then never again; without it, always. A call suffers one fault at most,
             the first that is left. Triggers with equal inputs count together, so a retry gets on.

Keys (seconds count from the purchase)::

    ready_after:3       when it is ready; never = running for ever (202 for ever)
    records:25          records of each input        errors:0      error records of each input
    bad_lines:0         that many of the records are lines no JSON parser accepts, spread evenly
    line_bytes:0        texts at least this long, in characters
    count:0             progress promises that many more (or fewer) than there are
    status:WORD         said instead of starting, running, closing
    failed:MESSAGE      ends as failed with this message
    hidden_for:0        404, and missing in the listing, for so long
    expires_after:never 400 "Snapshot is expired" from then on
    notify:once         webhooks: off, twice, early (says ready at once, too), forged (wrong Authorization)

Faults of a submission (usual call: trigger)::

    drop        does it, then closes the connection without an answer
    commit_500  does it, then answers 500            hang=10    waits so many seconds, then does it

Faults of an answer (usual call: any; write ``trigger.429@3`` for triggers)::

    401 403 404 410 500 502 503 504                  in the provider's words and content types
    429=VALUE   "too many running jobs"; VALUE is a Retry-After: seconds, date, past, negative, huge, junk.
                25 of them within 5 minutes block the address (403) until POST /simulator/unblock
    html        a login page with 200                empty_body  200 and nothing
    garbage     200 and half a JSON object           redirect=URL  307, to itself by default
    reset       RST instead of an answer             slow_headers  headers without an end
    inputs_expired  the 400 of a rerun

Faults of waiting (usual call: snapshot; VALUE as above)::

    not_ready=VALUE building=VALUE      202; ``building@2`` is ready first and then not quite
    conflict=VALUE                      409          expired, empty   the provider's 400 texts

Faults of a body (snapshot only; SHARE up to 1 is a share of the bytes, above that it is bytes; default 0.5)::

    gzip_cut=SHARE gzip_trailer gzip_crc gzip_double  damaged or doubled, whatever was asked for
    gzip_members                        many members, which is fine
    gzip_plain plain_gzip               one labelled as the other
    bomb=1024                           unpacks to so many MiB of spaces
    cut=SHARE json_tail                 ends too early, or in the middle of one more record; HTTP is fine
    length_long=1 length_short=1        Content-Length off by so many bytes       length_twice
    close_cut=SHARE chunk_cut=SHARE reset_body=SHARE  ends by close, without last chunk, by RST
    drip=100                            bytes a second

Records follow from dataset and inputs alone: equal orders are equal bytes. ``GET /simulator/ledger`` tells what was
bought, with the sha256 of all lines as NDJSON, how often each call came, 429s and blocked addresses.

Not known of the real service and decided here: the order of a listing (newest first), the answer for a part that
does not exist (400), for the download of a failed snapshot (400 with its message) and for a blocked address (403).
"""

from infra.local.simulators.bright_data.app import create_app, serve
from infra.local.simulators.serving import Server

__all__ = ["Server", "create_app", "serve"]
