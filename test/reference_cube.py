#!/usr/bin/env python3
"""The slow reference of `fumao stats compile`: declarations as CSV to the digest of their cube, by
SQL and whole numbers, from data/statistics/ and the standard library alone. It takes what it reads
as accepted by the record-local rules, but for --without: report numbers to leave out, one a line.

reference_cube.py --data DIR --rates CSV [--register CSV] [--without FILE] [--cells FILE] CSV...
"""
import argparse
import csv
import hashlib
import sqlite3
import sys
from decimal import Decimal


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as f:
        yield from csv.DictReader(f)


def half_even(amount, rate, unit):
    q, left = divmod(amount * rate, unit)
    return q + (2 * left > unit or (2 * left == unit and q % 2 == 1))


def fields(r):
    """What a record means, whatever its spelling."""
    rate = r.get("rate") or ""
    return (r["party_id"], r["party_kind"], r["region"][:2], r.get("zone") or "", r["bank"],
            r["flow"], r["code"], r["country"], r["currency"], int(r["amount"]),
            str(Decimal(rate).normalize()) if rate else "", r["date"].replace("-", ""),
            r.get("advance") or "N", r.get("contract") or "", r.get("remark") or "")


def records(paths, without):
    """Each number once: alike ones are one record, those that differ are none."""
    met = {}
    for path in paths:
        for r in table(path):
            if r["report_no"] not in without:
                met.setdefault(r["report_no"], []).append(fields(r))
    for lines in met.values():
        if all(x == lines[0] for x in lines):
            yield lines[0]


def rows(records, regions, exponent, rates):
    for party, _, region, zone, _, flow, code, country, currency, amount, _, day, advance, _, _ \
            in records:
        rate = rates.get((day[:6], currency))
        if not code.startswith("2") or rate is None:
            continue
        cents = half_even(amount, rate, 10 ** (8 + exponent.get(currency, 2)))
        if advance == "R":
            flow, cents = "D" if flow == "C" else "C", -cents
        yield flow, code, country, zone or regions[region], day[:6], party, cents


CELLS = """
WITH own AS (SELECT flow, code, country, place, month, coalesce(g.head, r.party) AS who,
                    sum(cents) AS cents, count(*) AS n
             FROM row r LEFT JOIN grouped g ON g.party = r.party GROUP BY 1, 2, 3, 4, 5, 6),
     ranked AS (SELECT *, row_number() OVER (PARTITION BY flow, code, country, place, month
                                             ORDER BY abs(cents) DESC) AS rank FROM own)
SELECT flow, code, country, place, month, sum(cents), sum(n), count(*),
       sum(CASE WHEN rank = 1 THEN abs(cents) ELSE 0 END),
       sum(CASE WHEN rank = 2 THEN abs(cents) ELSE 0 END)
FROM ranked GROUP BY 1, 2, 3, 4, 5
"""


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--data", required=True)
    args.add_argument("--rates", required=True)
    args.add_argument("--register")
    args.add_argument("--without")
    args.add_argument("--cells")
    args.add_argument("csv", nargs="+")
    a = args.parse_args()
    regions = {r["digits"]: r["place"] for r in table(f"{a.data}/statistics/regions.csv")}
    exponent = {r["currency"]: int(r["decimals"])
                for r in table(f"{a.data}/statistics/exponents.csv")}
    rates = {(r["period"].replace("-", ""), r["currency"]): int(r["usd_e10"])
             for r in table(a.rates)}
    without = set()
    if a.without:
        with open(a.without, encoding="utf-8") as f:
            without = {line.strip() for line in f}
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE row (flow, code, country, place, month, party, cents INTEGER)")
    db.execute("CREATE TABLE grouped (party PRIMARY KEY, head)")
    db.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?)",
                   rows(records(a.csv, without), regions, exponent, rates))
    if a.register:
        db.executemany("INSERT INTO grouped VALUES (?, ?)",
                       ((r["party_id"], r.get("group")) for r in table(a.register)
                        if r.get("group")))
    lines = sorted("\t".join(map(str, cell)) for cell in db.execute(CELLS))
    text = "".join(line + "\n" for line in ["fumao cube 1", *lines])
    if a.cells:
        with open(a.cells, "w", encoding="utf-8") as f:
            f.write(text)
    print(hashlib.sha256(text.encode()).hexdigest(), len(lines))


if __name__ == "__main__":
    sys.exit(main())
