"""The same files by Jinja2: what a program of a few lines takes for the list of tests/kit/src/many.rs.

Usage: jinja.py LIST VENDORS OUT|-     (VENDORS is core/catalogue/vendors; - renders and writes nothing)

Favours Jinja2: no list is checked, no file is compared, synced or moved to its place, and only the values
that this list and this policy have are put together.
"""

import csv
import os
import sys
import tomllib

import jinja2
import markupsafe

LINE = ("server", "port", "transport", "register_seconds", "outbound_proxy", "outbound_port")
PHONE = ("digit_map", "phonebook_url", "firmware_url", "resync_minutes", "admin_password")
# The policy of tests/kit/src/many.rs.
COMMON = {
    "vendor": "",
    "site": None,
    "vars": {},
    "vlan": {"id": 120, "priority": 5},
    "time_servers": ["192.0.2.1"],
    "server": "sip.example.com",
    "port": 5061,
    "transport": "tls",
    "register_seconds": 600,
    "outbound_proxy": None,
    "outbound_port": None,
    "codecs": ["g722", "pcma", "pcmu"],
    "zone": {"minutes": 60, "dst": None},
    "settings": [],
    "all_settings": [],
} | {name: None for name in PHONE}


def environment(folder, escape):
    """Jinja2 with what the templates use of offhook's own, over one maker's words."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        # A template only tests what a list does not have.
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=escape,
    )
    with open(os.path.join(folder, "files.toml"), "rb") as file:
        fields = tomllib.load(file)["field"]
    words = {name: field["words"] for name, field in fields.items() if "words" in field}
    made.globals["words"] = {name: sorted(table) for name, table in words.items()}
    made.filters["key"] = lambda key: key
    made.filters["word"] = lambda value, field: words[field][value]
    made.filters["split"] = str.split
    made.filters["place"] = lambda all, one: all.index(one) + 1 if one in all else 0

    @jinja2.pass_context
    def part(context, name, **handed):
        return markupsafe.Markup(made.get_template(name).render(context.parent | handed))

    made.globals["part"] = part
    return made


def phone(row):
    own = {name: None for name in LINE}
    line = {name: COMMON[name] for name in LINE}
    line |= {"number": 1, "own": own, "auth_user": None}
    line |= {
        "user": row["user"],
        "password": row["password"],
        "display_name": row["display-name"],
        "label": row["label"],
    }
    own = {name: None for name in (*LINE, *PHONE, "zone", "codecs")}
    return COMMON | {"mac": row["mac"], "own": own, "lines": [line]}


def templates(vendors):
    """The files of a phone of each maker (name, template), and the one in common."""
    yealink = environment(os.path.join(vendors, "yealink"), False)
    polycom = environment(os.path.join(vendors, "polycom"), True)
    files = {
        "yealink": [
            ("{}.boot", yealink.get_template("phone.boot.j2")),
            ("{}.cfg", yealink.get_template("phone.cfg.j2")),
        ],
        "polycom": [("{}.cfg", polycom.get_template("phone.cfg.j2"))],
    }
    return files, polycom.get_template("common.cfg.j2")


def main():
    listing, vendors, out = sys.argv[1:]
    files, common = templates(vendors)

    def write(name, text):
        if out != "-":
            with open(os.path.join(out, name), "w", encoding="utf-8") as file:
                file.write(text)

    if out != "-":
        os.mkdir(out)
    with open(listing, encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            values = phone(row)
            for name, template in files[row["vendor"]]:
                write(name.format(row["mac"]), template.render(values))
    write("000000000000.cfg", common.render(COMMON))


if __name__ == "__main__":
    main()
