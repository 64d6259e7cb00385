"""A provisioning server that fills a template for each request, as FusionPBX and wazo do.

Usage: gunicorn 'application:made("LIST", "VENDORS")'     (VENDORS is core/catalogue/vendors)

Favours such servers: the phones are in memory and not in a database, the templates are compiled once, and no name or
password is checked.
"""

import csv
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "generate"))
import jinja


def made(listing, vendors):
    files, _ = jinja.templates(vendors)
    with open(listing, encoding="utf-8", newline="") as rows:
        phones = {row["mac"]: row for row in csv.DictReader(rows)}

    def application(environ, start_response):
        name = environ["PATH_INFO"].rsplit("/", 1)[-1]
        row = phones.get(name.split(".")[0])
        for pattern, template in files[row["vendor"]] if row else []:
            if pattern.format(row["mac"]) == name:
                text = template.render(jinja.phone(row)).encode()
                start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
                return [text]
        start_response("404 Not Found", [("Content-Length", "0")])
        return []

    return application
