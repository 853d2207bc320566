"""Asks a Prometheus each query of the Grafana dashboards; each must be valid and give a series.

dashboards.py FOLDER URL
"""

import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request


def queries(node):
    """All expressions in a dashboard, wherever they stand."""
    if isinstance(node, dict):
        if "expr" in node:
            yield node["expr"]
        for value in node.values():
            yield from queries(value)
    elif isinstance(node, list):
        for value in node:
            yield from queries(value)


def series(url, expression):
    """How many series the expression gives now."""
    asked = expression.replace("$__rate_interval", "1m")
    question = url + "/api/v1/query?" + urllib.parse.urlencode({"query": asked})
    with urllib.request.urlopen(question, timeout=10) as answer:
        return len(json.load(answer)["data"]["result"])


def main(folder, url):
    found = [q for file in sorted(pathlib.Path(folder).glob("*.json")) for q in queries(json.loads(file.read_text()))]
    if not found:
        sys.exit("There is no query in " + folder)
    try:
        empty = [q for q in found if series(url, q) == 0]
    except urllib.error.URLError as e:
        sys.exit("Prometheus did not answer: %s" % e)
    if empty:
        sys.exit("Of %d queries these give nothing: %s" % (len(found), "; ".join(empty)))
    print("        %d queries give data" % len(found))


main(*sys.argv[1:])
