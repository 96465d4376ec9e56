#!/usr/bin/env python3
"""The slow reference of `fumao stats direct`: reports of enterprises, and the declarations they are
set beside, to every count and sum that docs/direct.md defines; whole numbers, data/ and the
standard library alone. Declarations are taken as accepted by the rules of one record.

reference_direct.py --data DIR [--rates CSV] [--today YYYY-MM-DD] [--register CSV]
                    [--declarations CSV]... [--faults FILE] [--against JSON] REPORTS...

Prints JSON. --faults writes what was found, one a line: rule,party_id,period,flow,item (what a rule
does not tell is empty). --against compares with the answer of the program instead, number by
number, and fails with the list of what differs.
"""
import argparse
import calendar
import csv
import datetime
import gzip
import io
import json
import re
import sys
from collections import Counter, defaultdict

from reference_cube import half_even, records, rows, table

COLUMNS = ("party_id form period flow item mode country currency amount filed remark").split()
OPTIONAL = {"country", "remark"}
MAIN = ["S" + c for c in "ABCDEFGHIJKL"]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
INT64 = 2 ** 63 - 1


class Lists:
    def __init__(self, data, rates):
        self.forms = {r["code"] for r in table(f"{data}/statistics/direct-forms.csv")}
        self.rules = {r["id"]: r for r in table(f"{data}/statistics/direct-rules.csv")}
        self.items = {r["code"] for r in table(f"{data}/codes/ebops2010.csv")
                      if r["code"][:2] in MAIN and r["kind"] != "memo"}
        self.economies = {r["alpha3"] for r in table(f"{data}/codes/economies.csv") if r["alpha3"]}
        self.exponent = {r["code"]: 2 for r in table(f"{data}/codes/currencies.csv")}
        for r in table(f"{data}/statistics/exponents.csv"):
            self.exponent[r["currency"]] = int(r["decimals"])
        self.rates = {(r["period"].replace("-", ""), r["currency"]): int(r["usd_e10"])
                      for r in table(rates or f"{data}/statistics/rates-made-up.csv")}
        self.modes = defaultdict(set)
        for r in table(f"{data}/statistics/modes.csv"):
            self.modes[r["ebops"]].add(int(r["mode"]))
        self.targets = defaultdict(list)
        for r in table(f"{data}/statistics/itrs-ebops.csv"):
            self.targets[r["code"]].append((r["ebops"], int(r["share_ppm"])))
        self.regions = {r["digits"]: r["place"] for r in table(f"{data}/statistics/regions.csv")}
        self.late_day = int(self.rules["LATE"]["value"])
        self.percent = int(self.rules["DIFFERS"]["value"])

    def usual(self, item):
        """Modes that modes.csv allocates to an item: those of its longest prefix with rows; all,
        where it says nothing."""
        for n in range(len(item), 0, -1):
            if item[:n] in self.modes:
                return self.modes[item[:n]]
        return {1, 2, 3, 4}


# --- files to fields -------------------------------------------------------------------------

def raw_lines(path):
    """(line, fields by column, or None where the record is no record of that many fields)."""
    with open(path, "rb") as f:
        raw = f.read()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    if text.lstrip().startswith("{"):
        for n, line in enumerate(text.splitlines(), 1):
            if line:
                yield n, {k: "" if v is None else str(v) for k, v in json.loads(line).items()}
        return
    reader = csv.reader(io.StringIO(text, newline=""))
    head, last = next(reader), 1
    for record in reader:
        first, last = last + 1, reader.line_num
        if record:
            yield first, dict(zip(head, record)) if len(record) == len(head) else None


def day(text):
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)", text, re.ASCII)
    try:
        return datetime.date(*map(int, filter(None, m.groups()))) if m else None
    except ValueError:
        return None


def month(text):
    m = re.fullmatch(r"(\d{4})-?(\d\d)", text, re.ASCII)
    good = m and 2000 <= int(m.group(1)) <= 2042 and 1 <= int(m.group(2)) <= 12
    return m.group(1) + m.group(2) if good else None


def decode(lists, f):
    """A line, or None: FORM."""
    get = {c: f.get(c) or "" for c in COLUMNS} if f is not None else None
    if get is None or any(get[c] == "" for c in COLUMNS if c not in OPTIONAL):
        return None
    line = dict(get, period=month(get["period"]), filed=day(get["filed"]))
    good = (re.fullmatch(r"[0-9A-Z]{18}", get["party_id"]) and get["form"] in lists.forms
            and line["period"] and get["flow"] in ("C", "D") and get["item"] in lists.items
            and get["mode"] in ("1", "2", "3", "4")
            and (get["country"] == "" or get["country"] in lists.economies)
            and get["currency"] in lists.exponent
            and re.fullmatch(r"[0-9]{1,15}", get["amount"]) and line["filed"])
    if not good:
        return None
    return dict(line, mode=int(get["mode"]), amount=int(get["amount"]))


# --- rules of one line, and which of several counts --------------------------------------------

def unified(party):
    if any(c not in ALPHABET for c in party):
        return False
    weighted = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(party[:17]))
    return ALPHABET[-weighted % 31] == party[17]


def last_day(period):
    y, m = int(period[:4]), int(period[4:])
    return datetime.date(y, m, calendar.monthrange(y, m)[1])


def own_rejects(line, today):
    if not unified(line["party_id"]):
        yield "IDENTITY"
    if line["country"] == "CHN":
        yield "HOME"
    if line["filed"] <= last_day(line["period"]) or line["filed"] > today:
        yield "WHEN"


def notes(lists, line):
    due = last_day(line["period"]) + datetime.timedelta(days=lists.late_day)
    if line["filed"] > due:
        yield "LATE"
    if line["mode"] not in lists.usual(line["item"]):
        yield "USUAL"


def cell_of(line):
    return tuple(line[c] for c in
                 "party_id form period flow item mode country currency".split())


def latest_of(lines):
    """What becomes of the lines of one cell, in order of files and lines: by place, TWICE,
    REPLACED or None (counts)."""
    newest = max(x["filed"] for x in lines)
    latest = [x for x in lines if x["filed"] == newest]
    twice = any(x["amount"] != latest[0]["amount"] for x in latest)
    for x in lines:
        if x["filed"] != newest:
            yield x, "REPLACED"
        elif twice:
            yield x, "TWICE"
        else:
            yield x, None if x is latest[0] else "REPLACED"


class Found:
    def __init__(self):
        self.read = self.rejected = self.excluded = 0
        self.rules = Counter()
        self.accepted = []
        self.faults = []

    def fault(self, rule, line):
        self.rules[rule] += 1
        line = line or {}
        self.faults.append((rule, *(line.get(c) or "" for c in
                                    ("party_id", "period", "flow", "item"))))


def read(lists, paths, today):
    found, cells = Found(), defaultdict(list)
    for path in paths:
        for _, f in raw_lines(path):
            found.read += 1
            line = decode(lists, f)
            rejects = ["FORM"] if line is None else list(own_rejects(line, today))[:1]
            for rule in rejects:
                found.fault(rule, line)
            found.rejected += bool(rejects)
            if not rejects:
                cells[cell_of(line)].append(line)
    for lines in cells.values():
        for line, rule in latest_of(lines):
            rate = lists.rates.get((line["period"], line["currency"]))
            if rule is None and line["amount"] == 0:
                line["cents"] = 0
            elif rule is None and rate is not None:
                line["cents"] = half_even(line["amount"], rate,
                                          10 ** (8 + lists.exponent[line["currency"]]))
            if rule is None and line.get("cents", INT64 + 1) > INT64:
                rule = "UNRATED"
            if rule is not None:
                found.fault(rule, line)
                found.rejected += rule == "TWICE"
                found.excluded += rule != "TWICE"
                continue
            found.accepted.append(line)
            for rule in notes(lists, line):
                found.fault(rule, line)
    return found


# --- beside the declarations -------------------------------------------------------------------

def contributions(lists, paths):
    """(flow, code, country, place, month, party): cents."""
    out = defaultdict(int)
    for *cell, cents in rows(records(paths, set()), lists.regions, lists.exponent, lists.rates):
        out[tuple(cell)] += cents
    return out


def share_out(whole, ppm):
    """As docs/statistics.md, Splits."""
    sign = -1 if whole < 0 else 1
    parts = [abs(whole) * p // 10 ** 6 for p in ppm]
    rest = [abs(whole) * p % 10 ** 6 for p in ppm]
    by_rest = sorted(range(len(ppm)), key=lambda i: -rest[i])
    for i in by_rest[:abs(whole) - sum(parts)]:
        parts[i] += 1
    return [sign * p for p in parts]


def shown(period):
    return period[:4] + "-" + period[4:]


def months_between(first, last):
    y, m = int(first[:4]), int(first[4:])
    while f"{y:04}{m:02}" <= last:
        yield f"{y:04}{m:02}"
        y, m = (y, m + 1) if m < 12 else (y + 1, 1)


def response(found, banks, key):
    answered = {(x["party_id"], x["period"]) for x in found.accepted}
    declared = defaultdict(int)  # party, month: sum of |contribution|
    for (_, _, _, _, period, party), cents in banks.items():
        if party in key:
            declared[party, period] += abs(cents)
    months, missing = [], defaultdict(list)
    periods = [p for _, p in answered]
    for period in months_between(min(periods), max(periods)) if periods else []:
        there = {p: v for (p, m), v in declared.items() if m == period}
        have = {p: v for p, v in there.items() if (p, period) in answered}
        months.append({"month": shown(period), "expected": len(there), "answered": len(have),
                       "expected_usd_cents": sum(there.values()),
                       "answered_usd_cents": sum(have.values())})
        for party in sorted(there.keys() - have.keys()):
            missing[party].append(there[party])
            found.fault("MISSING", {"party_id": party, "period": period})
    gaps = [{"party_id": p, "months": len(v), "bank_usd_cents": sum(v)} for p, v in missing.items()]
    gaps.sort(key=lambda g: (-g["bank_usd_cents"], g["party_id"]))
    return months, gaps


def compare(lists, found, banks):
    """Enterprises of each flow and main item, and those that differ."""
    answered = {(x["party_id"], x["period"]) for x in found.accepted}
    direct, abroad, bank = defaultdict(int), defaultdict(int), defaultdict(int)
    for x in found.accepted:
        if x["mode"] == 3:
            abroad[x["flow"], x["item"][:2]] += x["cents"]
        else:
            direct[x["party_id"], x["flow"], x["item"][:2]] += x["cents"]
    for (flow, code, _, _, period, party), cents in banks.items():
        if (party, period) in answered:
            items, ppm = zip(*lists.targets[code])
            for item, part in zip(items, share_out(cents, ppm)):
                bank[party, flow, item[:2]] += part
    items, differ = {}, []
    for flow in "CD":
        for main in MAIN:
            x = {"flow": flow, "item": main, "enterprises": 0, "direct_usd_cents": 0,
                 "bank_usd_cents": 0, "differ": 0, "mode3_usd_cents": abroad[flow, main]}
            for party in sorted({x["party_id"] for x in found.accepted}):
                d, b = direct[party, flow, main], bank[party, flow, main]
                x["enterprises"] += d != 0 or b != 0
                x["direct_usd_cents"] += d
                x["bank_usd_cents"] += b
                if 100 * abs(d - b) > lists.percent * max(abs(d), abs(b)):
                    x["differ"] += 1
                    found.fault("DIFFERS", {"party_id": party, "flow": flow, "item": main})
                    differ.append({"party_id": party, "flow": flow, "item": main,
                                   "direct_usd_cents": d, "bank_usd_cents": b})
            items[flow, main] = x
    differ.sort(key=lambda x: (-abs(x["direct_usd_cents"] - x["bank_usd_cents"]), x["party_id"],
                               x["flow"], x["item"]))
    return [x for x in items.values() if any(v for k, v in x.items() if k not in ("flow", "item"))], \
        differ


def by_mode(found):
    sums = defaultdict(lambda: [0, 0, 0, 0])
    for x in found.accepted:
        sums[x["item"][:2]][x["mode"] - 1] += x["cents"]
    return [{"item": m, "usd_cents": sums[m]} for m in MAIN if any(sums[m])]


def alone(found):
    sums, who = defaultdict(int), defaultdict(set)
    for x in found.accepted:
        at = x["flow"], x["item"][:2]
        sums[at] += x["cents"]
        who[at].add(x["party_id"])
    return [{"flow": f, "item": m, "enterprises": len(who[f, m]), "usd_cents": sums[f, m]}
            for f in "CD" for m in MAIN if (f, m) in who]


def answer(lists, found, declarations, register, whole):
    periods = [x["period"] for x in found.accepted]
    parties = {x["party_id"] for x in found.accepted}
    out = {"read": found.read, "accepted": len(found.accepted), "rejected": found.rejected,
           "excluded": found.excluded, "from": shown(min(periods)) if periods else None,
           "to": shown(max(periods)) if periods else None, "enterprises": len(parties),
           "items": alone(found)}
    key = {r["party_id"] for r in table(register) if r.get("key") == "1"} if register else set()
    listed = key if whole else None
    if declarations:
        banks = contributions(lists, declarations)
        months, missing = response(found, banks, key)
        items, differ = compare(lists, found, banks)
        declared = key & {cell[-1] for cell in banks}
        listed = listed if whole else declared
        out["beside"] = {"key": len(declared), "key_answered": len(declared & parties),
                         "months": months, "items": items, "modes": by_mode(found),
                         "differ": differ, "missing": missing}
    if listed is not None:
        out["unlisted"] = sorted(parties - listed)
        for party in out["unlisted"]:
            found.fault("UNLISTED", {"party_id": party})
    out["rules"] = {rule: found.rules[rule] for rule in lists.rules}
    return out


# --- the program's answer beside this one ------------------------------------------------------

def keyed(value):
    """Rows by what names them, so that their order and rows of zeros do not matter."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {tuple(r[k] for k in ("month", "party_id", "flow", "item") if k in r):
                {k: v for k, v in r.items() if k not in ("month", "party_id", "flow", "item")}
                for r in value}
    return value


def zero(value):
    if isinstance(value, dict):
        return all(zero(v) for v in value.values())
    if isinstance(value, list):
        return all(zero(v) for v in value)
    return value in (0, None, "")


def differences(want, got, where, out):
    if where in (".beside.differ", ".beside.missing", ".unlisted"):  # the first ones
        if want[:len(got)] != got or len(got) != min(len(want), 20):
            out.append(f"{where}: {json.dumps(got)}, not {json.dumps(want[:20])}")
        return
    want, got = keyed(want), keyed(got)
    if isinstance(want, dict):
        for k, v in want.items():
            if not isinstance(got, dict) or k not in got:
                if not zero(v):
                    out.append(f"{where}.{k} is missing, it is {json.dumps(v)}")
            else:
                differences(v, got[k], f"{where}.{k}", out)
        for k in (got.keys() - want.keys() if isinstance(got, dict) and isinstance(
                next(iter(got), ""), tuple) else ()):
            if not zero(got[k]):
                out.append(f"{where}.{k} should not be there: {json.dumps(got[k])}")
    elif want != got and not (zero(want) and zero(got)):
        out.append(f"{where} is {json.dumps(got)}, not {json.dumps(want)}")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--data", required=True)
    args.add_argument("--rates")
    args.add_argument("--today", default=datetime.date.today().isoformat())
    args.add_argument("--register")
    args.add_argument("--whole-register", action="store_true",
                      help="who has declared nothing is looked up too")
    args.add_argument("--declarations", action="append")
    args.add_argument("--faults")
    args.add_argument("--against")
    args.add_argument("reports", nargs="+")
    a = args.parse_args()
    lists = Lists(a.data, a.rates)
    found = read(lists, a.reports, day(a.today))
    want = answer(lists, found, a.declarations, a.register, a.whole_register)
    if a.faults:
        with open(a.faults, "w", encoding="utf-8") as f:
            f.writelines(",".join(x) + "\n" for x in sorted(found.faults))
    if not a.against:
        print(json.dumps(want))
        return 0
    with open(a.against, encoding="utf-8") as f:
        got = json.load(f)
    out = []
    differences(want, got, "", out)
    for line in out:
        print(line, file=sys.stderr)
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
