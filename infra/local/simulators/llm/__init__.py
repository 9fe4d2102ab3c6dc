"""A stand-in for an OpenAI-compatible API with tool calling on loopback, which answers as it is told, also wrongly.

Set ``OPENAI_BASE_URL`` to its address; any bearer, or none, is accepted. Run it by ``await serve()`` or
``python -m infra.local.simulators.llm --port N --script valid``. It is never started by itself: labels that nobody
thought of are worth less than those of the local classifier, which answers where no model is configured.

A script is a list of words, one an answer, the last for all that follow; ``POST /simulator/script {"script": [...]}``
sets it anew::

    valid             calls the tool whose words are the page's, with what follows its properties' names
    none              calls the tool `unknown`
    foreign_label     calls a tool that was not offered
    no_tool           answers in prose
    invalid_json      arguments that end in the middle
    wrong_type        a confidence that is a word, and a number where a text belongs
    extra_property    a property that the tool does not have
    sure              a confidence of 7
    refusal filtered  would not, in the API's two ways
    garbage           200 and HTML
    cut               closes the connection within the answer
    long=2097152      an answer of so many bytes
    slow=30           waits so many seconds, then answers validly
    429=1 500 503 401 a status; 429 with so many seconds of Retry-After
    redirect          307 to another place of this address
    gullible          does what the page orders: labels, words, keys, addresses; when it is told what is wrong it
                      says the same in the right types

``GET /simulator/ledger`` tells what was asked: bodies as they came, how many had a bearer, and what came to other
paths. What the real services do otherwise was not checked with an account of ours.
"""

from infra.local.simulators.llm.app import Llm, create_app, serve

__all__ = ["Llm", "create_app", "serve"]
